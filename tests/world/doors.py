"""HTTP as a door: senders that people use post to logveil, and what decodes their requests is others' too."""
import collections
import json
import os
import shutil
import subprocess
import zlib

from daemon import HERE, Logveil, Process
from debs import Missing
from records import MARK, Wrong
from rig import drained
from venvs import environment

SECRET = MARK + "fLuEnT7"
LABEL = "[REDACTED:pass" "word]"


class Doors:
    """A receiver, logveil before it, which is one for HTTP and one for gRPC.

    With `upstream` (ports of both) others stand between the two. The first `fails` requests are refused, the first `cuts`
    answers are cut. `ports` and `listen` are where the receiver and logveil are, if these are to come back there.
    """

    def __init__(self, rig, fails=0, more="", upstream=None, cuts=0, ports=(0, 0), listen=(0, 0)):
        self.rig, self.python = rig, environment("doors.txt")
        self.file, self._read = rig.path("received"), 0
        self._command = [self.python, os.path.join(HERE, "doors_receiver.py"), self.file, MARK, str(fails), str(cuts),
                         *map(str, ports)]
        self.receiver, self.receiver_at = None, {}
        self.receive()
        self.logveil, self._config = {}, {}
        for (kind, address), port in zip(self.receiver_at.items(), listen):
            address = f"127.0.0.1:{upstream[kind]}" if upstream else address
            self._config[kind] = (
                f'[[listen]]\nname = "in"\naddress = "tcp://127.0.0.1:{port}"\nprotocol = "http"\n'
                f'[[upstream]]\nname = "out"\naddress = "http://{address}"\nprotocol = "http"\n{more}\n')
            self._start(kind)

    def receive(self):
        """Starts the receiver, or starts it again."""
        self.receiver = self.rig.enter_context(Process(self._command, self.rig.path("receiver"), stdout=subprocess.PIPE))
        ports = self.receiver.child.stdout.readline().split()
        if len(ports) != 2:
            raise Wrong(f"the receiver did not start:\n{self.receiver.said()[-2000:]}")
        self.receiver_at = {kind: f"127.0.0.1:{port.decode()}" for kind, port in zip(("http", "grpc"), ports)}

    def _start(self, kind):
        self.logveil[kind] = self.start(self._config[kind], admin='[admin]\nlisten = "127.0.0.1:0"\n')

    def start(self, config, admin=""):
        """One more logveil."""
        return self.rig.enter_context(Logveil(self.rig.program, self.rig.path("logveil"), config, admin))

    def again(self, sender):
        """Kills logveil before a sender of that name, without a word, and starts it again."""
        kind = "grpc" if sender.startswith("grpc") else "http"
        self.logveil[kind].kill()
        self._start(kind)

    def address(self, kind="http"):
        return self.logveil[kind].listen[0].partition("://")[2]

    def address_of(self, sender):
        """Where a sender of that name sends."""
        return self.address("grpc" if sender.startswith("grpc") else "http")

    def send(self, kind, count, to=None):
        """Runs a sender of doors_senders.py to its end."""
        self.run([self.python, os.path.join(HERE, "doors_senders.py"), kind, to or self.address_of(kind), str(count)], kind)

    @staticmethod
    def run(command, what, **more):
        """Runs any sender to its end."""
        got = subprocess.run(command, env={**os.environ, "SECRET": SECRET, **more}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if got.returncode != 0:
            raise Wrong(f"{what} ended with {got.returncode}:\n{got.stdout[-2000:]}")

    def many(self):
        """How much has arrived."""
        return os.path.getsize(self.file) if os.path.exists(self.file) else 0

    def received(self):
        """The events since it was last asked: whole lines, read where they are, since the receiver may be writing."""
        if not os.path.exists(self.file):
            return []
        with open(self.file, "rb") as f:
            f.seek(self._read)
            # The last one is being written, or was torn when the receiver was killed.
            whole = f.read().rpartition(b"\n")
        self._read += len(whole[0] + whole[1])
        return [json.loads(line) for line in whole[0].splitlines()]

    def end(self):
        """Everything went well for logveil, too."""
        for logveil in self.logveil.values():
            drained(logveil)
            if SECRET in logveil.said():
                raise Wrong("a secret is in the log")


def held(events, count, once=True):
    """Every event is there, none with its secret, each with its mask."""
    if any(event["leak"] for event in events):
        raise Wrong("a secret was received")
    seen = collections.Counter(event["n"] for event in events)
    if set(seen) != set(range(count)):
        raise Wrong(f"{count - len(seen)} of {count} events are missing")
    if once and len(events) != count:
        raise Wrong(f"{len(events) - count} events came twice")
    for event in events:
        if (LABEL in event["body"]) != (event["n"] % 10 != 9):
            raise Wrong(f"event {event['n']} is not what it should be: {event['body']}")


def _can_fail():
    """What is held to `held` is held."""
    good = [{"n": 0, "leak": False, "body": LABEL}]
    held(good, 1)
    for wrong in ([], good * 2, [{**good[0], "leak": True}], [{**good[0], "body": ""}]):
        try:
            held(wrong, 1)
        except Wrong:
            continue
        raise AssertionError("a check that cannot fail")


def http_senders(rig):
    """OpenTelemetry's exporters by HTTP (none, gzip, deflate) and gRPC (none, gzip), Elasticsearch's bulk (none, gzip)."""
    _can_fail()
    doors, count = Doors(rig), rig.pick(1_000, 20_000)
    kinds = ["http-none", "http-gzip", "http-deflate", "grpc-none", "grpc-gzip", "elastic-none", "elastic-gzip"]
    for kind in kinds:
        doors.send(kind, count)
        try:
            held(doors.received(), count)
        except Wrong as e:
            raise Wrong(f"{kind}: {e}") from None
    doors.end()
    return {"events": len(kinds) * count}


def http_refused(rig):
    """The upstream answers 503 three times: senders that come again lose nothing, and nothing comes twice."""
    count = 500
    for kind in ("http-gzip", "grpc-none"):
        doors = Doors(rig, fails=3)
        doors.send(kind, count)
        held(doors.received(), count)
        doors.end()
    return {"events": 2 * count}


def http_curl(rig):
    """curl: what it waits to send, what has no length, 10 MiB."""
    curl = shutil.which("curl")
    if not curl:
        raise Missing("there is no curl")
    doors = Doors(rig, more="[limits]\nmessage-bytes = 16777216\nbuffered-bytes = 67108864")
    body = rig.path("body")
    line = f"login user=alice pass" f"word={SECRET} from 203.0.113.9\n"
    url = f"http://{doors.address()}/raw"
    for size, *options in ((1 << 10,), (2 << 20, "-H", "Expect: 100-continue"), (2 << 20, "-H", "Transfer-Encoding: chunked"),
                           (10 << 20,), (10 << 20, "--http2-prior-knowledge")):
        with open(body, "w", encoding="utf-8") as f:
            f.write(line * (size // len(line)))
        command = [curl, "--silent", "--show-error", "--fail", "--max-time", "60", "--data-binary", "@" + body,
                   "-H", "Content-Type: text/plain", *options, url]
        got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             check=False)
        events = doors.received()
        wanted = len(line.replace(SECRET, LABEL)) * (size // len(line))
        if got.returncode != 0 or [(e["n"], e["leak"]) for e in events] != [(wanted, False)]:
            raise Wrong(f"curl {options} of {size} bytes: {got.stdout[-500:]} {events}")
    doors.end()
    return {"MiB": 24}


def http_bomb(rig):
    """1 GiB out of 1 MiB is refused, in little memory, whoever packs it."""
    doors, step = Doors(rig), bytes(1 << 20)
    for name, packer in (("gzip", zlib.compressobj(9, wbits=31)), ("deflate", zlib.compressobj(9))):
        packed = b"".join([packer.compress(step) for _ in range(1024)] + [packer.flush()])
        bomb = rig.path("bomb")
        with open(bomb, "wb") as f:
            f.write(packed)
        command = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}", "--data-binary", "@" + bomb,
                   "-H", "Content-Type: text/plain", "-H", "Content-Encoding: " + name, f"http://{doors.address()}/raw"]
        got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        if got.stdout != "413" or doors.received():
            raise Wrong(f"a bomb of {name} was answered {got.stdout}")
    memory = doors.logveil["http"].memory()
    if memory > 64:
        raise Wrong(f"it took {memory:.0f} MiB")
    doors.end()
    return {"MiB": memory}


DOORS = [http_senders, http_refused, http_curl, http_bomb]
