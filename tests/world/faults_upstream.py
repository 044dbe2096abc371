"""What may happen on the way to the collector. Lost may only be what logveil says may be, and nothing comes twice."""
import os
import signal
import time

from daemon import until
from records import MARK, Wrong, check, origin
from rig import MIB, all_arrived, drained, missing, size, stalled, steady


def bounded(logveil, receivers, counts, framing="newline"):
    """Drains; holds what is missing to the upper bound that logveil reports; returns both."""
    bound = logveil.metric("logveil_upstream_unconfirmed_bytes_total")
    memory = logveil.memory()
    drained(logveil)
    lost, lost_bytes = held(receivers, counts, bound, framing)
    return {"records": sum(counts.values()), "lost": lost, "lost bytes": lost_bytes, "said at most": int(bound),
            "MiB": memory}


def held(receivers, counts, bound, framing):
    """What is missing, in records and bytes: at most `bound` bytes of all that was sent, or it is Wrong."""
    arrived, torn = [], []
    for receiver in receivers:
        whole, rest = receiver.arrived(framing)
        arrived += whole
        torn += rest
    if any(MARK.encode() in piece for piece in torn):
        raise Wrong("a secret arrived in a torn record")
    lost = check(arrived, counts, may_lose=sum(counts.values()))
    lost_bytes = missing(arrived, counts, framing)
    if lost_bytes > bound:
        raise Wrong(f"{lost} records of {lost_bytes} bytes were lost, and at most {bound:.0f} were said to be")
    return lost, lost_bytes


def gone(rig):
    """The collector's host goes away in the middle of many records and comes back."""
    receiver = rig.receiver()
    proxy = rig.proxy(receiver)
    logveil = rig.logveil(proxy.address)
    counts = dict.fromkeys(range(4), rig.pick(20_000, 250_000))
    half = size(counts) // 2
    load = rig.load(logveil, counts)
    until("half of it arrived", lambda: receiver.size() > half)
    proxy.gone()
    begin = time.monotonic()
    until("it noticed", lambda: logveil.metric("logveil_upstream_up") == 0)
    until("the time is over", lambda: time.monotonic() - begin > rig.pick(1, 30))
    if logveil.ask("/healthz")[0] != 200:
        raise Wrong("a lost upstream is no reason to be restarted, but /healthz says so")
    proxy.back()
    load.finish()
    return bounded(logveil, [receiver], counts)


def killed_receiver(rig, *options):
    """The collector stops reading, dies with unread bytes in its socket, and is started again."""
    receiver = rig.receiver(*options)
    logveil = rig.logveil(receiver.address)
    counts = dict.fromkeys(range(4), rig.pick(30_000, 250_000))
    third = size(counts) // 3
    load = rig.load(logveil, counts)
    until("a third arrived", lambda: receiver.size() > third)
    receiver.kill(signal.SIGSTOP)
    steady(lambda: load.bytes)
    receiver.kill()
    again = rig.again(receiver)
    load.finish()
    return bounded(logveil, [again], counts)


def killed_receiver_deep(rig):
    """The same with a receive buffer of 4 MiB: what dies in it is acknowledged and yet lost."""
    return killed_receiver(rig, "--buffer", str(4 * MIB))


def cut_upstream(rig):
    """The connection to the collector dies behind every byte of a frame; what comes after it arrives on the next."""
    figures = {"cuts": 0, "lost bytes": 0, "said at most": 0}
    for framing in ("newline", "octet"):
        receiver = rig.receiver()
        counts, bound = {}, 0
        for cut in range(1, 130, rig.pick(16, 1)):
            proxy = rig.proxy(receiver)
            proxy.cut_after(cut)
            logveil = rig.logveil(proxy.address, framing=framing)
            counts.update({cut: 3, 1000 + cut: 3})
            rig.load(logveil, {cut: 3}, framing).finish()
            until("it was cut", lambda proxy=proxy: proxy.connections > 1)
            rig.load(logveil, {1000 + cut: 3}, framing).finish()
            bound += logveil.metric("logveil_upstream_unconfirmed_bytes_total")
            drained(logveil)
            proxy.close()
        after = [r for r in receiver.arrived(framing)[0] if origin(r)[0] > 1000]
        check(after, {c: n for c, n in counts.items() if c > 1000}, what="behind the cut")
        figures["cuts"] += len(counts) // 2
        figures["lost bytes"] += held([receiver], counts, bound, framing)[1]
        figures["said at most"] += int(bound)
    return figures


def half_closed_receiver(rig):
    """A collector that closes its direction while it reads on, as one does that is being replaced: all arrives."""
    receiver = rig.receiver("--half-close", str(rig.pick(MIB, 8 * MIB)))
    logveil = rig.logveil(receiver.address)
    counts = dict.fromkeys(range(2), rig.pick(20_000, 400_000))
    rig.load(logveil, counts).finish()
    # The kernel still hands over what the connections given up had been written.
    until("all arrived", lambda: receiver.size() >= size(counts, "newline")
          and missing(receiver.arrived()[0], counts, "newline") <= 0)
    figures = bounded(logveil, [receiver], counts)
    if figures["lost"]:
        raise Wrong(f"{figures['lost']} records were lost to a collector that read on")
    return figures


def failover(rig):
    """The first upstream goes, the second takes over; the first returns and is preferred again."""
    first, second = rig.receiver(), rig.receiver()
    proxy = rig.proxy(first)
    logveil = rig.logveil([proxy.address, second.address])
    many = rig.pick(5_000, 200_000)
    counts = {}
    for c, (goes, target) in enumerate([(None, first), (proxy.gone, second), (proxy.back, first)]):
        if goes:
            goes()
            name = "out1" if target is second else "out0"
            until(f"{name} is up", lambda name=name: logveil.metric("logveil_upstream_up", upstream=name) == 1)
        before, counts[c] = target.size(), many
        rig.load(logveil, {c: many}).finish()
        until("it arrived there", lambda target=target, before=before: target.size() > before)
        steady(lambda: first.size() + second.size())
    return bounded(logveil, [first, second], counts)


def stopped(rig):
    """A collector that takes nothing for a while: senders wait, memory stays flat, nothing is lost."""
    receiver = rig.receiver()
    logveil = rig.logveil(receiver.address)
    receiver.kill(signal.SIGSTOP)
    counts = dict.fromkeys(range(2), rig.pick(150_000, 500_000))
    load = rig.load(logveil, counts)
    took = stalled(load, logveil)
    if not load.is_alive():
        raise Wrong("all was taken though nothing left: there is no back-pressure to see")
    receiver.kill(signal.SIGCONT)
    load.finish()
    all_arrived(receiver, counts)
    return {"records": sum(counts.values()), "taken while stopped": took, "MiB": logveil.memory()}


def other_ways(rig):
    """Upstreams that are no TCP: a Unix socket, a file."""
    counts = {1: rig.pick(5_000, 200_000)}
    receiver = rig.receiver(address="unix://" + rig.path("socket"))
    logveil = rig.logveil(receiver.address)
    rig.load(logveil, counts).finish()
    all_arrived(receiver, counts)
    folder = rig.path("file")
    os.mkdir(folder)
    logveil = rig.logveil(f"file://{folder}/000001")
    rig.load(logveil, counts).finish()
    drained(logveil)
    receiver.folder = folder
    all_arrived(receiver, counts)
    return {"records": counts[1] * 2}


FAULTS = [gone, killed_receiver, killed_receiver_deep, cut_upstream, half_closed_receiver, failover, stopped, other_ways]
