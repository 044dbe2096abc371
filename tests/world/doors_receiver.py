"""An upstream of doors.py, run in the environment of doors.txt: decodes by the libraries of others what it is sent.

    doors_receiver.py FILE MARK FAILS CUTS HTTP_PORT GRPC_PORT

Prints the ports of HTTP and of gRPC; 0 is any. Each event is a line in FILE: its number, and whether the mark is in it. The
first FAILS requests are answered 503 and not written; of the first CUTS over HTTP the answer ends in the middle.
"""
import gzip
import json
import os
import re
import sys
import threading
import zlib
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cramjam
import grpc
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (LogsServiceServicer,
                                                                         add_LogsServiceServicer_to_server)

FILE, MARK = sys.argv[1], sys.argv[2].encode()
LOCK = threading.Lock()
FAILS, CUTS = [int(sys.argv[3])], [int(sys.argv[4])]
HTTP_PORT, GRPC_PORT = map(int, sys.argv[5:7])


def write(events):
    """Appends events before anybody is told that they arrived."""
    with LOCK, open(FILE, "a", encoding="utf-8") as f:
        f.writelines(json.dumps(event) + "\n" for event in events)


def one_of(left):
    """Whether this one is of the first so many."""
    with LOCK:
        left[0] -= 1
        return left[0] >= 0


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
        yield {"n": document["n"] if "n" in document else said(document["message"]), "leak": MARK.decode() in line,
               "body": document["message"]}


def otlp_json(body):
    """A request of OTLP in JSON, whose identifiers are hexadecimal; the bodies that have any are not ours."""
    return json_format.Parse(body, ExportLogsServiceRequest())


def said(text):
    """An event's number, by its text."""
    return int(re.search(r"(?:n=|/item/)(\d+)", text)[1])


def lines_of(texts, body):
    """Events that are texts, in a body as it came."""
    for text in texts:
        yield {"n": said(text), "leak": MARK in body, "body": text}


def push(body):
    """A push to Loki in JSON."""
    return lines_of((value[1] for stream in json.loads(body)["streams"] for value in stream["values"]), body)


def fields(body):
    """Fields of a message of protobuf that have a length."""
    at = 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            n, shift, at = n | (body[at] & 0x7F) << shift, shift + 7, at + 1
            if body[at - 1] < 0x80:
                return n
    while at < len(body):
        tag = number()
        if tag & 7 == 2:
            length = number()
            yield tag >> 3, body[at:at + length]
            at += length
        elif tag & 7 == 0:
            number()
        else:
            at += {1: 8, 5: 4}[tag & 7]


def push_proto(body):
    """The same in protobuf and Snappy: streams (1), their entries (2), their lines (2)."""
    body = bytes(cramjam.snappy.decompress_raw(body))
    streams = [s for n, s in fields(body) if n == 1]
    entries = [e for stream in streams for n, e in fields(stream) if n == 2]
    return lines_of((line.decode() for entry in entries for n, line in fields(entry) if n == 2), body)


def collector(body):
    """Events of Splunk's collector: documents one behind the other."""
    text, decoder, at = body.decode(), json.JSONDecoder(), 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        event = document["event"]
        yield {"n": said(event), "leak": MARK in body, "body": event}
        while text[at:at + 1].isspace():
            at += 1


def intake(body):
    """Datadog's: a list, or one."""
    documents = json.loads(body)
    documents = documents if isinstance(documents, list) else [documents]
    return lines_of((document["message"] for document in documents), body)


# By the end of a path and the beginning of a type: how a body is read, and what is said then.
READ = [
    ("/v1/logs", "application/json", lambda body: otlp(otlp_json(body)), 200, b"{}"),
    ("/v1/logs", "", lambda body: otlp(ExportLogsServiceRequest.FromString(body)), 200, b""),
    ("/loki/api/v1/push", "application/json", push, 204, b""),
    ("/loki/api/v1/push", "", push_proto, 204, b""),
    ("/services/collector/event", "", collector, 200, b'{"text":"Success","code":0}'),
    ("/api/v2/logs", "", intake, 202, b"{}"),
]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        """All of it, unpacked."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        packed = self.headers.get("Content-Encoding")
        return gzip.decompress(body) if packed == "gzip" else zlib.decompress(body) if packed == "deflate" else body

    def do_POST(self):
        """Takes it, and says so."""
        body = self.body()
        if one_of(FAILS):
            return self.answer(503, b"later", "text/plain")
        path, kind = self.path.partition("?")[0], self.headers.get("Content-Type", "")
        for end, begin, read, status, words in READ:
            if path.endswith(end) and kind.startswith(begin):
                write(read(body))
                return self.answer(status, words, kind or "application/json")
        if self.path.startswith("/_bulk"):
            events = list(bulk(body))
            write(events)
            items = [{"index": {"_index": "logs", "status": 201}} for _ in events]
            return self.answer(200, json.dumps({"errors": False, "items": items}).encode(), "application/json")
        write([{"n": len(body), "leak": MARK in body, "body": body[:80].decode(errors="replace")}])
        return self.answer(200, b"", "text/plain")

    do_PUT = do_POST

    def do_GET(self):
        """What a client asks before it sends, as who you are."""
        about = {"version": {"number": "9.5.1", "build_flavor": "default"}, "tagline": "You Know, for Search"}
        self.answer(200, json.dumps(about).encode(), "application/json")

    def do_HEAD(self):
        """Whether somebody is there."""
        self.answer(200, b"", "application/json")

    def answer(self, status, body, kind):
        """With the header that Elasticsearch's clients insist on."""
        cut = status == 200 and self.path.endswith("/v1/logs") and one_of(CUTS)
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + 100 * cut))
        self.end_headers()
        self.close_connection = self.close_connection or cut
        self.wfile.write(body)
        if cut:
            print("cut an answer", file=sys.stderr, flush=True)

    def log_message(self, *_):
        """Nothing."""


class Logs(LogsServiceServicer):
    def Export(self, request, context):
        """Takes it, and says so."""
        if one_of(FAILS):
            context.abort(grpc.StatusCode.UNAVAILABLE, "later")
        write(otlp(request))
        return ExportLogsServiceResponse()


def mend():
    """Cuts off an event that was torn when this program was killed: nobody was told that it arrived."""
    if os.path.exists(FILE):
        with open(FILE, "r+b") as f:
            f.truncate(f.read().rfind(b"\n") + 1)


def main():
    mend()
    http = ThreadingHTTPServer(("127.0.0.1", HTTP_PORT), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    add_LogsServiceServicer_to_server(Logs(), server)
    port = server.add_insecure_port(f"127.0.0.1:{GRPC_PORT}")
    server.start()
    print(http.server_address[1], port, flush=True)
    server.wait_for_termination()


main()
