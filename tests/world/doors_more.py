"""More senders of HTTP and gRPC: Node's, handlers of Python's, rsyslog and syslog-ng, the Collector, Java's SDK."""
import json
import os
import shutil
import subprocess

from collectors import Rsyslog, SyslogNg, free_port, listens
from daemon import HERE, Process, until
from debs import Missing, Unpacked
from doors import SECRET, Doors, held
from fluent import node
from peers import UNPACKED
from records import Wrong
from venvs import made

NODE = ["json-none", "json-gzip", "proto-none", "proto-gzip", "grpc-none", "grpc-gzip", "elastic-none", "elastic-gzip",
        "loki-json", "loki-proto"]
HANDLERS = ["loki", "splunk", "datadog-none", "datadog-gzip", "datadog-deflate"]
# By its own name and how what it sends is compressed.
COLLECTOR = [("otlp_http", "none"), ("otlp_http", "gzip"), ("otlp_http", "zstd"), ("otlp_http", "snappy"),
             ("otlp_grpc", "none"), ("otlp_grpc", "gzip"), ("otlp_grpc", "snappy"), ("otlp_grpc", "zstd")]


def _each(doors, kinds, count, send):
    """Sends by each kind; every event of each is held."""
    for kind in kinds:
        send(kind)
        try:
            held(doors.received(), count)
        except Wrong as e:
            raise Wrong(f"{kind}: {e}") from None
    return {"events": len(kinds) * count}


def http_node(rig):
    """Node's: OpenTelemetry's exporters (JSON, protobuf, gRPC), Elasticsearch's client, Loki's transport of winston."""
    binary, npm = node()
    folder, wanted = os.path.join(UNPACKED, "npm-doors"), os.path.join(HERE, "node")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(wanted, name), folder)
    made(folder, os.path.join(wanted, "package-lock.json"), [
        [binary, npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]])
    doors, count = Doors(rig), rig.pick(500, 10_000)
    more = {"NODE_PATH": os.path.join(folder, "node_modules")}

    def send(kind):
        doors.run([binary, os.path.join(wanted, "senders.js"), kind, doors.address_of(kind), str(count)], kind, **more)
    figures = _each(doors, NODE, count, send)
    doors.end()
    return figures


def http_handlers(rig):
    """Handlers of Python's for Loki, Splunk's collector and Datadog (none, gzip, deflate)."""
    doors, count = Doors(rig), rig.pick(200, 2_000)
    figures = _each(doors, HANDLERS, count, lambda kind: doors.send(kind, count))
    doors.end()
    return figures


def _fed(rig, doors, port, count):
    """Sends events to a daemon, and waits until they arrived."""
    until("it listens", lambda: listens(port))
    lines = []
    for n in range(count):
        text = f"GET /item/{n} 200" if n % 10 == 9 else f"login n={n} user=alice pass" f"word={SECRET} from 203.0.113.9"
        lines.append(f"<11>Nov 22 10:00:00 h app[9]: {text}\n".encode())
    rig.sends(f"tcp://127.0.0.1:{port}", iter(lines)).finish()
    events = []

    def arrived():
        events.extend(doors.received())
        return len(events) >= count
    until("all arrived", arrived)
    held(events, count)


def http_daemons(rig):
    """rsyslog's omelasticsearch and syslog-ng's http(), each in bulk."""
    doors, count = Doors(rig), rig.pick(1_000, 20_000)
    host, there = doors.address().split(":")
    rsyslog, here = Rsyslog(UNPACKED, "rsyslog-elasticsearch"), free_port()
    rsyslog._start(rig, [
        'module(load="omelasticsearch")',
        r'template(name="document" type="string" string="{\"message\":\"%msg:::json%\"}")',
        'ruleset(name="out") {',
        f'action(type="omelasticsearch" server="{host}" serverport="{there}" template="document" searchIndex="logs"',
        'searchType="" bulkmode="on" action.resumeRetryCount="-1" queue.type="LinkedList" queue.dequeueBatchSize="200") }',
        f'input(type="imtcp" address="127.0.0.1" port="{here}" ruleset="out")'])
    _fed(rig, doors, here, count)
    syslog_ng, here = SyslogNg(UNPACKED, "syslog-ng-http"), free_port()
    body = r'''body("{\"index\":{\"_index\":\"logs\"}}\n$(format-json message=$MSG)") delimiter("\n") body-suffix("\n")'''
    syslog_ng._start(rig, [
        f'source s {{ network(ip("127.0.0.1") port({here}) transport("tcp")); }};',
        f'destination d {{ http(url("http://{host}:{there}/_bulk") method("POST") batch-lines(200) batch-timeout(200)',
        f'headers("Content-Type: application/x-ndjson") {body}); }};',
        "log { source(s); destination(d); flags(flow-control); };"])
    _fed(rig, doors, here, count)
    doors.end()
    return {"events": 2 * count, "versions": " ".join(v for v in rsyslog.unpacked.versions if "elastic" in v)}


def _collector():
    """The Collector, built from modules by version and checksum; built once."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not os.path.exists(go):
        raise Missing("there is no Go here")
    source, folder = os.path.join(HERE, "collector"), os.path.join(UNPACKED, "collector")
    os.makedirs(folder, exist_ok=True)
    for name in ("main.go", "go.mod", "go.sum"):
        shutil.copy(os.path.join(source, name), folder)
    # Modules and what is compiled of them stay in Go's own caches: it takes some minutes once, and seconds from then on.
    made(folder, os.path.join(source, "main.go"), [
        ["env", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=local", "CGO_ENABLED=0", go, "build", "-C", folder, "-trimpath",
         "-ldflags=-s -w", "-o", "otelcol", "."]])
    return os.path.join(folder, "otelcol")


def _settings(exporter, packed, doors_at, receiver_at, ports):
    """The Collector twice in one: what takes events for logveil, and what takes them from it."""
    there = doors_at["grpc" if "grpc" in exporter else "http"]
    out = {"endpoint": there, "tls": {"insecure": True}} if "grpc" in exporter else {"endpoint": f"http://{there}"}
    by = {name: {"endpoint": f"127.0.0.1:{port}"} for name, port in ports.items()}
    return {
        "receivers": {"otlp/before": {"protocols": {"http": by["before"]}},
                      "otlp/behind": {"protocols": {"http": by["http"], "grpc": by["grpc"]}}},
        "exporters": {f"{exporter}/logveil": {**out, "compression": packed},
                      "otlp_http/receiver": {"endpoint": f"http://{receiver_at}"}},
        "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": {
            "logs/before": {"receivers": ["otlp/before"], "exporters": [f"{exporter}/logveil"]},
            "logs/behind": {"receivers": ["otlp/behind"], "exporters": ["otlp_http/receiver"]}}},
    }


def http_collector(rig):
    """OpenTelemetry's Collector before logveil and behind it: OTLP over HTTP and gRPC, however it is compressed."""
    try:
        program = _collector()
    except Missing as e:
        print(f"  NOT RUN: the OpenTelemetry Collector: {e}", flush=True)
        return {"events": 0}
    ports = {name: free_port() for name in ("before", "http", "grpc")}
    doors, count = Doors(rig, upstream=ports), rig.pick(500, 20_000)
    at = {kind: doors.address(kind) for kind in ("http", "grpc")}
    for exporter, packed in COLLECTOR:
        settings = rig.path("collector") + ".yaml"
        with open(settings, "w", encoding="utf-8") as f:
            json.dump(_settings(exporter, packed, at, doors.receiver_at["http"], ports), f)
        collector = rig.enter_context(Process([program, "--config", "file:" + settings], rig.path("collector")))

        def alive(collector=collector):
            if collector.child.poll() is not None:
                raise Wrong(f"the Collector ended:\n{collector.said()[-2000:]}")
            return True
        until("the Collector listens", lambda: alive() and all(listens(port) for port in ports.values()))
        doors.send("http-none", count, to=f"127.0.0.1:{ports['before']}")
        events = []
        until(f"all arrived by {exporter} ({packed})",
              lambda: alive() and (events.extend(doors.received()) or len(events) >= count))
        held(events, count)
        collector.kill()
    doors.end()
    return {"events": len(COLLECTOR) * count}


def http_java(rig):
    """OpenTelemetry's SDK for Java: HTTP and gRPC (none, gzip)."""
    if not shutil.which("java") or not shutil.which("mvn"):
        print("  NOT RUN: OpenTelemetry's SDK for Java: there is no Java with Maven here", flush=True)
        return {"events": 0}
    folder, wanted = os.path.join(UNPACKED, "java-doors"), os.path.join(HERE, "java")
    os.makedirs(folder, exist_ok=True)
    pom = shutil.copy(os.path.join(wanted, "pom.xml"), folder)
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    made(folder, os.path.join(wanted, "pom.xml"), [
        ["mvn", "-q", "-B", "-f", pom, f"-Dmaven.repo.local={UNPACKED}/maven", copy, f"-DoutputDirectory={folder}/jars"]])
    doors, count = Doors(rig), rig.pick(500, 20_000)

    def send(kind):
        doors.run(["java", "-cp", f"{folder}/jars/*", os.path.join(wanted, "Sender.java"), kind, doors.address_of(kind),
                   str(count)], kind)
    figures = _each(doors, ["http-none", "http-gzip", "grpc-none", "grpc-gzip"], count, send)
    doors.end()
    return figures


SENDERS = [http_node, http_handlers, http_daemons, http_collector, http_java]
