"""A sender that people use, run by doors.py in the environment of doors.txt: KIND ADDRESS COUNT; the secret is in SECRET."""
import os
import sys
import time

SECRET = os.environ["SECRET"]
# So that there is time for what is to happen under a sender.
PAUSE = 0.01


def event(n):
    """What is logged: of every hundred events the tenth has no secret."""
    if n % 10 == 9:
        return f"GET /item/{n} 200", {"n": n, "http.route": "/item/{id}", "ok": True}
    return f"login n={n} user=alice pass" f"word={SECRET} from 203.0.113.9", {"n": n, "db.pass" "word": SECRET, "ok": True}


def otlp(exporter, count, pause=0):
    """By OpenTelemetry's SDK; with a pause behind every ten events it takes its time."""
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    provider = LoggerProvider(resource=Resource.create({"service.name": "shop", "api_key": SECRET}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=count + 256, max_export_batch_size=256,
                                                               schedule_delay_millis=100))
    logger = provider.get_logger("doors")
    for n in range(count):
        body, attributes = event(n)
        logger.emit(LogRecord(timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, severity_text="INFO",
                              body=body, attributes=attributes))
        if pause and n % 10 == 9:
            time.sleep(pause)
    provider.force_flush()
    provider.shutdown()


def told(exporter):
    """The same exporter, which says which events it was told have arrived."""
    import json
    from opentelemetry.sdk._logs.export import LogRecordExportResult
    export = exporter.export

    def and_tell(batch):
        result = export(batch)
        if result is LogRecordExportResult.SUCCESS:
            print(json.dumps([record.log_record.attributes["n"] for record in batch]), flush=True)
        return result
    exporter.export = and_tell
    return exporter


def otlp_http(address, count, packed):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    if packed == "told":
        return otlp(told(OTLPLogExporter(endpoint=f"http://{address}/v1/logs")), count, PAUSE)
    return otlp(OTLPLogExporter(endpoint=f"http://{address}/v1/logs", compression=Compression(packed)), count)


def otlp_grpc(address, count, packed):
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    compression = grpc.Compression.Gzip if packed == "gzip" else grpc.Compression.NoCompression
    exporter = OTLPLogExporter(endpoint=f"http://{address}", insecure=True, compression=compression)
    otlp(told(exporter) if packed == "told" else exporter, count, PAUSE if packed == "told" else 0)


def elastic(address, count, packed):
    from elasticsearch import Elasticsearch, helpers
    client = Elasticsearch(f"http://{address}", http_compress=packed == "gzip", basic_auth=("elastic", "changeme"))
    documents = ({"_index": "logs", "_source": {"message": event(n)[0], **event(n)[1]}} for n in range(count))
    done, errors = helpers.bulk(client, documents, chunk_size=200)
    if done != count or errors:
        sys.exit(f"{done} of {count} documents")


def logged(handler, count):
    """By a handler of Python's."""
    import logging
    logger = logging.Logger("doors")
    logger.addHandler(handler)
    logging.raiseExceptions = True
    for n in range(count):
        logger.info("%s", event(n)[0])


def loki(address, count, _):
    import logging_loki
    handler = logging_loki.LokiHandler(url=f"http://{address}/loki/api/v1/push", tags={"app": "shop"}, version="1")
    logged(handler, count)


def splunk(address, count, _):
    from splunk_handler import SplunkHandler
    host, port = address.split(":")
    handler = SplunkHandler(host=host, port=port, token="0" * 8, index="main", protocol="http", queue_size=count + 1,
                            flush_interval=0.2)
    logged(handler, count)
    handler.shutdown()


def datadog(address, count, packed):
    from datadog_api_client import ApiClient, Configuration
    from datadog_api_client.v2.api.logs_api import LogsApi
    from datadog_api_client.v2.model.content_encoding import ContentEncoding
    from datadog_api_client.v2.model.http_log import HTTPLog
    from datadog_api_client.v2.model.http_log_item import HTTPLogItem
    configuration = Configuration(host=f"http://{address}", api_key={"apiKeyAuth": "0" * 32})
    more = {} if packed == "none" else {"content_encoding": ContentEncoding(packed)}
    with ApiClient(configuration) as client:
        for first in range(0, count, 200):
            items = [HTTPLogItem(message=event(n)[0], service="shop") for n in range(first, min(first + 200, count))]
            LogsApi(client).submit_log(body=HTTPLog(items), **more)


KINDS = {"http": otlp_http, "grpc": otlp_grpc, "elastic": elastic, "loki": loki, "splunk": splunk, "datadog": datadog}

if __name__ == "__main__":
    KIND, _, PACKED = sys.argv[1].partition("-")
    KINDS[KIND](sys.argv[2], int(sys.argv[3]), PACKED or "none")
