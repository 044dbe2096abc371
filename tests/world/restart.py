"""Restarts under load, with senders as they are: nobody is refused, nothing is missing, and each process ends with 0.

Go's writer never looks at its connection: what it writes in the very moment of a reset is lost, as README says. That is
so rare that over all restarts of a run it may happen once; who ended connections in order would lose one each time.

Two ways: the sockets are passed by whoever manages the service (as systemd does), or the new process binds them beside
the old one (`--hand-over`).
"""
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from collectors import Rsyslog, free_port
from daemon import Logveil, connect, until
from debs import tool
from peers import UNPACKED
from records import MARK, Wrong
from rig import drained
from snippets import blocks

GO = '''package main

import (
	"fmt"
	"log/syslog"
	"os"
	"strconv"
	"time"
)

func main() {
	many, _ := strconv.Atoi(os.Args[2])
	log, err := syslog.Dial("tcp", os.Args[1], syslog.LOG_INFO|syslog.LOG_USER, "app")
	if err != nil {
		panic(err)
	}
	for n := 0; n < many; n++ {
		if err := log.Info(fmt.Sprintf("c=go n=%d; password=%s", n, os.Args[3])); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		// It never looks: what it wrote while its connection was being reset would be lost.
		time.Sleep(20 * time.Millisecond)
	}
	log.Close()
}
'''


def _python(address, many, failed):
    """The handler of docs/clients.md, and one connection a record besides."""
    text = next(texts[0] for (kind, *_), _, texts in blocks() if kind == "python")
    text = text.replace('("127.0.0.1", 5514)', repr(address)).split("log.error")[0]
    logging.getLogger("app").handlers.clear()  # of a test before
    scope = {}
    exec(text, scope)  # pylint: disable=exec-used
    try:
        for n in range(many):
            scope["log"].error("c=python n=%d; pass" "word=%s", n, MARK)
            time.sleep(0.002)
    except OSError as e:
        failed.append(f"python: {e}")


def _once(address, many, failed):
    try:
        for n in range(many):
            with socket.create_connection(address) as sock:
                sock.sendall(f"<13>c=once n={n}; pass" f"word={MARK}\n".encode())
            time.sleep(0.002)
    except OSError as e:
        failed.append(f"once: {e}")


def _go(rig):
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not os.path.exists(go):
        print("  NOT RUN: there is no Go here", flush=True)
        return None
    folder = rig.path("go")
    os.makedirs(folder)
    with open(os.path.join(folder, "app.go"), "w", encoding="utf-8") as f:
        f.write(GO)
    environment = {**os.environ, "GOCACHE": os.path.join(UNPACKED, "go-cache"), "GOTOOLCHAIN": "local", "GO111MODULE": "off"}
    subprocess.run([go, "build", "-o", "app", "app.go"], cwd=folder, env=environment, check=True)
    return os.path.join(folder, "app")


class _Passed:
    """Passes its socket to each process, and one behind the other."""

    def __init__(self, rig, config, address):
        self.rig, self.config, self.now = rig, config, None
        self.sock = socket.create_server(address, backlog=1024)

    def restart(self):
        if self.now:
            drained(self.now)
        shell = 'exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_FDNAMES=in0; exec "$@"'
        command = ["sh", "-c", shell, "-", *self.rig.program]
        self.now = self.rig.enter_context(Logveil(command, self.rig.path("logveil"), self.config, stdin=self.sock))


class _Beside:
    """Each process binds the address beside the one before, which ends then."""

    def __init__(self, rig, config, address):
        del address
        self.rig, self.config, self.now = rig, config, None

    def restart(self):
        before = self.now
        self.now = self.rig.enter_context(
            Logveil(self.rig.program, self.rig.path("logveil"), self.config, options=["--hand-over"]))
        if before:
            drained(before)


def _under_load(rig, manager):
    receiver = rig.receiver()
    address = ("127.0.0.1", free_port())
    config = (f'[[listen]]\nname = "in0"\naddress = "tcp://127.0.0.1:{address[1]}"\n'
              f'[[upstream]]\naddress = "{receiver.address}"\nframing = "newline"\n')
    manager = manager(rig, config, address)
    manager.restart()
    many, failed = rig.pick(3_000, 30_000), []
    source = Rsyslog(UNPACKED).sender(rig, [f"tcp://127.0.0.1:{address[1]}"], True)
    threads = [threading.Thread(target=to, args=(address, many, failed), daemon=True) for to in (_python, _once)]
    program, go = _go(rig), None
    for thread in threads:
        thread.start()
    senders = {"python": many, "once": many}
    if program:
        go = subprocess.Popen([program, "%s:%d" % address, str(many // 10), MARK], stdout=subprocess.PIPE, text=True)
        senders["go"] = many // 10
    # What rsyslog forwards.
    feed = connect(source)
    restarts = 0
    fed = 0
    while any(t.is_alive() for t in threads) or (go and go.poll() is None):
        for _ in range(20):
            feed.sendall(f"<13>Nov 22 10:00:00 h app: c=rsyslog n={fed}; pass" f"word={MARK}\n".encode())
            fed += 1
        time.sleep(0.05)
        if fed % 400 == 0 and restarts < rig.pick(3, 20):
            manager.restart()
            restarts += 1
    feed.close()
    senders["rsyslog"] = fed
    if go and go.wait() != 0:
        failed.append("go: " + go.stdout.read())
    if failed:
        raise Wrong("; ".join(failed))
    wanted = sum(senders.values())

    def came():
        whole, _ = receiver.arrived()
        return whole if len(whole) >= wanted else None

    try:
        whole = until("all arrived", came)
    except Wrong:
        whole = receiver.arrived()[0]
    seen = {}
    for record in whole:
        if MARK.encode() in record:
            raise Wrong("a secret arrived")
        c, n = re.search(rb"c=(\w+) n=(\d+);", record).groups()
        seen.setdefault(c.decode(), []).append(int(n))
    lost = 0
    for c, count in senders.items():
        missing = set(range(count)) - set(seen.get(c, []))
        if len(missing) > (1 if c == "go" else 0):
            raise Wrong(f"{len(missing)} of {count} records of {c} are missing: {sorted(missing)[:5]}")
        lost += len(missing)
    drained(manager.now)
    return {"records": wanted, "restarts": restarts, "twice": len(whole) - wanted + lost, "lost by a reset": lost}


def restart_passed(rig):
    """Sockets that are passed: senders wait from one process to the next."""
    return _under_load(rig, _Passed)


def restart_beside(rig):
    """Hand-over: the old process drains beside the new one."""
    return _under_load(rig, _Beside)


def socket_activate(rig):
    """systemd's own way to pass a socket."""
    program, environment = tool("systemd-socket-activate", "systemd", UNPACKED)
    receiver, there = rig.receiver(), free_port()
    config = (f'[[listen]]\naddress = "tcp://127.0.0.1:{there}"\n[[upstream]]\naddress = "{receiver.address}"\n')
    folder = rig.path("logveil")
    os.makedirs(folder)
    path = os.path.join(folder, "logveil.toml")
    with open(path, "w", encoding="utf-8") as f:
        f.write('[admin]\nlisten = "off"\n' + config)
    command = [program, "-l", f"127.0.0.1:{there}", os.path.abspath(rig.program[0]), "serve", "--config", path]
    log = open(os.path.join(folder, "log"), "wb")
    child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=log)
    try:
        def sent():
            try:
                with socket.create_connection(("127.0.0.1", there)) as sock:
                    sock.sendall(f"<13>pass" f"word={MARK}\n".encode())
                return True
            except ConnectionRefusedError:
                return False
        until("it listens", sent)
        until("it arrived", lambda: receiver.arrived()[0] == [b"<13>pass" b"word=[REDACTED:password]"])
        child.send_signal(signal.SIGTERM)
        if child.wait(60) != 0:
            raise Wrong(f"it ended with {child.returncode}:\n{open(log.name, encoding='utf-8').read()[-1000:]}")
    finally:
        child.kill()
        child.wait()
    return {}


RESTARTS = [restart_passed, restart_beside, socket_activate]
