"""The life of an instance: drained, killed, fed by datagrams that nobody can hold back."""
import signal
import time

from daemon import connect, until
from records import Wrong, check, frame, origin, sent
from rig import MIB, all_arrived, drained, port, queues, size, steady


def drain(rig):
    """SIGTERM under load, with the collector slow: all that was sent before it arrives."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, limits={"drain-seconds": 60})
    counts = dict.fromkeys(range(16), rig.pick(400, 400))
    receiver.kill(signal.SIGSTOP)
    # It all fits into buffers and sockets, so that the senders are done while the collector has seen next to nothing.
    rig.load(logveil, counts).finish()
    seen = receiver.size()
    logveil.child.send_signal(signal.SIGTERM)
    until("it stopped accepting", lambda: _refuses(logveil.listen[0]))
    receiver.kill(signal.SIGCONT)
    if logveil.wait() != 0:
        raise Wrong(f"a drain that left nothing ended with {logveil.child.returncode}")
    all_arrived(receiver, counts)
    return {"records": sum(counts.values()), "left to drain": size(counts) - seen}


def _refuses(address):
    try:
        connect(address).close()
    except ConnectionError:
        return True
    return False


def drain_deadline(rig):
    """A drain that cannot end in time ends all the same, and says what it leaves."""
    receiver = rig.receiver()
    receiver.kill(signal.SIGSTOP)
    logveil = rig.logveil(receiver.address, limits={"drain-seconds": 1})
    load = rig.load(logveil, dict.fromkeys(range(4), 30_000))
    steady(lambda: load.bytes)
    begin = time.monotonic()
    code = logveil.kill(signal.SIGTERM)
    if code == 0:
        raise Wrong("records were left behind, and the exit code is 0")
    return {"s": time.monotonic() - begin, "exit code": code, "said": logveil.said().strip().splitlines()[-1][-120:]}


def killed(rig):
    """kill -9 of logveil under load: it takes no more with it than its buffer limit."""
    receiver = rig.receiver()
    limit = 4 * MIB
    logveil = rig.logveil(receiver.address, limits={"buffered-bytes": limit})
    counts = dict.fromkeys(range(4), rig.pick(60_000, 400_000))
    load = rig.load(logveil, counts, hold=True)
    third = size(counts) // 3
    until("a third arrived", lambda: receiver.size() > third)
    # Full buffers are the worst case: the collector stands still until nothing moves.
    receiver.kill(signal.SIGSTOP)
    steady(lambda: load.bytes)
    logveil.child.send_signal(signal.SIGSTOP)
    taken, held = steady(lambda: (load.bytes, queues(port(logveil.listen[0]))[1]
                                  + sum(queues(sock.getsockname()[1])[0] for sock in load.sockets)))
    logveil.kill()
    receiver.kill(signal.SIGCONT)
    steady(receiver.size)
    whole, torn = receiver.arrived()
    check(whole, counts, may_lose=sum(counts.values()))
    came = sum(len(frame(sent(*origin(r)), "newline")) for r in whole) + sum(map(len, torn))
    lost = taken - held - came
    if lost > limit:
        raise Wrong(f"{lost} bytes died with logveil, its limit is {limit}")
    return {"sent bytes": taken, "lost bytes": lost, "limit": limit}


def datagrams(rig):
    """UDP that comes faster than it can leave: what is dropped is counted, to the record."""
    receiver = rig.receiver("--buffer", str(64 << 10))
    logveil = rig.logveil(receiver.address, listen=("udp://127.0.0.1:0",), limits={"buffered-bytes": 4 * MIB})
    receiver.kill(signal.SIGSTOP)
    many = rig.pick(100_000, 1_000_000)
    rig.datagrams_to(logveil.listen[0], 1, many)
    receiver.kill(signal.SIGCONT)
    until("each is received or counted as dropped", lambda: many == sum(
        logveil.metric(name) for name in ("logveil_records_total", "logveil_datagrams_dropped_total")))
    dropped = logveil.metric("logveil_datagrams_dropped_total")
    drained(logveil)
    whole, torn = receiver.arrived()
    if torn:
        raise Wrong("a datagram was torn")
    lost = check(whole, {1: many}, may_lose=many)
    if lost != dropped:
        raise Wrong(f"{lost} datagrams did not arrive, {dropped:.0f} were counted as dropped")
    if lost == 0:
        raise Wrong("nothing was dropped: the test does not test")
    return {"datagrams": many, "dropped": lost}


def local_datagrams(rig):
    """Datagrams over a Unix socket wait for a place: none is lost."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, listen=("unix-datagram://" + rig.path("socket"),))
    many = rig.pick(5_000, 200_000)
    rig.datagrams_to(logveil.listen[0], 1, many)
    all_arrived(receiver, {1: many})
    return {"datagrams": many}


def framings(rig):
    """Each framing comes in and goes out; told apart by the first byte of each connection."""
    many = rig.pick(3_000, 100_000)
    for framing in ("newline", "octet"):
        receiver = rig.receiver()
        logveil = rig.logveil(receiver.address)
        counts = dict.fromkeys(range(3), many)
        rig.load(logveil, counts, framing).finish()
        all_arrived(receiver, counts, framing)
        drained(logveil)
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, framing="nul")
    rig.load(logveil, {1: many}, "nul").finish()
    all_arrived(receiver, {1: many}, "nul")
    return {"records": many * 7}


FAULTS = [drain, drain_deadline, killed, datagrams, local_datagrams, framings]
