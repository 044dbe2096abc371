"""Logs events with secrets in them by OpenTelemetry's SDK, and ends when they have been taken: sender.py URL [COUNT]"""
import os
import sys

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

# Made up, and in two parts, so that nobody takes it for one that is in use.
SECRET = os.environ.get("SECRET") or "hunter2" + "Xq9Lw"

exporter = OTLPLogExporter(endpoint=sys.argv[1] + "/v1/logs", compression=Compression.Gzip)
provider = LoggerProvider(resource=Resource.create({"service.name": "shop", "api_key": SECRET}))
provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
logger = provider.get_logger("example")
for n in range(int(sys.argv[2]) if len(sys.argv) > 2 else 10):
    logger.emit(LogRecord(severity_number=SeverityNumber.INFO, severity_text="INFO",
                          body=f"login n={n} user=alice password={SECRET} from 203.0.113.9",
                          attributes={"n": n, "db.password": SECRET, "http.route": "/login"}))
provider.force_flush()
provider.shutdown()
