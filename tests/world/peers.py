"""Real peers around `logveil serve`: rsyslog and syslog-ng, each as sender and as collector, and openssl's two ends.

The programs are Debian's, unpacked into a folder; nothing is installed.
"""
import os
import subprocess

from collectors import Rsyslog, SyslogNg, free_port, listens
from daemon import Process, until
from records import CARD, MARK, Wrong, frame, masked, origin, sent
from rig import drained
from tls import Authority

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNPACKED = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"), "peers")


def _lines(file):
    if not os.path.exists(file):
        return []
    with open(file, "rb") as f:
        return f.read().split(b"\n")[:-1]


def through(rig, sender, collector, octet=False, tls=False):
    """Many records from one real program through logveil to the other: all, once, in order, masked, else untouched."""
    authority = Authority(rig.path("keys"), UNPACKED) if tls else None
    sender, collector = sender(UNPACKED), collector(UNPACKED)
    address, file = collector.receiver(rig, octet, authority)
    listen = upstream = ""
    if tls:
        certificate, key = authority.issue("logveil.test")
        listen = (f'certificate = "{certificate}"\nkey = "{key}"\nclient-ca = "{authority.certificate}"\n'
                  'client-names = ["sender.test"]\n')
        upstream = (f'ca = "{authority.certificate}"\nserver-name = "collector.test"\n'
                    f'certificate = "{certificate}"\nkey = "{key}"\n')
    logveil = rig.logveil(address, listen=("tls://127.0.0.1:0" if tls else "tcp://127.0.0.1:0",),
                          more_listen=listen, more_upstream=upstream)
    # The witness gets the same over plain TCP.
    witness = rig.receiver()
    source = sender.sender(rig, [logveil.listen[0], witness.address], octet, authority)
    many = rig.pick(5_000, 200_000)
    rig.load_to(source, {1: many}).finish()
    framing = "octet" if octet else "newline"
    until(f"{sender.name} sent all", lambda: len(witness.arrived(framing)[0]) >= many)
    until(f"{collector.name} wrote all", lambda: len(_lines(file)) >= many)
    drained(logveil)
    _same(_lines(file), witness.arrived(framing)[0], many)
    return {"records": many, "versions": " ".join(sender.unpacked.versions[-1:] + collector.unpacked.versions[-1:])}


def _same(arrived, on_the_wire, many):
    """What the collector wrote is what the sender sent, with masks in place of the secrets and nothing else."""
    # syslog-ng ends its counted frames with a newline, which rsyslog takes off.
    on_the_wire = [r.removesuffix(b"\n") for r in on_the_wire]
    if any(MARK.encode() in r or CARD.encode() in r for r in arrived):
        raise Wrong("a secret arrived")
    if not any(MARK.encode() in r for r in on_the_wire):
        raise Wrong("no secret was sent: the test does not test")
    if [origin(r) for r in arrived] != [(1, n) for n in range(many)]:
        raise Wrong(f"{len(arrived)} records arrived, not all {many} once and in order")
    for got, was in zip(arrived, on_the_wire, strict=True):
        if got != masked(was):
            raise Wrong(f"a record was changed:\n{got!r}\n{masked(was)!r}")


def rsyslog_lines(rig):
    """rsyslog -> logveil -> syslog-ng, newline framing."""
    return through(rig, Rsyslog, SyslogNg)


def rsyslog_octets(rig):
    """rsyslog -> logveil -> syslog-ng, octet counting."""
    return through(rig, Rsyslog, SyslogNg, octet=True)


def rsyslog_tls(rig):
    """rsyslog -> logveil -> syslog-ng, TLS on both sides, each with certificates of both."""
    return through(rig, Rsyslog, SyslogNg, octet=True, tls=True)


def syslog_ng_lines(rig):
    """syslog-ng -> logveil -> rsyslog, newline framing."""
    return through(rig, SyslogNg, Rsyslog)


def syslog_ng_octets(rig):
    """syslog-ng -> logveil -> rsyslog, octet counting."""
    return through(rig, SyslogNg, Rsyslog, octet=True)


def syslog_ng_tls(rig):
    """syslog-ng -> logveil -> rsyslog, TLS on both sides, each with certificates of both."""
    return through(rig, SyslogNg, Rsyslog, tls=True)


def mixed_framings(rig):
    """rsyslog counts and syslog-ng writes lines, to one listener: the upstream's connection has one framing."""
    figures = {}
    for more in ("", 'framing = "newline"'):
        receiver = rig.receiver()
        logveil = rig.logveil(receiver.address, more_upstream=more)
        sources = [Rsyslog(UNPACKED).sender(rig, logveil.listen, True),
                   SyslogNg(UNPACKED).sender(rig, logveil.listen, False)]
        many = rig.pick(2_000, 50_000)
        for c, source in enumerate(sources):
            rig.load_to(source, {c: many}).finish()
        file = os.path.join(receiver.folder, "000001")
        until("something arrived", lambda file=file: os.path.exists(file) and os.path.getsize(file) > 20)
        with open(file, "rb") as f:
            framing = "octet" if f.read(1).isdigit() else "newline"
        until("all arrived", lambda framing=framing, receiver=receiver:
              len(receiver.arrived(framing)[0]) >= 2 * many)
        drained(logveil)
        whole, torn = receiver.arrived(framing)
        if torn or sorted(map(origin, whole)) != [(c, n) for c in (0, 1) for n in range(many)]:
            raise Wrong(f"{len(whole)} records in {framing} framing and {len(torn)} torn, not {2 * many} whole ones")
        if any(MARK.encode() in r for r in whole):
            raise Wrong("a secret arrived")
        figures[more or "same"] = framing
    return figures


def openssl_client(rig):
    """openssl's client with and without a certificate: who gets in, and with which versions of TLS."""
    ours, theirs = Authority(rig.path("keys"), UNPACKED), Authority(rig.path("keys"), UNPACKED)
    certificate, key = ours.issue("logveil.test")
    own = f'certificate = "{certificate}"\nkey = "{key}"\n'
    named = own + f'client-ca = "{ours.certificate}"\nclient-names = ["app.test", "web.test"]\n'
    receiver = rig.receiver()
    opened = rig.logveil(receiver.address, listen=("tls://127.0.0.1:0",), more_listen=own)
    closed = rig.logveil(receiver.address, listen=("tls://127.0.0.1:0",), more_listen=named)
    trust = ("-CAfile", ours.certificate, "-verify_return_error", "-verify_hostname", "logveil.test")

    def client(authority, name):
        pair = authority.issue(name)
        return "-cert", pair[0], "-key", pair[1]

    cases = [
        ("no certificate where none is asked for", opened, (), True),
        ("TLS 1.3", opened, ("-tls1_3",), True),
        ("TLS 1.2", opened, ("-tls1_2",), True),
        ("TLS 1.1", opened, ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), False),
        ("no certificate where one is due", closed, (), False),
        ("no certificate, TLS 1.2", closed, ("-tls1_2",), False),
        ("a certificate of a listed name", closed, client(ours, "app.test"), True),
        ("a certificate of another listed name", closed, (*client(ours, "web.test"), "-tls1_2"), True),
        ("a certificate of a name not listed", closed, client(ours, "other.test"), False),
        ("a certificate of another authority", closed, client(theirs, "app.test"), False),
    ]
    for c, (what, logveil, options, welcome) in enumerate(cases):
        got_in = logveil.metric("logveil_records_total")
        said = ours.client(logveil.listen[0], frame(sent(c, 0), "newline") + frame(sent(c, 1), "newline"),
                           *trust, *options)[1]
        if welcome:
            until(f"records arrive with {what}: {said}", lambda c=c: _from(receiver, c) == 2)
        else:
            until(f"{what} is refused", lambda logveil=logveil: _refusals(logveil) > 0)
            if logveil.metric("logveil_records_total") != got_in or _from(receiver, c):
                raise Wrong(f"{what}: records got in")
    counted = _refusals(opened) + _refusals(closed)
    refused = sum(not welcome for *_, welcome in cases)
    if counted != refused:
        raise Wrong(f"{counted} clients were counted as refused, not {refused}")
    return {"cases": len(cases), "refused": refused}


def _from(receiver, c):
    return sum(origin(r) == (c, n) for n in (0, 1) for r in receiver.arrived()[0])


def _refusals(logveil):
    return logveil.metric("logveil_rejections_total", reason="handshake")


def openssl_server(rig):
    """An upstream that cannot show the right name, or is of another authority, gets nothing; the right one does."""
    ours, theirs = Authority(rig.path("keys"), UNPACKED), Authority(rig.path("keys"), UNPACKED)
    for authority, name, welcome in ((ours, "other.test", False), (theirs, "collector.test", False),
                                     (ours, "collector.test", True)):
        port = free_port()
        certificate, key = authority.issue(name)
        command, environment = authority.server(port, "-cert", certificate, "-key", key)
        got = rig.path("got")
        # It ends when its input does, so that must be open.
        more = {"stdin": subprocess.PIPE, "env": environment}
        with open(got, "wb") as out, Process(command, got + ".log", stdout=out, **more) as server:
            until("openssl listens", lambda port=port: listens(port))
            logveil = rig.logveil(f"tls://127.0.0.1:{port}",
                                  more_upstream=f'ca = "{ours.certificate}"\nserver-name = "collector.test"\n')
            rig.load(logveil, {1: 2}).finish()
            if welcome:
                until("it arrives", lambda got=got: len(_lines(got)) == 2)
                drained(logveil)
            else:
                until("it is refused", lambda logveil=logveil: "certificate" in logveil.said().lower())
                logveil.kill()
            server.kill()
        if not welcome and _lines(got):
            raise Wrong(f"an upstream of the name {name} got records")
    return {"cases": 3}


PEERS = [rsyslog_lines, rsyslog_octets, rsyslog_tls, syslog_ng_lines, syslog_ng_octets, syslog_ng_tls, mixed_framings,
         openssl_client, openssl_server]
