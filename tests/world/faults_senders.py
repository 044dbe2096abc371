"""What senders may do: stop half-way, trickle, crowd in, never end a record."""
import itertools
import os
import signal
import socket
import time

from daemon import connect, until
from records import MARK, Wrong, check, frame, sent, wanted
from rig import MIB, all_arrived, drained, port, queues, reset, stalled

MEMORY_MIB_MAX = 64


def _piece(cut):
    """What must be seen of a record of form 1 (a password) that ends after `cut` bytes."""
    whole, clean = sent(7, 1), wanted(7, 1)
    begin = clean.index(b"=[REDACTED") + 1
    secret = len(MARK) + 16
    if cut <= begin:
        return whole[:cut], clean[:cut]
    tail = max(0, cut - begin - secret)
    masked = clean.index(b"]", begin) + 1
    return whole[:cut], clean[:masked + tail]


def cut_sender(rig):
    """A sender's connection ends behind every byte of a frame: the record before it is whole, the piece masked."""
    cuts = 0
    for framing in ("newline", "octet", "nul"):
        receiver = rig.receiver()
        logveil = rig.logveil(receiver.address, framing=framing)
        counts, pieces, due = {}, set(), set()
        length = len(frame(sent(7, 1), framing))
        for cut in range(0, length, rig.pick(3, 1)):
            sock = connect(logveil.listen[0])
            counts[cut] = 1
            sock.sendall(frame(sent(cut, 0), framing) + frame(sent(7, 1), framing)[:cut])
            if cut % 2:
                # A reset destroys what is not read yet, so the first record must have been seen.
                ours = sock.getsockname()[1]
                until("it was read", lambda: queues(port(logveil.listen[0]), ours) == (0, 0))
                reset(sock)
            else:
                sock.close()
                due.add(_piece(cut)[1])
            pieces.add(_piece(cut)[1])
            cuts += 1
        drained(logveil)
        whole, torn = receiver.arrived(framing)
        if torn:
            raise Wrong(f"{len(torn)} pieces were sent on without an end")
        check([r for r in whole if r.find(b" c=7 n=1;") < 0 and len(r) > 60], counts, what=framing)
        # A piece of a counted frame may be dropped: its end is known to be missing.
        if framing != "octet" and not due - {b""} <= set(whole):
            raise Wrong(f"what stood before the end of a connection did not arrive: {sorted(due - set(whole))[:3]}")
        for record in whole:
            if MARK[:4].encode() in record:
                raise Wrong(f"a piece of a secret arrived: {record!r}")
            if record not in pieces and framing != "octet" and record not in {wanted(c, 0) for c in counts}:
                raise Wrong(f"neither a record nor a piece of one: {record!r}")
    return {"cuts": cuts}


def half_closed_sender(rig):
    """A sender that closes its direction and waits gets everything through, and then its end."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address)
    many = rig.pick(2_000, 100_000)
    sock = connect(logveil.listen[0])
    sock.sendall(b"".join(frame(sent(1, n), "newline") for n in range(many)))
    sock.shutdown(socket.SHUT_WR)
    sock.settimeout(60)
    if sock.recv(1) != b"":
        raise Wrong("logveil wrote to a sender")
    sock.close()
    all_arrived(receiver, {1: many})
    return {"records": many}


def trickle(rig):
    """One byte at a time: the record arrives whole, and nobody else waits for it."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address, framing="newline", limits={"slow-seconds": 600, "idle-seconds": 600})
    record = frame(sent(1, 1), "newline")
    slow = connect(logveil.listen[0])
    slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    half = len(record) // 2
    pause = rig.pick(0.005, 0.1)
    for at in range(half):
        slow.send(record[at:at + 1])
        time.sleep(pause)
    rig.load(logveil, {2: 1000}).finish()
    all_arrived(receiver, {2: 1000}, what="beside the slow one")
    for at in range(half, len(record)):
        slow.send(record[at:at + 1])
        time.sleep(pause)
    until("it arrived", lambda: len(receiver.arrived()[0]) > 1000)
    if receiver.arrived()[0][-1] != wanted(1, 1):
        raise Wrong("the slow record did not arrive as it should")
    slow.close()
    return {"bytes": len(record), "pause ms": pause * 1000}


def _ended(sock):
    """Whether logveil has ended a connection."""
    sock.settimeout(0.05)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def too_slow(rig):
    """Senders over the limits of time are ended, counted and named, and others are not."""
    receiver = rig.receiver()
    limits = {"slow-seconds": 1, "idle-seconds": 600}
    logveil = rig.logveil(receiver.address, framing="newline", limits=limits)
    slow = connect(logveil.listen[0])
    secret = MARK.encode() + b"slow"
    slow.sendall(b"<13>Nov 22 10:00:00 h app: c=1 n=0; pass" b"word=" + secret)
    until("it was ended", lambda: _ended(slow))
    if logveil.metric("logveil_rejections_total", reason="slow") != 1:
        raise Wrong("a slow sender was not counted")
    logveil_idle = rig.logveil(receiver.address, framing="newline", limits={"slow-seconds": 600, "idle-seconds": 1})
    idle = connect(logveil_idle.listen[0])
    until("it was ended", lambda: _ended(idle))
    if logveil_idle.metric("logveil_rejections_total", reason="idle") != 1:
        raise Wrong("an idle sender was not counted")
    for one, sock in ((logveil, slow), (logveil_idle, idle)):
        sock.close()
        drained(one)
        said = one.said()
        if secret.decode() in said or "127.0.0.1:" not in said:
            raise Wrong("the log shows content, or does not name the peer")
    if any(secret in record for record in sum(receiver.arrived(), [])):
        raise Wrong("a slow sender's secret arrived")
    return {"ended": 2}


def crowd(rig):
    """Thousands of connections at once; with a limit, the one too many is refused and counted."""
    receiver = rig.receiver()
    many = 5_000
    logveil = rig.logveil(receiver.address, limits={"connections": many})
    counts = dict.fromkeys(range(many), rig.pick(4, 100))
    begin = time.monotonic()
    load = rig.load(logveil, counts, hold=True)
    load.finish()
    all_arrived(receiver, counts)
    took = time.monotonic() - begin
    memory = logveil.memory()
    refused = connect(logveil.listen[0])
    until("one more was refused", lambda: _ended(refused))
    if logveil.metric("logveil_rejections_total", reason="connections") < 1:
        raise Wrong("a refused connection was not counted")
    load.close()
    until("there is room again", lambda: _room(logveil, receiver))
    return {"connections": many, "records": sum(counts.values()), "s": took, "MiB": memory}


def _room(logveil, receiver):
    before = receiver.size()
    with connect(logveil.listen[0]) as sock:
        try:
            sock.sendall(frame(sent(0, 0), "newline"))
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(5)
            sock.recv(1)
        except OSError:
            return False
    time.sleep(0.05)
    return receiver.size() > before


def thousand(rig):
    """A thousand connections that all send while the collector stands still: memory stays under its bound."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address)
    receiver.kill(signal.SIGSTOP)
    counts = dict.fromkeys(range(1000), rig.pick(60, 1000))
    load = rig.load(logveil, counts)
    stalled(load, logveil)
    receiver.kill(signal.SIGCONT)
    load.finish()
    all_arrived(receiver, counts)
    memory = logveil.memory()
    if memory >= MEMORY_MIB_MAX:
        raise Wrong(f"{memory:.1f} MiB of memory with 1,000 connections, not under {MEMORY_MIB_MAX}")
    return {"records": sum(counts.values()), "MiB": memory}


def _giant(blocks):
    """A record of so many MiB with a secret in each, as sent and as wanted, block by block."""
    words = b"all work and no play makes a dull log line; " * (MIB // 44)
    for n in range(blocks):
        head = b"n=%d pass" b"word=" % n
        yield head + MARK.encode() + os.urandom(8).hex().encode() + b" " + words, head + b"[REDACTED:password] " + words


def giant(rig):
    """One record over all limits: it leaves masked, in pieces of at most the limit that are framed as they should be.

    In the middle of it the collector stands still, so that what is kept in memory would be seen.
    """
    blocks = rig.pick(64, 1024)
    figures = {"MiB sent": blocks}
    for framing in ("newline", "octet"):
        receiver = rig.receiver()
        logveil = rig.logveil(receiver.address, framing=framing)
        length = sum(len(block) for block, _ in _giant(blocks))
        head, tail = (b"%d " % length, b"") if framing == "octet" else (b"", b"\n")
        parts = itertools.chain([head], (block for block, _ in _giant(blocks)), [tail + frame(sent(1, 0), framing)])
        begin = time.monotonic()
        load = rig.sends(logveil.listen[0], parts)
        until("a quarter arrived", lambda receiver=receiver: receiver.size() > length / 4)
        receiver.kill(signal.SIGSTOP)
        stalled(load, logveil)
        receiver.kill(signal.SIGCONT)
        load.finish()
        memory = drained_memory(logveil)
        _hold_giant(receiver, framing, blocks)
        if memory[0] >= MEMORY_MIB_MAX:
            raise Wrong(f"{memory[0]:.1f} MiB of memory for one record")
        if memory[1] != 1:
            raise Wrong(f"{memory[1]:.0f} records counted as over the limit, not 1")
        figures[framing + " s"] = time.monotonic() - begin
        figures[framing + " MiB"] = memory[0]
    return figures


def drained_memory(logveil):
    """Its peak memory and its count of over-limit records, just before a drain that must leave nothing."""
    until("all was read", lambda: logveil.metric("logveil_records_total") >= 2)
    figures = logveil.memory(), logveil.metric("logveil_records_over_limit_total")
    drained(logveil)
    return figures


def _hold_giant(receiver, framing, blocks):
    whole, torn = receiver.arrived(framing)
    if torn or whole[-1] != wanted(1, 0):
        raise Wrong("the record behind the giant did not arrive as it should")
    if max(map(len, whole)) > MIB:
        raise Wrong(f"a frame of {max(map(len, whole))} bytes is over the limit")
    at, data = 0, b"".join(whole[:-1])
    for _, clean in _giant(blocks):
        if data[at:at + len(clean)] != clean:
            raise Wrong(f"the giant was changed in the MiB from byte {at}")
        at += len(clean)
    if at != len(data):
        raise Wrong(f"{len(data) - at} bytes too many came of the giant")


FAULTS = [cut_sender, half_closed_sender, trickle, too_slow, crowd, thousand, giant]
