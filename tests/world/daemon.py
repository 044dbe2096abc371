"""logveil itself, and the collector's process: started, asked, stopped."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from records import Wrong, unframe

HERE = os.path.dirname(os.path.abspath(__file__))
# How its log names an address, and where its admin listener is.
LISTENING = r"listening .*address=(\S+)"
ADMIN = r"metrics and health address=(\S+)"
# Long enough for a loaded machine: no check waits this long unless it fails.
PATIENCE = float(os.environ.get("PATIENCE", 120))


def until(what, condition):
    """Waits for a condition and returns what it said; what never comes is a failure."""
    end = time.monotonic() + PATIENCE
    while True:
        said = condition()
        if said:
            return said
        if time.monotonic() > end:
            raise Wrong(f"waited {PATIENCE:.0f} s in vain until {what}")
        time.sleep(0.02)


def connect(address):
    """A socket to `tcp://`, `unix://`, `udp://` or `unix-datagram://`."""
    kind, _, rest = address.partition("://")
    if kind.startswith("unix"):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "unix" else socket.SOCK_DGRAM)
        sock.connect(rest)
        return sock
    host, port = rest.rsplit(":", 1)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    sock.connect((host, int(port)))
    return sock


class Process:
    """A child whose messages go to a file; it is killed at the end if it still runs."""

    def __init__(self, command, log, **more):
        self.log = log
        with open(log, "ab") as f:
            self.child = subprocess.Popen(command, **{"stdin": subprocess.DEVNULL, "stderr": f, **more})

    @property
    def pid(self):
        return self.child.pid

    def said(self):
        """All it has written to its log."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def kill(self, number=signal.SIGKILL):
        """Sends a signal; after a deadly one, waits for the end and returns the exit code."""
        self.child.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            return self.wait()
        return None

    def wait(self):
        try:
            return self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Wrong(f"process did not end in {PATIENCE:.0f} s:\n{self.said()[-2000:]}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()


class Receiver(Process):
    """A collector of our own that can be stopped, killed and started again at the same address."""

    def __init__(self, folder, address="tcp://127.0.0.1:0", *options):
        self.folder = folder
        command = [sys.executable, os.path.join(HERE, "receiver.py"), address, folder, *options]
        super().__init__(command, folder + ".log", stdout=subprocess.PIPE)
        self.address = self.child.stdout.readline().decode().strip()
        if not self.address:
            raise Wrong(f"the receiver did not start:\n{self.said()}")

    def target(self):
        """Host and port, for the proxy."""
        host, port = self.address.partition("://")[2].rsplit(":", 1)
        return host, int(port)

    def size(self):
        """How many bytes have arrived."""
        return sum(e.stat().st_size for e in os.scandir(self.folder))

    def arrived(self, framing="newline"):
        """The whole records in the order of their arrival, and what was torn at the end of each connection."""
        whole, torn = [], []
        for name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, name), "rb") as f:
                records, rest = unframe(f.read(), framing)
            whole += records
            torn += [rest] if rest else []
        return whole, torn


class Logveil(Process):
    """`logveil serve` with a configuration; its addresses are the ones that its log names.

    Without one, `program` is the whole command, with one listener.
    """

    def __init__(self, program, folder, config, admin='[admin]\nlisten = "127.0.0.1:0"\n', options=(), **more):
        os.makedirs(folder, exist_ok=True)
        if config is not None:
            path = os.path.join(folder, "logveil.toml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(admin + config)
            program = [*program, "serve", "--config", path, *options]
        super().__init__(program, os.path.join(folder, "log"), **more)
        listeners = 1 if config is None else config.count("[[listen]]")
        until("logveil listens", lambda: self._addresses(listeners))

    def _addresses(self, wanted):
        if self.child.poll() is not None:
            raise Wrong(f"logveil ended with {self.child.returncode} at its start:\n{self.said()}")
        said = self.said()
        self.listen = re.findall(LISTENING, said)
        admin = re.search(ADMIN, said)
        self.admin = admin and admin[1]
        return len(self.listen) == wanted and admin

    def ask(self, path):
        """Status and text of a page of the admin listener."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, ""

    def metric(self, name, **labels):
        """A metric, summed over all series that have these labels."""
        lines = re.findall(rf"^{name}(?:\{{(.*)\}})? ([0-9.e+]+)$", self.ask("/metrics")[1], re.M)
        if not lines:
            raise Wrong(f"there is no metric {name}")
        wanted = [f'{k}="{v}"' for k, v in labels.items()]
        return sum(float(value) for given, value in lines if all(w in given for w in wanted))

    def memory(self):
        """The most resident memory it ever had, in MiB."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as f:
            return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) / 1024
