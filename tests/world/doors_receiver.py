"""An upstream of doors.py, run in the environment of doors.txt: decodes by the libraries of others what it is sent.

    doors_receiver.py FILE MARK [FAILS]

Prints the ports of HTTP and of gRPC. Each event is a line in FILE: its number, and whether the mark is in it. The first
FAILS requests are answered 503 and not written.
"""
import gzip
import json
import sys
import threading
import zlib
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (LogsServiceServicer,
                                                                         add_LogsServiceServicer_to_server)

FILE, MARK = sys.argv[1], sys.argv[2].encode()
LOCK = threading.Lock()
FAILS = [int(sys.argv[3]) if len(sys.argv) > 3 else 0]


def write(events):
    """Appends events before anybody is told that they arrived."""
    with LOCK, open(FILE, "a", encoding="utf-8") as f:
        f.writelines(json.dumps(event) + "\n" for event in events)


def fails():
    """Whether this one is refused."""
    with LOCK:
        FAILS[0] -= 1
        return FAILS[0] >= 0


def otlp(request):
    """The events of a request."""
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                number = next(a.value.int_value for a in record.attributes if a.key == "n")
                whole = resource.resource.SerializeToString() + record.SerializeToString()
                yield {"n": number, "leak": MARK in whole, "body": record.body.string_value}


def bulk(body):
    """The documents of a `_bulk`."""
    for line in body.decode().splitlines()[1::2]:
        document = json.loads(line)
        yield {"n": document["n"], "leak": MARK.decode() in line, "body": document["message"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        """All of it, unpacked."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding")
        return gzip.decompress(body) if packed == "gzip" else zlib.decompress(body) if packed == "deflate" else body

    def do_POST(self):
        """Takes it, and says so."""
        body = self.body()
        if fails():
            return self.answer(503, b"later", "text/plain")
        if self.path.endswith("/v1/logs"):
            write(otlp(ExportLogsServiceRequest.FromString(body)))
            return self.answer(200, ExportLogsServiceResponse().SerializeToString(), "application/x-protobuf")
        if self.path.startswith("/_bulk"):
            events = list(bulk(body))
            write(events)
            items = [{"index": {"_index": "logs", "status": 201}} for _ in events]
            return self.answer(200, json.dumps({"errors": False, "items": items}).encode(), "application/json")
        write([{"n": len(body), "leak": MARK in body, "body": body[:80].decode(errors="replace")}])
        return self.answer(200, b"", "text/plain")

    do_PUT = do_POST

    def answer(self, status, body, kind):
        """With the header that Elasticsearch's clients insist on."""
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


class Logs(LogsServiceServicer):
    def Export(self, request, context):
        """Takes it, and says so."""
        if fails():
            context.abort(grpc.StatusCode.UNAVAILABLE, "later")
        write(otlp(request))
        return ExportLogsServiceResponse()


def main():
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    add_LogsServiceServicer_to_server(Logs(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(http.server_address[1], port, flush=True)
    server.wait_for_termination()


main()
