"""Takes the place of a Collector: decodes requests by OpenTelemetry's own messages and writes each record as a line of JSON.

    receiver.py PORT FILE
"""
import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Writes first, so that what it acknowledges is in the file."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                of = MessageToDict(resource.resource)
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        file.write(json.dumps({"resource": of, "record": MessageToDict(record)}) + "\n")
        answer = ExportLogsServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Nothing."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
