"""The files of deploy/: held to their schemas, to how little a sidecar may do, and run with the real program."""
import json
import os
import re
import shutil
import subprocess

from daemon import Logveil
from debs import tool
from peers import ROOT, UNPACKED
from records import Wrong
from rig import all_arrived, drained, port
from venvs import environment as made

DEPLOY = os.path.join(ROOT, "deploy")
# Where a native sidecar became part of Kubernetes for good is 1.33; it runs by default since 1.29.
KUBERNETES = "1.33"
EXPOSURE_MAX = 2.0
USER = 65532


def _text(name):
    with open(os.path.join(DEPLOY, name), encoding="utf-8") as f:
        return f.read()


def environment():
    """A virtual environment with the validators, made once: its Python."""
    return made("requirements.txt")


def run(*command):
    """What a command prints; that it fails is wrong."""
    got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False)
    if got.returncode != 0:
        raise Wrong(f"`{' '.join(command[1:])}` says:\n{got.stdout[-2000:]}")
    return got.stdout


def _parsed(name):
    """The documents of a YAML file, read by the validators' parser."""
    code = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1], encoding='utf-8')))))"
    return json.loads(run(environment(), "-c", code, os.path.join(DEPLOY, name)))


def _hold(what, wanted):
    """Each of these facts must be so."""
    wrong = [fact for fact, so in wanted.items() if not so]
    if wrong:
        raise Wrong(f"{what}: not so: {'; '.join(wrong)}")


def kubernetes(rig):
    """The manifests fit the schemas, the sidecar is native and may do next to nothing, its configuration starts."""
    validator = os.path.join(os.path.dirname(environment()), "kubernetes-validate")
    run(environment(), validator, "--strict", "-k", KUBERNETES, os.path.join(DEPLOY, "kubernetes.yaml"))
    documents = {d["kind"]: d for d in _parsed("kubernetes.yaml")}
    pod = documents["Deployment"]["spec"]["template"]["spec"]
    sidecar, = pod["initContainers"]
    locked = sidecar["securityContext"]
    config = documents["ConfigMap"]["data"]["logveil.toml"]
    drain = int(re.search(r"^drain-seconds = (\d+)$", config, re.M)[1])
    _hold("kubernetes.yaml", {
        "restartPolicy Always": sidecar["restartPolicy"] == "Always",
        "user": locked["runAsUser"] == USER and locked["runAsGroup"] == USER and locked["runAsNonRoot"],
        "read-only root": locked["readOnlyRootFilesystem"],
        "no new privileges": not locked["allowPrivilegeEscalation"] and not locked["privileged"],
        "no capabilities": locked["capabilities"] == {"drop": ["ALL"]},
        "seccomp": locked["seccompProfile"] == {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"],
        "no token": pod["automountServiceAccountToken"] is False,
        "limits": {"cpu", "memory"} == set(sidecar["resources"]["limits"]) == set(sidecar["resources"]["requests"]),
        "probes": all(sidecar[p]["httpGet"]["path"] == "/healthz" for p in ("startupProbe", "livenessProbe")),
        "time to drain": drain < pod["terminationGracePeriodSeconds"],
    })
    _starts(rig, config)
    return {"documents": len(documents), "schemas": KUBERNETES}


def compose(_):
    """The compose file fits its schema and locks logveil in as the others do."""
    run(environment(), os.path.join(os.path.dirname(environment()), "check-jsonschema"), "--builtin-schema",
         "vendor.compose-spec", os.path.join(DEPLOY, "compose.yaml"))
    service = _parsed("compose.yaml")[0]["services"]["logveil"]
    _hold("compose.yaml", {
        "user": service["user"] == f"{USER}:{USER}",
        "read-only root": service["read_only"],
        "no capabilities": service["cap_drop"] == ["ALL"] and "cap_add" not in service,
        "no new privileges": "no-new-privileges:true" in service["security_opt"],
        "limits": {"mem_limit", "pids_limit"} <= set(service),
        "published to loopback alone": all(p.startswith("127.0.0.1:") for p in service["ports"]),
        "command": service["command"][0] == "serve",
    })
    return {}


def systemd(_):
    """The unit is one that systemd knows, and its exposure is under the bound."""
    analyze, environment = tool("systemd-analyze", "systemd", UNPACKED)
    unit = os.path.join(DEPLOY, "logveil.service")
    sockets = set(re.findall(r"^Listen(?:Stream|Datagram)=(\S+)$", _text("logveil.socket"), re.M))
    addresses = set(re.findall(r'^address = "(?:tcp|unix|unix-datagram)://([^"]+)"$', _text("logveil.toml"), re.M))
    _hold("logveil.socket", {"its sockets are the listeners of logveil.toml": sockets <= addresses and len(sockets) == 3})
    got = subprocess.run([analyze, "security", "--offline=true", unit], env=environment, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", got.stdout)
    # What it ignores, such as a misspelt key, it says before its table.
    odd = [line for line in got.stdout.splitlines() if unit in line and "exposure" not in line]
    if got.returncode != 0 or not exposure or odd:
        raise Wrong(f"systemd-analyze: {odd or got.stdout[-1000:]}")
    if float(exposure[1]) >= EXPOSURE_MAX:
        raise Wrong(f"the unit's exposure is {exposure[1]}, not under {EXPOSURE_MAX}")
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", _text("logveil.service"), re.M)[1])
    drain = int(re.search(r"^drain-seconds = (\d+)$", _text("logveil.toml"), re.M)[1])
    _hold("logveil.service", {"time to drain": drain < stop})
    return {"exposure": float(exposure[1])}


def example(rig):
    """The example configuration starts, takes records at each listener and hands them on."""
    _starts(rig, _text("logveil.toml"))
    return {}


def _starts(rig, config):
    """Starts a configuration with places of its own: what differs from the file is where, and nothing else."""
    receiver = rig.receiver()
    folder = rig.path("run")
    os.mkdir(folder)
    moved = re.sub(r"tcp://127\.0\.0\.1:5514", "tcp://127.0.0.1:0", config).replace("/run/logveil", folder)
    moved = re.sub(r'^address = "tcp://[^"]+:601"', f'address = "{receiver.address}"', moved, flags=re.M)
    moved = re.sub(r":9600", ":0", moved)
    if moved.count(receiver.address) != 1:
        raise Wrong("the configuration's upstream is not where it was")
    logveil = rig.enter_context(Logveil(rig.program, rig.path("logveil"), moved, admin=""))
    counts = {}
    for c, address in enumerate(logveil.listen):
        counts[c] = 50
        if address.startswith("unix-datagram"):
            rig.datagrams_to(address, c, 50)
        else:
            rig.load_to(address, {c: 50}).finish()
    all_arrived(receiver, counts)
    drained(logveil)


def empty_root(rig):
    """As in the image: alone in a root folder, with the files of names that a container engine puts there."""
    receiver = rig.receiver()
    root = rig.path("root")
    os.makedirs(os.path.join(root, "etc"))
    shutil.copy(rig.program[0], os.path.join(root, "logveil"))
    with open(os.path.join(root, "etc", "hosts"), "w", encoding="ascii") as f:
        f.write("127.0.0.1 collector\n")
    enter = ["chroot", root] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot", root]
    upstream = f"tcp://collector:{port(receiver.address)}"
    command = [*enter, "/logveil", "serve", "--listen", "tcp://127.0.0.1:0", "--upstream", upstream,
               "--admin", "127.0.0.1:0"]
    logveil = rig.enter_context(Logveil(command, rig.path("log"), None))
    rig.load(logveil, {1: 50}).finish()
    all_arrived(receiver, {1: 50})
    drained(logveil)
    return {}


DEPLOYED = [example, empty_root, kubernetes, compose, systemd]
