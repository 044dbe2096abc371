"""The status page and /metrics, read by other programs than ours."""
import os

from daemon import until
from deploy import environment, run
from records import MARK, Wrong
from rig import all_arrived, drained

HERE = os.path.dirname(os.path.abspath(__file__))


def page_and_metrics(rig):
    """Prometheus' own parser takes /metrics, and each number of the page is in it: idle, after load, after a reload."""
    receiver = rig.receiver()
    logveil = rig.logveil([receiver.address, "tcp://127.0.0.1:1"], listen=("tcp://127.0.0.1:0", "udp://127.0.0.1:0"))
    compared = _compare(rig, logveil)
    counts = {1: 2000, 2: 500}
    rig.load_to(logveil.listen[0], counts).finish()
    all_arrived(receiver, counts)
    until("nothing is in flight", lambda: logveil.metric("logveil_connections") == 0
          and logveil.metric("logveil_queue_bytes") == 0)
    compared = max(compared, _compare(rig, logveil))
    with open(os.path.join(os.path.dirname(logveil.log), "logveil.toml"), "a", encoding="utf-8") as f:
        f.write("connections = 1\n[nonsense\n")
    logveil.kill(1)  # SIGHUP
    until("the reload has failed", lambda: logveil.metric("logveil_reloads_total", result="failed") == 1)
    _compare(rig, logveil)
    if "Old rules" not in logveil.ask("/")[1]:
        raise Wrong("the page does not say that a reload failed")
    drained(logveil)
    return {"numbers": compared}


def _compare(rig, logveil):
    files = [rig.path("page"), rig.path("metrics")]
    for path, file in zip(("/", "/metrics"), files):
        status, text = logveil.ask(path)
        if status != 200 or MARK in text:
            raise Wrong(f"{path}: {status}, or it holds a secret")
        with open(file, "w", encoding="utf-8") as f:
            f.write(text)
    return int(run(environment(), os.path.join(HERE, "compare_page.py"), *files).split()[0])


STATUS = [page_and_metrics]
