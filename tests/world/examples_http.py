"""The examples of deploy/examples that speak HTTP, each run as its reader would run it, and the dashboard beside them."""
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from collectors import free_port, listens
from daemon import HERE, Process, until
from debs import Unpacked
from doors import SECRET, Doors, held
from examples import EXAMPLES_AT
from peers import UNPACKED
from records import MARK, Wrong
from venvs import environment


def _run(rig, name):
    """Runs an example with ports of its own; its sender, its receiver and logveil are real."""
    count, ports = 100, {name: str(free_port()) for name in ("PORT", "RECEIVER_PORT", "ADMIN_PORT")}
    got = subprocess.run(["sh", os.path.join(EXAMPLES_AT, name, "run.sh")], stdin=subprocess.DEVNULL, text=True, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env={**os.environ, **ports, "LOGVEIL": os.path.abspath(rig.program[0]), "SECRET": SECRET,
                              "PYTHON": environment("doors.txt"), "COUNT": str(count)})
    if got.returncode != 0 or f"{count} " not in got.stdout:
        raise Wrong(f"{name}/run.sh ended with {got.returncode}:\n{got.stdout[-2000:]}")
    if MARK in got.stdout or got.stdout.count("[REDACTED:") < 2:
        raise Wrong(f"this was received:\n{got.stdout[-2000:]}")
    wanted = os.path.join(EXAMPLES_AT, name, "requirements.txt")
    with open(wanted, encoding="utf-8") as f, open(os.path.join(HERE, "doors.txt"), encoding="utf-8") as g:
        other = set(f.read().split()) - set(g.read().split())
    if other:
        raise Wrong(f"{wanted} lists what was not tried: {other}")
    return {"events": count}


def otlp_example(rig):
    """OpenTelemetry's SDK -> logveil -> what decodes by OpenTelemetry's messages."""
    return _run(rig, "otlp")


def loki_example(rig):
    """A handler for Loki -> logveil -> what takes Loki's place."""
    return _run(rig, "loki")


def elasticsearch_example(rig):
    """The configuration before Elasticsearch starts, and takes what its client sends; nothing else gets through."""
    doors = Doors(rig)
    with open(os.path.join(EXAMPLES_AT, "elasticsearch", "logveil.toml"), encoding="utf-8") as f:
        config = f.read()
    config = config.replace(":9201", ":0").replace("127.0.0.1:9200", doors.receiver_at["http"]).replace(":9600", ":0")
    logveil = doors.start(config)
    address = logveil.listen[0].partition("://")[2]
    doors.send("elastic-gzip", 200, to=address)
    held(doors.received(), 200)
    try:
        urllib.request.urlopen(f"http://{address}/logs/_search", timeout=30)
        raise Wrong("a read got through")
    except urllib.error.HTTPError as e:
        if e.code != 404:
            raise Wrong(f"a read was answered {e.code}") from None
    doors.end()
    return {"events": 200}


def _asked(port, query):
    """What Prometheus answers to a query: its series."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as e:
        raise Wrong(f"`{query}`: {e.read().decode()[:500]}") from None


def grafana_dashboard(rig):
    """Each query of the dashboard, asked of a Prometheus that scrapes logveil under load, has an answer with its labels."""
    with open(os.path.join(EXAMPLES_AT, "grafana-http.json"), encoding="utf-8") as f:
        dashboard = json.load(f)
    doors, port, folder = Doors(rig), free_port(), rig.path("prometheus")
    os.makedirs(folder)
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [
            {"job_name": "logveil", "static_configs": [{"targets": [doors.logveil["http"].admin]}]}]}, f)
    prometheus = Unpacked("prometheus", UNPACKED)
    rig.enter_context(Process(
        [prometheus.program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], rig.path("prometheus-log"),
        env=prometheus.environment(), cwd=folder))
    until("Prometheus listens", lambda: listens(port))
    asked = [(panel["title"], target) for panel in dashboard["panels"] for target in panel["targets"]]
    variables = [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    silent, end = asked, time.monotonic() + 60
    while silent and time.monotonic() < end:
        doors.send("http-gzip", 100)
        _refused(doors)
        silent = [(title, target) for title, target in silent if not _shown(port, target)]
    if silent:
        raise Wrong(f"these show nothing: {[(title, target['expr']) for title, target in silent]}")
    for query in variables:
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", query).groups()
        if not any(label in series["metric"] for series in _asked(port, metric)):
            raise Wrong(f"{query} has no value")
    doors.end()
    return {"panels": len(dashboard["panels"]), "queries": len(asked)}


def _refused(doors):
    """Sends what is refused, so that there is a reason to show."""
    request = urllib.request.Request(f"http://{doors.address()}/raw", data=b"x", headers={"Content-Encoding": "br"})
    try:
        urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError:
        pass


def _shown(port, target):
    """Whether a query has an answer, with the labels that its legend names."""
    series = _asked(port, target["expr"].replace("$job", "logveil").replace("$__rate_interval", "10s"))
    labels = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
    if any(label not in one["metric"] for one in series for label in labels):
        raise Wrong(f"`{target['expr']}` has no {labels}: {series[:2]}")
    return any(one["value"][1] != "NaN" for one in series)


EXAMPLES = [otlp_example, loki_example, elasticsearch_example, grafana_dashboard]
