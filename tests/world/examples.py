"""The examples of deploy/examples, each run as its reader would run it."""
import os
import subprocess

from collectors import Rsyslog, free_port
from peers import ROOT, UNPACKED
from records import Wrong

EXAMPLES_AT = os.path.join(ROOT, "deploy", "examples")


def syslog_to_file(rig):
    """syslog -> rsyslog -> logveil -> file: three records arrive as they were sent, without the two secrets."""
    rsyslog = Rsyslog(UNPACKED).unpacked
    folder = rig.path("example")
    os.makedirs(folder)
    modules = rsyslog.under("usr/lib/*-linux-gnu/rsyslog")
    ports = {name: str(free_port()) for name in ("SYSLOG_PORT", "LOGVEIL_PORT", "ADMIN_PORT")}
    environment = {**rsyslog.environment(), **ports, "FOLDER": folder, "LOGVEIL": " ".join(rig.program),
                   "RSYSLOGD": f"{rsyslog.program('rsyslogd')} -M {modules}"}
    got = subprocess.run([os.path.join(EXAMPLES_AT, "syslog-to-file", "run")], env=environment, check=False, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if got.returncode != 0:
        raise Wrong(f"it ended with {got.returncode}:\n{got.stdout[-2000:]}")
    with open(os.path.join(folder, "sent"), encoding="utf-8") as f:
        sent = f.read().splitlines()
    with open(os.path.join(folder, "clean.log"), encoding="utf-8") as f:
        arrived = f.read().splitlines()
    secret = {"hunter2" "Xq9Lw": "[REDACTED:password]", "s3cret" "-Zq81": "REDACTED-url-password"}
    wanted = list(sent)
    for value, mask in secret.items():
        wanted = [record.replace(value, mask) for record in wanted]
    if len(sent) != 3 or sum(a != b for a, b in zip(sent, wanted)) != 2:
        raise Wrong(f"it did not send what it should: {sent}")
    # Each came over a connection of its own, so that their order is not known.
    messages = sorted(record.partition("] ")[2] for record in arrived)
    if messages != sorted(wanted) or any(not record.startswith("<13>1 ") for record in arrived):
        raise Wrong(f"this arrived:\n{arrived}\ninstead of\n{wanted}")
    return {"records": len(arrived), "versions": rsyslog.versions[-1]}


EXAMPLES = [syslog_to_file]
