#!/usr/bin/env python3
"""Run the services of examples/services with secrets drawn anew: none may be logged, everything else must be.

services.py FOLDER   where the programs `axum`, `cli` and `relay` are
"""
import json
import secrets
import socket
import string
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SECONDS = 20


def drawn(length=24):
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(length - 3)) + "a7Q"


def key():
    """A key's lines as a program logs them, one by one."""
    body = [drawn(64) for _ in range(4)]
    kind = "PRIVATE KEY"
    return [f"-----BEGIN {kind}-----", *body, f"-----END {kind}-----"], body


def check(name, logged, gone, there):
    for value in gone:
        assert value not in logged, f"{name}: a secret is logged"
    for text in there:
        assert text in logged, f"{name}: {text!r} is missing in\n{logged}"
    print(f"  {name}: {len(gone)} secrets gone, {len(there)} texts there")


def axum(folder):
    bearer, password, cookie = drawn(), drawn(), drawn()
    service = subprocess.Popen([folder / "axum"], stdout=subprocess.PIPE, text=True)
    try:
        address = service.stdout.readline().strip()
        headers = {"Authorization": f"Bearer {bearer}", "Cookie": f"session={cookie}", "X-Request-Id": "r-17"}
        request = urllib.request.Request(f"http://{address}/login?user=alice&password={password}", headers=headers)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            assert answer.read() == b"ok"
    finally:
        service.terminate()
        logged = service.communicate(timeout=SECONDS)[0]
    for line in logged.splitlines():
        json.loads(line)
    check("axum", logged, [bearer, password, cookie], ["login of", "user=alice", "Sensitive", "r-17"])


def cli(folder):
    lines, body = key()
    password = drawn()
    text = "\n".join([f"connect user=alice password={password}", *lines, "Failed password for root"]) + "\n"
    done = subprocess.run([folder / "cli"], input=text, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=True)
    check("cli", done.stderr, [password, *body], ["user=alice", lines[0], lines[-1], "Failed password for root"])


def relay(folder):
    lines, body = key()
    token = drawn()
    service = subprocess.Popen([folder / "relay"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        host, port = service.stderr.readline().strip().rsplit(":", 1)
        with socket.create_connection((host, int(port)), SECONDS) as connection:
            for piece in "\n".join([f"GET /x?token={token}&page=2", *lines, "no line end"]).encode(), b"":
                # In two halves, wherever that cuts a secret.
                for half in piece[: len(piece) // 2], piece[len(piece) // 2 :]:
                    connection.sendall(half)
                    time.sleep(0.05)
        logged = service.communicate(timeout=SECONDS)[0]
    finally:
        service.kill()
    check("relay", logged, [token, *body], ["&page=2", lines[0], lines[-1], "no line end"])


def main():
    folder = Path(sys.argv[1]).resolve()
    for service in axum, cli, relay:
        service(folder)


main()
