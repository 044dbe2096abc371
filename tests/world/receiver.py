#!/usr/bin/env python3
"""A collector that writes down what arrives: each connection into a file of its own, numbered as they came.

    receiver.py tcp://127.0.0.1:0 FOLDER [--buffer BYTES] [--half-close BYTES]

It prints its address. It is a process, so that a test can stop it and kill it. What it has taken from the kernel is on
file: it looks first, writes, and only then takes, so that a kill loses nothing but what was still in its socket.
"""
import argparse
import os
import selectors
import socket

CHUNK = 1 << 20


def listener(address, buffer):
    kind, _, rest = address.partition("://")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        if os.path.exists(rest):
            os.unlink(rest)
        sock.bind(rest)
    else:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer:
            # Before it listens, so that every connection begins with it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        host, port = rest.rsplit(":", 1)
        sock.bind((host, int(port)))
        rest = "%s:%d" % sock.getsockname()
    sock.listen(4096)
    return sock, f"{kind}://{rest}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("folder")
    parser.add_argument("--buffer", type=int, default=0)
    parser.add_argument("--half-close", type=int, default=0, help="close our direction of each after so many bytes")
    args = parser.parse_args()
    sock, address = listener(args.address, args.buffer)
    os.makedirs(args.folder, exist_ok=True)
    number = len(os.listdir(args.folder))
    ready = selectors.DefaultSelector()
    ready.register(sock, selectors.EVENT_READ)
    closed = set()
    print(address, flush=True)
    while True:
        for key, _ in ready.select():
            if key.fileobj is sock:
                peer, _ = sock.accept()
                number += 1
                file = os.open(os.path.join(args.folder, f"{number:06}"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                ready.register(peer, selectors.EVENT_READ, file)
                continue
            try:
                data = key.fileobj.recv(CHUNK, socket.MSG_PEEK)
                if data:
                    os.write(key.data, data)
                    key.fileobj.recv(len(data))
                    if args.half_close and key.fileobj not in closed and os.fstat(key.data).st_size >= args.half_close:
                        closed.add(key.fileobj)
                        key.fileobj.shutdown(socket.SHUT_WR)
                    continue
            except OSError:
                pass
            ready.unregister(key.fileobj)
            key.fileobj.close()
            os.close(key.data)


if __name__ == "__main__":
    main()
