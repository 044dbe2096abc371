"""Faults around HTTP: an upstream that is silent, cut or gone, logveil killed, and thousands who are slow."""
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time

from collectors import free_port
from daemon import HERE, until
from doors import SECRET, Doors, held
from records import Wrong

# What everything may take besides what is buffered, in MiB.
OWN_MIB = 32
BUFFERED_MIB = 24


class Sender(threading.Thread):
    """A sender that runs beside what happens to it."""

    def __init__(self, doors, kind, count):
        super().__init__(daemon=True)
        self.doors, self.kind, self.count, self.failed = doors, kind, count, None
        self.start()

    def run(self):
        try:
            self.doors.send(self.kind, self.count)
        except Wrong as e:
            self.failed = e

    def end(self):
        """Waits until it has ended well."""
        until("the sender ends", lambda: not self.is_alive())
        if self.failed:
            raise self.failed


def _all(doors, count):
    """Every event is there, some more than once; how many more."""
    events = doors.received()
    held(events, count, once=False)
    return len(events) - count


def http_silent(rig):
    """The upstream takes requests and says nothing for a while: senders come again, nothing is missing."""
    count, twice = 500, 0
    for kind in ("http-gzip", "grpc-none"):
        doors = Doors(rig, more="[limits]\nanswer-seconds = 1")
        doors.receiver.kill(signal.SIGSTOP)
        sender = Sender(doors, kind, count)
        until("it was waited for in vain", lambda doors=doors: sum(
            l.metric("logveil_upstream_failures_total") for l in doors.logveil.values()) > 0)
        doors.receiver.kill(signal.SIGCONT)
        sender.end()
        twice += _all(doors, count)
        doors.end()
    return {"events": 2 * count, "twice": twice}


def http_cut(rig):
    """Answers end in the middle: what arrived may come again, and nothing is missing."""
    doors, count = Doors(rig, cuts=2), 500
    doors.send("http-none", count)
    twice = _all(doors, count)
    # Whether a sender comes again is its own: it may take the status for an answer and not read on.
    cut = doors.receiver.said().count("cut an answer")
    if cut != 2:
        raise Wrong(f"{cut} answers were cut")
    doors.end()
    return {"events": count, "twice": twice, "cut": cut}


def http_gone(rig):
    """The upstream is killed under its senders, and comes back where it was."""
    count, twice = rig.pick(3_000, 30_000), 0
    for kind in ("http-gzip", "grpc-gzip"):
        doors = Doors(rig, ports=(free_port(), free_port()))
        sender = Sender(doors, kind, count)
        for _ in range(rig.pick(2, 10)):
            before = doors.many()
            until("some arrived", lambda: doors.many() > before or not sender.is_alive())
            doors.receiver.kill()
            time.sleep(0.3)
            doors.receive()
        sender.end()
        twice += _all(doors, count)
        doors.end()
    return {"events": 2 * count, "twice": twice}


def http_killed(rig):
    """logveil is killed under senders of OTLP and started again: what they were told has arrived is there, masked."""
    count, figures = rig.pick(3_000, 30_000), {"killed": 0, "acknowledged": 0, "received": 0}
    for kind in ("http-told", "grpc-told"):
        doors, told = Doors(rig, listen=(free_port(), free_port())), rig.path("told")
        command = [doors.python, os.path.join(HERE, "doors_senders.py"), kind, doors.address_of(kind), str(count)]
        with open(told, "wb") as out:
            sender = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
                                      env={**os.environ, "SECRET": SECRET})
        rig.callback(sender.kill)
        under = 0
        for _ in range(rig.pick(4, 20)):
            before = doors.many()
            until("some arrived", lambda: doors.many() > before or sender.poll() is not None)
            under += sender.poll() is None
            doors.again(kind)
        if under < 2:
            raise Wrong(f"logveil was killed under its sender {under} times only")
        until("the sender ends", lambda: sender.poll() is not None)
        with open(told, encoding="utf-8") as f:
            acknowledged = {n for line in f if line.endswith("\n") for n in json.loads(line)}
        events = doors.received()
        arrived = {event["n"] for event in events}
        if any(event["leak"] for event in events):
            raise Wrong("a secret was received")
        if not acknowledged or acknowledged - arrived:
            raise Wrong(f"{kind}: of {len(acknowledged)} acknowledged events {len(acknowledged - arrived)} are missing")
        figures["killed"] += under
        figures["acknowledged"] += len(acknowledged)
        figures["received"] += len(arrived)
        doors.end()
    return figures


def http_slow(rig):
    """Thousands of connections of a byte a second: memory stays within its bound, and others get through."""
    many, seconds = 5_000, rig.pick(4, 60)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
    doors = Doors(rig, more=f"[limits]\nconnections = {many + 24}\nslow-seconds = 600")
    host, port = doors.address().split(":")
    head = "POST /raw HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n"
    begun = time.monotonic()
    slow = [socket.create_connection((host, int(port))) for _ in range(many)]
    for n, sock in enumerate(slow):
        rig.callback(sock.close)
        # Some are within their head yet.
        sock.sendall(head[:40].encode() if n % 4 == 0 else f"{head}pass" f"word={SECRET} ".encode())
    heads, bodies = slow[::4], [sock for n, sock in enumerate(slow) if n % 4]
    for _ in range(seconds):
        now = time.monotonic()
        # Heads have ten seconds; who is told that has nothing to add.
        for sock in slow if now - begun < 6 else bodies:
            sock.send(b"x")
        doors.send("http-none", 100)
        held(doors.received(), 100)
        time.sleep(max(0, 1 - (time.monotonic() - now)))
    memory = doors.logveil["http"].memory()
    if memory > OWN_MIB + BUFFERED_MIB:
        raise Wrong(f"{many} connections took {memory:.0f} MiB, more than {OWN_MIB} and the {BUFFERED_MIB} for bodies")
    if doors.received():
        raise Wrong("a body that had not ended left")
    for sock in heads:
        sock.settimeout(30)
        if not sock.recv(64).startswith(b"HTTP/1.1 408 "):
            raise Wrong("a head that does not end was not told so")
    for logveil in doors.logveil.values():
        logveil.kill()
    return {"connections": many, "MiB": memory}


FAULTS = [http_silent, http_cut, http_gone, http_killed, http_slow]
