"""rsyslog and syslog-ng as processes: as senders that are fed over TCP, as collectors that write a file.

Each has its configuration written for it. A sender sends everything twice, to logveil and to a witness, so that what
it really put on the wire is known byte for byte.
"""
import os
import socket

from daemon import Process, until
from debs import Unpacked


def free_port():
    """A port that was free a moment ago, for programs that cannot say which they got."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def listens(port):
    """Whether somebody listens there."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def _host_port(address):
    return address.partition("://")[2].rsplit(":", 1)


class Rsyslog:
    """rsyslog as Debian packages it; TLS by its OpenSSL driver."""

    name = "rsyslog"

    def __init__(self, folder, packages="rsyslog"):
        self.unpacked = Unpacked(packages, folder)

    def _start(self, rig, lines, identity=None):
        folder = rig.path("rsyslog")
        os.makedirs(folder)
        path = os.path.join(folder, "rsyslog.conf")
        head = [f'global(workDirectory="{folder}" net.enableDNS="off" maxMessageSize="64k"',
                'parser.escapeControlCharactersOnReceive="off")', 'module(load="imtcp")']
        if identity:
            head[1:1] = ['defaultNetstreamDriver="ossl"'] + [
                f'defaultNetstreamDriver{kind}File="{file}"' for kind, file in zip(("CA", "Cert", "Key"), identity)]
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(head + lines) + "\n")
        modules = self.unpacked.under("usr/lib/*-linux-gnu/rsyslog")
        command = [self.unpacked.program("rsyslogd"), "-n", "-f", path, "-i", os.path.join(folder, "pid"), "-M", modules]
        return rig.enter_context(Process(command, os.path.join(folder, "log"), env=self.unpacked.environment()))

    def sender(self, rig, targets, octet, authority=None):
        """Forwards what it gets at the returned port to all targets."""
        port, source = free_port(), ""
        lines = ['template(name="raw" type="string" string="%rawmsg%")', 'ruleset(name="out") {']
        for address in targets:
            host, there = _host_port(address)
            framing = "octet-counted" if octet else "traditional"
            tls = 'streamDriver="ptcp"'
            if address.startswith("tls:"):
                tls = ('streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/name" '
                       'streamDriverPermittedPeers="logveil.test"')
            lines.append(f'action(type="omfwd" target="{host}" port="{there}" protocol="tcp" tcp_framing="{framing}" '
                         f'template="raw" action.resumeRetryCount="-1" action.resumeInterval="1" {tls})')
        if authority:
            source = 'streamDriver.name="ptcp" streamDriver.mode="0"'
        lines += ["}", f'input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="out" {source})']
        self._start(rig, lines, authority and (authority.certificate, *authority.issue("sender.test")))
        until("rsyslog listens", lambda: listens(port))
        return f"tcp://127.0.0.1:{port}"

    def receiver(self, rig, octet, authority=None):
        """Writes each record it gets into a file; returns its address and the file. It tells the framing itself."""
        del octet
        port, file, tls = free_port(), rig.path("got"), ""
        if authority:
            tls = ('streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/name" '
                   'permittedPeer=["logveil.test"]')
        lines = ['template(name="line" type="string" string="%rawmsg%\\n")',
                 f'ruleset(name="in") {{ action(type="omfile" file="{file}" template="line" asyncWriting="off") }}',
                 f'input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="in" {tls})']
        self._start(rig, lines, authority and (authority.certificate, *authority.issue("collector.test")))
        until("rsyslog listens", lambda: listens(port))
        return f"{'tls' if authority else 'tcp'}://127.0.0.1:{port}", file


class SyslogNg:
    """syslog-ng as Debian packages it."""

    name = "syslog-ng"

    def __init__(self, folder, packages="syslog-ng"):
        self.unpacked = Unpacked(packages, folder)

    def _start(self, rig, lines):
        folder = rig.path("syslog-ng")
        os.makedirs(folder)
        path = os.path.join(folder, "syslog-ng.conf")
        head = ["@version: 3.38", "options { use-dns(no); dns-cache(no); keep-hostname(yes); log-msg-size(65536);",
                "  stats-freq(0); time-reopen(1); flush-lines(100); };"]
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(head + lines) + "\n")
        modules = self.unpacked.under("usr/lib/syslog-ng/3*")
        command = [self.unpacked.program("syslog-ng"), "-F", "--no-caps", "-f", path, f"--module-path={modules}",
                   "-p", os.path.join(folder, "pid"), "-R", os.path.join(folder, "persist"),
                   "-c", os.path.join(folder, "control")]
        return rig.enter_context(Process(command, os.path.join(folder, "log"), env=self.unpacked.environment()))

    @staticmethod
    def _driver(address, octet, authority, name, more):
        """`network` sends and takes lines, `syslog` counts octets."""
        host, port = _host_port(address)
        tls = ""
        if address.startswith("tls:"):
            certificate, key = authority.issue(name)
            tls = (f'tls(ca-file("{authority.certificate}") cert-file("{certificate}") key-file("{key}") '
                   'peer-verify(required-trusted))')
        kind = "syslog" if octet else "network"
        where = f'ip("{host}")' if "flags" in more else f'"{host}"'
        return f'{kind}({where} port({port}) transport("{address.partition("://")[0]}") {tls} {more});'

    def sender(self, rig, targets, octet, authority=None):
        """Forwards what it gets at the returned port to all targets."""
        port = free_port()
        source = self._driver(f"tcp://127.0.0.1:{port}", False, None, "", "flags(no-parse) max-connections(10)")
        lines = [f"source s {{ {source} }};"]
        for n, address in enumerate(targets):
            # A counted frame gets its newline from syslog-ng itself, a line from its template.
            template = 'template("$MSG")' if octet else 'template("$MSG\\n")'
            target = self._driver(address, octet, authority, "sender.test", template)
            lines += [f"destination d{n} {{ {target} }};",
                      f"log {{ source(s); destination(d{n}); flags(flow-control); }};"]
        self._start(rig, lines)
        until("syslog-ng listens", lambda: listens(port))
        return f"tcp://127.0.0.1:{port}"

    def receiver(self, rig, octet, authority=None):
        """Writes each record it gets into a file; returns its address and the file."""
        port, file = free_port(), rig.path("got")
        address = f"{'tls' if authority else 'tcp'}://127.0.0.1:{port}"
        source = self._driver(address, octet, authority, "collector.test", "flags(no-parse) max-connections(10)")
        self._start(rig, [f"source s {{ {source} }};", f'destination d {{ file("{file}" template("$MSG\\n")); }};',
                          "log { source(s); destination(d); flags(flow-control); };"])
        until("syslog-ng listens", lambda: listens(port))
        return address, file
