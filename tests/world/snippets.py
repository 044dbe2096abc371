"""The snippets of docs/clients.md, each run as it stands there but for the port: what arrives is the record, masked.

A block behind `<!-- run: KIND ... -->` is run; a block behind `<!-- listen: KIND -->` is the configuration for the
next one, where the defaults do not do. A library or program that cannot be had is said, and its snippet is not run.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

from collectors import Rsyslog, SyslogNg, free_port, listens
from daemon import Logveil, connect, until
from debs import Missing, Unpacked
from fluent import node
from peers import ROOT, UNPACKED
from records import Wrong
from rig import drained, port
from venvs import made

PAGE = os.path.join(ROOT, "docs", "clients.md")
SECRET, MASK = "hunter2Xq9Lw", "[REDACTED:password]"
DEFAULT = '[[listen]]\naddress = "tcp://127.0.0.1:5514"\n[[upstream]]\naddress = "tcp://127.0.0.1:601"\nframing = "newline"\n'


def blocks():
    """(what is said of it, the configuration, the texts that belong together) of each snippet on the page."""
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    found, config = [], None
    for what, arguments, text in re.findall(r"<!-- (run|listen): (.*?) -->\n((?:```\w*\n.*?\n```\n+)+)", page, re.S):
        texts = re.findall(r"```\w*\n(.*?\n)```", text, re.S)
        if what == "listen":
            config = texts[0]
        else:
            found.append((arguments.split(), config, texts))
            config = None
    return found


def _run(command, folder, **more):
    got = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False, **more)
    if got.returncode != 0:
        raise Wrong(f"`{' '.join(command)}` ended with {got.returncode}:\n{got.stdout[-2000:]}")
    return got.stdout


def _of(folder, wanted):
    """A folder of what a list of packages needs, and the file that says so."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "wanted")
    text = "\n".join(wanted) + "\n"
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return path


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def run_python(folder, packages, text):
    python = sys.executable
    if packages:
        home = os.path.join(UNPACKED, "venv-" + packages[0].split("=")[0])
        python = os.path.join(home, "bin", "python")
        made(home, _of(home + "-of", packages), [
            [sys.executable, "-m", "venv", "--clear", home],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]])
    _write(folder, "app.py", text)
    _run([python, "app.py"], folder)


def run_go(folder, packages, text):
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not os.path.exists(go):
        raise Missing("there is no Go here")
    _write(folder, "app.go", text)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPATH": os.path.join(UNPACKED, "go"),
                   "GOCACHE": os.path.join(UNPACKED, "go-cache"), "GOTOOLCHAIN": "local"}
    for command in [["mod", "init", "app"], *(["get", p] for p in packages)]:
        got = subprocess.run([go, *command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
        if got.returncode != 0:
            raise Missing(f"`go {' '.join(command)}` failed:\n{got.stdout[-500:]}")
    _run([go, "run", "app.go"], folder, env=environment)


def run_node(folder, packages, text):
    binary, npm = node()
    home = os.path.join(UNPACKED, "npm-" + packages[0].split("@")[0])
    made(home, _of(home, packages), [[binary, npm, "install", "--prefix", home, "--ignore-scripts", "--no-audit",
                                      "--no-fund", "--loglevel=error", *packages]])
    os.symlink(os.path.join(home, "node_modules"), os.path.join(folder, "node_modules"))
    _write(folder, "app.js", text)
    # Whoever logs does not end by itself while a connection is open.
    _write(folder, "run.js", 'require("./app.js"); setTimeout(() => process.exit(0), 3000);\n')
    _run([binary, "run.js"], folder)


def run_java(folder, arguments, *texts):
    if not shutil.which("java") or not shutil.which("mvn"):
        raise Missing("there is no Java with Maven here")
    (package, name), (config, program) = arguments, texts
    group, artifact, version = package.split(":")
    home = os.path.join(UNPACKED, "java-" + artifact)
    os.makedirs(home, exist_ok=True)
    pom = ('<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
           '<groupId>a</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency>'
           f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
           "</dependency></dependencies></project>")
    path = os.path.join(home, "pom.xml")
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != pom:
        _write(home, "pom.xml", pom)
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    made(home, path, [["mvn", "-q", "-B", "-f", path, f"-Dmaven.repo.local={UNPACKED}/maven", copy,
                       f"-DoutputDirectory={home}/jars"]])
    _write(folder, name, config)
    _write(folder, "App.java", program)
    _run(["java", "-cp", f"{home}/jars/*:{folder}", "App.java"], folder)


def run_rsyslog(rig, there, text):
    """A rsyslog that gets the record from a program and hands it on by the snippet."""
    peer = Rsyslog(UNPACKED)
    here = free_port()
    peer._start(rig, [text, f'input(type="imtcp" address="127.0.0.1" port="{here}")'])
    _fed(rig, here)


def run_syslog_ng(rig, there, text):
    peer, here = SyslogNg(UNPACKED), free_port()
    peer._start(rig, [f'source s {{ network(ip("127.0.0.1") port({here}) transport("tcp")); }};', text,
                      "log { source(s); destination(d_logveil); };"])
    _fed(rig, here)


def _fed(rig, here):
    until("it listens", lambda: listens(here))
    record = f"<11>Nov 22 10:00:00 h app[9]: login user=alice pass" f"word={SECRET} from 203.0.113.9\n".encode()
    rig.sends(f"tcp://127.0.0.1:{here}", iter([record])).finish()


def _socket_snippets(rig, kinds):
    """Runs those of these kinds; how many, and what could not be had."""
    ran, missing = 0, []
    for (kind, *arguments), config, texts in blocks():
        if kind not in kinds:
            continue
        receiver = rig.receiver()
        moved = (config or DEFAULT).replace("127.0.0.1:5514", "127.0.0.1:0")
        moved = re.sub(r'"tcp://127\.0\.0\.1:(601|24224)"', f'"{receiver.address}"', moved)
        logveil = rig.enter_context(Logveil(rig.program, rig.path("logveil"), moved))
        there = port(logveil.listen[0])
        texts = [text.replace("5514", str(there)) for text in texts]
        folder = rig.path("app")
        os.makedirs(folder)
        try:
            if kind in PEERS:
                PEERS[kind](rig, there, *texts)
            elif kind == "java":
                run_java(folder, arguments, *texts)
            else:
                RUN[kind](folder, arguments, *texts)
        except Missing as e:
            missing.append(f"{kind} {' '.join(arguments)}: {e}")
            logveil.kill()
            continue
        _came(receiver, f"{kind} {' '.join(arguments)}")
        drained(logveil)
        ran += 1
    for why in missing:
        print(f"  NOT RUN: {why}", flush=True)
    return {"snippets": ran, "not run": len(missing)}


def _came(receiver, what):
    def all_of():
        data = b"".join(open(e.path, "rb").read() for e in os.scandir(receiver.folder))
        if SECRET.encode() in data:
            raise Wrong(f"{what}: the secret arrived")
        # GELF's own JSON, a syslog line, or a message of the forward protocol.
        return MASK.encode() in data and b"alice" in data and b"203.0.113.9" in data
    until(f"the record of {what} arrived", all_of)


RUN = {"python": run_python, "go": run_go, "node": run_node}
PEERS = {"rsyslog": run_rsyslog, "syslog-ng": run_syslog_ng}


def python_snippets(rig):
    """Python's own handlers, graypy, pygelf, fluent-logger."""
    return _socket_snippets(rig, {"python"})


def go_snippets(rig):
    """log/syslog and fluent-logger-golang."""
    return _socket_snippets(rig, {"go"})


def node_snippets(rig):
    """winston-syslog with an end and without, pino-syslog."""
    return _socket_snippets(rig, {"node"})


def java_snippets(rig):
    """Log4j 2 and Logback."""
    return _socket_snippets(rig, {"java"})


def daemon_snippets(rig):
    """rsyslog and syslog-ng, each in both framings."""
    return _socket_snippets(rig, {"rsyslog", "syslog-ng"})


def journald_snippets(rig):
    """A journal that systemd's own receiver wrote, read by journalctl and masked by logveil."""
    remote = Unpacked("journal", UNPACKED)
    program = glob.glob(os.path.join(remote.root, "*", "systemd", "systemd-journal-remote"))
    program += glob.glob(os.path.join(remote.root, "*", "*", "systemd", "systemd-journal-remote"))
    if not program:
        raise Missing("the package holds no systemd-journal-remote")
    folder = rig.path("journal")
    os.makedirs(folder)
    journal = os.path.join(folder, "remote.journal")
    entry = (f"__REALTIME_TIMESTAMP=1730000000000000\n_BOOT_ID={'1' * 32}\nMESSAGE=login user=alice pass"
             f"word={SECRET} from 203.0.113.9\nSYSLOG_IDENTIFIER=app\n\n")
    subprocess.run([program[0], "-o", journal, "-"], input=entry.encode(), env=remote.environment(), check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    bin_folder = os.path.join(folder, "bin")
    os.makedirs(bin_folder)
    _write(bin_folder, "journalctl", f'#!/bin/sh\nexec {remote.program("journalctl")} --file={journal} "$@"\n')
    os.chmod(os.path.join(bin_folder, "journalctl"), 0o755)
    os.symlink(os.path.abspath(rig.program[0]), os.path.join(bin_folder, "logveil"))
    ran = 0
    for (kind, *_), _, texts in blocks():
        if kind != "journald":
            continue
        text = texts[0]
        environment = {**remote.environment(), "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        said = _run(["sh", "-ec", text], folder, env=environment)
        if SECRET in said or MASK not in said or "alice" not in said:
            raise Wrong(f"`{text.strip()}` gave:\n{said[-1000:]}")
        ran += 1
    return {"snippets": ran}


def logrotate_snippet(rig):
    """logrotate moves the file of a file: upstream under load: nothing is missing, nothing torn."""
    rotate = Unpacked("logrotate", UNPACKED)
    text = next(texts[0] for (kind, *_), _, texts in blocks() if kind == "logrotate")
    folder = rig.path("log")
    os.makedirs(folder, 0o755)
    file = os.path.join(folder, "clean.log")
    logveil = rig.logveil(f"file://{file}")
    _write(folder, "pid", str(logveil.pid))
    text = text.replace("/var/log/logveil", folder).replace("/run/logveil.pid", os.path.join(folder, "pid"))
    _write(folder, "rotate.conf", f"su {os.geteuid()} {os.getegid()}\n".replace("su 0 0\n", "") + text)
    many, said = 400, []
    sock = connect(logveil.listen[0])
    for n in range(many):
        sock.sendall(f"<13>n={n} pass" f"word={SECRET} {'x' * 60}\n".encode())
        if n % 100 == 99:
            until("it is written", lambda: logveil.metric("logveil_queue_bytes") == 0)
            before = os.stat(file).st_ino
            _run([rotate.program("logrotate"), "-f", "-s", os.path.join(folder, "state"),
                  os.path.join(folder, "rotate.conf")], folder, env=rotate.environment())
            until("it was rotated", lambda before=before: os.path.exists(file) and os.stat(file).st_ino != before)
    sock.close()
    drained(logveil)
    for path in sorted(glob.glob(file + "*"), key=lambda p: -int(p.rsplit(".", 1)[1]) if p[-1].isdigit() else 0):
        with open(path, encoding="utf-8") as f:
            said += f.read().splitlines()
    if [line.split()[0] for line in said] != [f"<13>n={n}" for n in range(many)] or any(SECRET in line for line in said):
        raise Wrong(f"{len(said)} records are in the files, not all {many} once and in order")
    return {"records": many, "files": len(glob.glob(file + "*"))}


SNIPPETS = [python_snippets, go_snippets, node_snippets, java_snippets, daemon_snippets, journald_snippets,
            logrotate_snippet]
