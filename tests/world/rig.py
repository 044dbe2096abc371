"""What every fault test is made of: a collector, a proxy before it, logveil before that, and load."""
import contextlib
import os
import selectors
import signal
import struct
import socket
import threading

from daemon import Logveil, Receiver, connect, until
from proxy import Proxy
from records import Wrong, check, frame, sent, wanted

CHUNK = 1 << 16
MIB = 1 << 20


class Load(threading.Thread):
    """Connections that send at once, each what its iterator gives; `bytes` is what the kernel has taken."""

    def __init__(self, address, chunks, hold=False):
        super().__init__(daemon=True)
        self.bytes, self.failed = 0, None
        self._hold = hold
        self.sockets = [connect(address) for _ in chunks]
        self._chunks = chunks
        self.start()

    def run(self):
        ready = selectors.DefaultSelector()
        for sock, chunks in zip(self.sockets, self._chunks):
            sock.setblocking(False)
            ready.register(sock, selectors.EVENT_WRITE, [filter(None, chunks), b""])
        try:
            while ready.get_map():
                for key, _ in ready.select():
                    self._push(ready, key)
        except OSError as e:
            self.failed = e

    def _push(self, ready, key):
        chunks, rest = key.data
        rest = rest or next(chunks, b"")
        if not rest:
            ready.unregister(key.fileobj)
            if not self._hold:
                key.fileobj.close()
            return
        taken = key.fileobj.send(rest)
        self.bytes += taken
        key.data[1] = rest[taken:]

    def finish(self):
        """Waits until all is handed to the kernel."""
        until("all was sent", lambda: not self.is_alive())
        if self.failed:
            raise Wrong(f"a sender was cut off: {self.failed}")

    def close(self):
        for sock in self.sockets:
            sock.close()


def records(c, many, framing):
    """The records of a connection, in pieces of some size."""
    chunk = bytearray()
    for n in range(many):
        chunk += frame(sent(c, n), framing)
        if len(chunk) >= CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def size(counts, framing="newline"):
    """How many bytes the collector must get for these records."""
    return sum(len(frame(wanted(c, n), framing)) for c, many in counts.items() for n in range(many))


def missing(arrived, counts, framing="newline"):
    """How many bytes of them did not arrive."""
    return size(counts, framing) - sum(len(frame(r, framing)) for r in arrived)


def queues(local, remote=None):
    """What the sockets of a TCP port hold: bytes that the peer's kernel has not taken, bytes that nobody has read."""
    out = unread = 0
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in list(f)[1:]:
            _, here, there, _, both = line.split()[:5]
            if int(here.split(":")[1], 16) == local and remote in (None, int(there.split(":")[1], 16)):
                out += int(both.split(":")[0], 16)
                unread += int(both.split(":")[1], 16)
    return out, unread


def port(address):
    return int(address.rsplit(":", 1)[1])


def reset(sock):
    """Closes a connection the rude way."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def steady(value, times=10):
    """Waits until a value stays what it is for some looks at it, and returns it."""
    seen = [object()]

    def same():
        now = value()
        if now != seen[-1]:
            seen.clear()
        seen.append(now)
        return len(seen) > times

    until("nothing moves", same)
    return seen[-1]


class Rig(contextlib.ExitStack):
    """Makes the parts of one test in a folder and ends them with it."""

    def __init__(self, program, folder, long):
        super().__init__()
        self.program, self.folder, self.long = program, folder, long
        os.makedirs(folder)
        self._parts = 0

    def pick(self, short, long):
        return long if self.long else short

    def path(self, name):
        self._parts += 1
        return os.path.join(self.folder, f"{name}-{self._parts}")

    def receiver(self, *options, address="tcp://127.0.0.1:0"):
        return self.enter_context(Receiver(self.path("got"), address, *options))

    def again(self, receiver):
        """The same collector, started again where it was."""
        return self.enter_context(Receiver(receiver.folder, receiver.address))

    def proxy(self, receiver):
        proxy = Proxy(receiver.target())
        self.callback(proxy.close)
        return proxy

    def logveil(self, upstream, listen=("tcp://127.0.0.1:0",), framing="auto", limits=None,
                more_listen="", more_upstream=""):
        """logveil with these listeners, upstreams and limits; the `more` are further lines for each of them."""
        upstreams = [upstream] if isinstance(upstream, str) else upstream
        lines = []
        for n, address in enumerate(listen):
            lines += ["[[listen]]", f'name = "in{n}"', f'address = "{address}"', f'framing = "{framing}"', more_listen]
        for n, address in enumerate(upstreams):
            lines += ["[[upstream]]", f'name = "out{n}"', f'address = "{address}"', more_upstream]
        lines += ["[limits]", *(f"{key} = {value}" for key, value in (limits or {}).items())]
        return self.enter_context(Logveil(self.program, self.path("logveil"), "\n".join(lines) + "\n"))

    def load(self, logveil, counts, framing="newline", hold=False):
        return self.load_to(logveil.listen[0], counts, framing, hold)

    def datagrams_to(self, address, c, many):
        """Records of connection `c`, a datagram each."""
        with connect(address) as sock:
            for n in range(many):
                sock.send(sent(c, n))

    def load_to(self, address, counts, framing="newline", hold=False):
        """Records over as many connections as `counts` says, each so many."""
        return self._loads(Load(address, [records(c, many, framing) for c, many in counts.items()], hold))

    def sends(self, address, chunks):
        """Anything over one connection."""
        return self._loads(Load(address, [chunks]))

    def _loads(self, load):
        self.callback(load.close)
        return load


def stalled(load, logveil):
    """Waits until nothing moves while the collector stands still; what waits is within its limit. How much was taken."""
    steady(lambda: load.bytes)
    queue, limit = logveil.metric("logveil_queue_bytes"), logveil.metric("logveil_queue_limit_bytes")
    # A mask may be longer than its secret, and a record is queued whole.
    if queue > limit + 2 * MIB:
        raise Wrong(f"{queue:.0f} bytes wait for the collector, the limit is {limit:.0f}")
    return load.bytes


def drained(logveil):
    """Ends logveil as an orchestrator does; it must have nothing left."""
    code = logveil.kill(signal.SIGTERM)
    if code != 0:
        raise Wrong(f"logveil ended with {code}:\n{logveil.said()[-2000:]}")


def all_arrived(receiver, counts, framing="newline", what=""):
    """Every record arrived once, in order, masked; nothing was torn."""
    total = size(counts, framing)
    until("all arrived", lambda: receiver.size() >= total)
    whole, torn = receiver.arrived(framing)
    if torn:
        raise Wrong(f"{what}: {len(torn)} torn records")
    check(whole, counts, what=what)
