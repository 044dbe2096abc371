"""A sender that people use, run by doors.py in the environment of doors.txt: KIND ADDRESS COUNT; the secret is in SECRET."""
import os
import sys
import time

SECRET = os.environ["SECRET"]


def event(n):
    """What is logged: of every hundred events the tenth has no secret."""
    if n % 10 == 9:
        return f"GET /item/{n} 200", {"n": n, "http.route": "/item/{id}", "ok": True}
    return f"login n={n} user=alice pass" f"word={SECRET} from 203.0.113.9", {"n": n, "db.pass" "word": SECRET, "ok": True}


def otlp(exporter, count):
    """By OpenTelemetry's SDK."""
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    provider = LoggerProvider(resource=Resource.create({"service.name": "shop", "api_key": SECRET}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=count + 1, max_export_batch_size=256))
    logger = provider.get_logger("doors")
    for n in range(count):
        body, attributes = event(n)
        logger.emit(LogRecord(timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, severity_text="INFO",
                              body=body, attributes=attributes))
    provider.force_flush()
    provider.shutdown()


def otlp_http(address, count, packed):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    otlp(OTLPLogExporter(endpoint=f"http://{address}/v1/logs", compression=Compression(packed)), count)


def otlp_grpc(address, count, packed):
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    compression = grpc.Compression.Gzip if packed == "gzip" else grpc.Compression.NoCompression
    otlp(OTLPLogExporter(endpoint=f"http://{address}", insecure=True, compression=compression), count)


def elastic(address, count, packed):
    from elasticsearch import Elasticsearch, helpers
    client = Elasticsearch(f"http://{address}", http_compress=packed == "gzip", basic_auth=("elastic", "changeme"))
    documents = ({"_index": "logs", "_source": {"message": event(n)[0], **event(n)[1]}} for n in range(count))
    done, errors = helpers.bulk(client, documents, chunk_size=200)
    if done != count or errors:
        sys.exit(f"{done} of {count} documents")


KINDS = {"http": otlp_http, "grpc": otlp_grpc, "elastic": elastic}

if __name__ == "__main__":
    KIND, _, PACKED = sys.argv[1].partition("-")
    KINDS[KIND](sys.argv[2], int(sys.argv[3]), PACKED or "none")
