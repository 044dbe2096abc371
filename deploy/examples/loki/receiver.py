"""Takes the place of Loki: writes each line that is pushed, with its labels, as a line of JSON.

    receiver.py PORT FILE
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Writes first, so that what it acknowledges is in the file."""
        push = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[2], "a", encoding="utf-8") as file:
            for stream in push["streams"]:
                for _, line in stream["values"]:
                    file.write(json.dumps({"labels": stream["stream"], "line": line}) + "\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
