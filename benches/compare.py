#!/usr/bin/env python3
"""Measure logveil against cat, memcpy, sed, perl and ripgrep on the same input, in one run.

    cargo build --release
    python3 benches/compare.py target/release/logveil              # made-up logs, 256 MiB each
    python3 benches/compare.py target/release/logveil --size 64 --runs 3
    python3 benches/compare.py target/release/logveil --file app.log

Builds nothing and needs nothing but Python 3 on Linux; peers that are not installed are left out.

What is measured, with all of logveil's built-in rules on, input in the page cache:
  one core   `cat FILE | cat > /dev/null` is the yardstick; `logveil FILE > /dev/null`, also with no more rules
             than the peers get; each peer `PEER FILE > /dev/null`; a copy in memory (memcpy) of the same bytes.
  two cores  `logveil FILE > /dev/null` with two threads, against the same yardstick; for a pipe,
             `cat FILE | logveil | cat > /dev/null` against `cat FILE | cat | cat > /dev/null`.
Every round measures everything once, in an order that moves on from round to round; a table holds the
medians. When other programs are at work meanwhile, the ratio by processor time is the one to look at.
Peers get a small common rule set (password by key, password in a URL, ten token prefixes, card numbers
without a check digit): far less work than logveil does, and the best that their syntax can say.
Before a time is taken, logveil must mask exactly the planted secrets and nothing else.
"""
import argparse
import ctypes
import datetime
import os
import platform
import random
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
ALNUM = string.ascii_letters + string.digits
# What a planted secret begins with, so that a check can find what was left over.
MARK = "Zq7x"


# ---------------------------------------------------------------- input

def signs(r, n, of=ALNUM):
    return MARK + "".join(r.choices(of, k=n - len(MARK)))


def card(r):
    digits = [4] + [r.randrange(10) for _ in range(14)]
    total = sum(d // 10 + d % 10 for d in (d * (2 if i % 2 == 0 else 1) for i, d in enumerate(digits)))
    text = "".join(map(str, digits + [-total % 10]))
    return " ".join(text[i:i + 4] for i in range(0, 16, 4))


def ip(r):
    return f"{r.randrange(10, 200)}.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(256)}"


def iso(r, joint="T"):
    return (f"2024-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}{joint}"
            f"{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}")


def hexa(r, n):
    return f"{r.getrandbits(4 * n):0{n}x}"


HOSTS = ["web-01", "db-primary", "ip-10-0-3-17", "worker3.prod.example.com", "kafka-broker-2"]
USERS = ["root", "admin", "alice", "bob", "deploy", "postgres"]
PATHS = ["/", "/index.html", "/api/v1/users", "/api/v2/orders/items", "/login", "/health", "/static/js/main.js"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0", "curl/7.88.1",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"]
CLASSES = ["NIOServerCnxn", "QuorumPeer", "DataXceiver", "DispatcherServlet", "InvoiceService", "ReplicaManager"]
MESSAGES = ["Accepted socket connection from", "Received block of size from", "Request completed successfully",
            "Failed to connect to server: connection refused (retrying in seconds)", "check pass; user unknown",
            "Leader election finished: following the new leader epoch",
            "Successfully assigned pod to node; Back-off restarting failed container",
            "query took longer than expected: SELECT id, name FROM orders WHERE customer ="]


def access(r):
    return (f'{ip(r)} - - [{r.randrange(1, 29):02}/Mar/2024:{r.randrange(24):02}:{r.randrange(60):02}:07 +0000] '
            f'"GET {r.choice(PATHS)} HTTP/1.1" {r.choice([200, 200, 304, 404, 500])} {r.randrange(90000)} '
            f'"https://www.example.com{r.choice(PATHS)}" "{r.choice(AGENTS)}"')


def sshd(r):
    what = r.choice(["Failed password for", "Accepted publickey for", "Failed password for invalid user",
                     "pam_unix(sshd:session): session opened for user", "Connection closed by authenticating user"])
    return (f"Mar {r.randrange(1, 29):2} {r.randrange(24):02}:{r.randrange(60):02}:11 {r.choice(HOSTS)} "
            f"sshd[{r.randrange(30000)}]: {what} {r.choice(USERS)} from {ip(r)} port {r.randrange(65536)} ssh2")


def java(r):
    return (f"{iso(r, ' ')},{r.randrange(1000):03} - INFO  [http-nio-8080-exec-{r.randrange(50)}:"
            f"{r.choice(CLASSES)}@{r.randrange(2000)}] - {r.choice(MESSAGES)} /{ip(r)}:{r.randrange(65536)}")


def logfmt(r):
    return (f'time="{iso(r)}Z" level=info msg="{r.choice(MESSAGES)}" trace_id={hexa(r, 16)} host={r.choice(HOSTS)} '
            f"duration={r.randrange(900)}.{r.randrange(1000):03}ms caller={ip(r)}")


def kubernetes(r):
    return (f"I{r.randrange(1, 13):02}{r.randrange(1, 29):02} 10:11:12.{r.randrange(10**6):06}       1 "
            f'reconciler.go:{r.randrange(2000)}] "{r.choice(MESSAGES)}" pod="kube-system/coredns-{hexa(r, 9)}"')


def hdfs(r):
    return (f"081109 {r.randrange(240000):06} {r.randrange(3000)} INFO dfs.{r.choice(CLASSES)}: "
            f"{r.choice(MESSAGES)} blk_-{r.getrandbits(62)} src: /{ip(r)}:50010 dest: /{ip(r)}:50010")


def json_line(r, more=""):
    return (f'{{"ts":"{iso(r)}.{r.randrange(1000):03}Z","level":"info","logger":"auth.session",'
            f'"msg":"{r.choice(MESSAGES)}","user":"u{r.randrange(10000)}","auth_method":"oidc",'
            f'"token_type":"Bearer","max_tokens":4096,'
            f'"session":{{"renewed":true,"age_s":{r.randrange(86400)}}},"path":"{r.choice(PATHS)}",'
            f'"status":200,"trace_id":"{hexa(r, 32)}","duration_ms":{r.randrange(900)}{more}}}')


def plain_json(r):
    return (f'{{"timestamp":"{iso(r)}.{r.randrange(1000):03}Z","level":"INFO","message":"{r.choice(MESSAGES)}",'
            f'"requestId":"{hexa(r, 32)}","sourceIPAddress":"{ip(r)}","eventName":"GetObject","bytes":{r.randrange(9999)}}}')


def secret(r):
    kind = r.randrange(8)
    if kind == 0:
        return f"login user=alice password={signs(r, 14)} from {ip(r)}"
    if kind == 1:
        return f'config {{"user":"app","dbPassword":"{signs(r, 14)}","pool":5}}'
    if kind == 2:
        return f"connect postgres://app:{signs(r, 14)}@db.internal:5432/orders"
    if kind == 3:
        return f"upstream Authorization: Bearer {signs(r, 40)}"
    if kind == 4:
        return "signed by " + "AK" + "IA" + "".join(r.sample("BCDFGHJKLMNQRSTUVWXYZ234567", k=16)) + " in eu-west-1"
    if kind == 5:
        return "api call by " + "gl" + "pat-" + signs(r, 24) + " took 31ms"
    if kind == 6:
        return f"env DB_PASSWORD='{signs(r, 16)}' HOME=/root"
    return f"charge card {card(r)} amount 12.50 EUR"


KINDS = [access, sshd, java, logfmt, kubernetes, hdfs, access, plain_json]


def make(path, name, size):
    """Writes about `size` bytes; returns how many secrets are in them. 8 MiB are made, then repeated."""
    r = random.Random(1)
    lines, length, planted = [], 0, 0
    while length < min(size, 8 * MIB):
        n = len(lines)
        with_secret = name == "dense" or (name in ("one in 100", "json") and n % 100 == 50)
        if name == "json":
            line = json_line(r, f',"clientSecret":"{signs(r, 32)}"' if with_secret else "")
        elif with_secret:
            line = f"{iso(r)}Z web-01 app[{r.randrange(30000)}]: {secret(r)}"
        else:
            line = r.choice(KINDS)(r)
        planted += with_secret
        lines.append(line)
        length += len(line) + 1
    block = ("\n".join(lines) + "\n").encode()
    times = max(1, size // len(block))
    with open(path, "wb") as f:
        for _ in range(times):
            f.write(block)
    return planted, block


def check(logveil, name, planted, block):
    """logveil must mask each planted secret of the first block and leave every other line as it is."""
    out = subprocess.run([logveil], input=block, stdout=subprocess.PIPE, check=True).stdout
    before, after = block.split(b"\n"), out.split(b"\n")
    if len(before) != len(after):
        sys.exit(f"{name}: {len(before)} lines went in, {len(after)} came out")
    changed = sum(a != b for a, b in zip(before, after))
    if changed != planted or MARK.encode() in out:
        sys.exit(f"{name}: {planted} secrets were planted, {changed} lines were changed, "
                 f"{out.count(MARK.encode())} secrets are left")


# ---------------------------------------------------------------- measuring

def run(stages, cores, input_path, watch=None):
    """Runs a pipeline pinned to `cores`; returns seconds by the clock and of processor time.

    `watch` is called with the processes' ids meanwhile.
    """
    def pin():
        os.sched_setaffinity(0, cores)
    procs, left = [], None
    with open(input_path, "rb") as source, open(os.devnull, "wb") as sink:
        begin = time.perf_counter()
        for i, stage in enumerate(stages):
            last = i == len(stages) - 1
            proc = subprocess.Popen(stage, stdin=left or source, stdout=sink if last else subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, preexec_fn=pin)
            if left:
                left.close()
            left = proc.stdout
            procs.append(proc)
        if watch:
            watch([proc.pid for proc in procs])
        busy = 0.0
        for stage, proc in zip(stages, procs):
            _, status, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(status)
            if proc.returncode != 0:
                sys.exit(f"`{' '.join(stage)[:200]}` ended with {proc.returncode}")
            busy += usage.ru_utime + usage.ru_stime
        return time.perf_counter() - begin, busy


def peak_memory(stages, cores, input_path):
    """The peak resident memory of the biggest stage in MiB.

    `wait4` would say how much this script had when it forked, as that counts for a child too; so the kernel's
    mark for the running program is read every few milliseconds, in a run that no time is taken of.
    """
    peak = 0

    def watch(pids):
        nonlocal peak
        left = set(pids)
        while left:
            for pid in list(left):
                try:
                    with open(f"/proc/{pid}/status") as f:
                        fields = dict(line.split(":", 1) for line in f)
                except OSError:
                    fields = {}
                if "VmHWM" not in fields:  # it has ended
                    left.discard(pid)
                elif fields["Name"].strip() not in ("python3", os.path.basename(sys.executable)[:15]):
                    peak = max(peak, int(fields["VmHWM"].split()[0]))
            time.sleep(0.005)

    run(stages, cores, input_path, watch)
    return peak / 1024


def memcpy(path, core):
    """Copies the file's bytes in memory once, in pieces of 64 MiB that are mapped already; returns seconds as `run` does."""
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    with open(path, "rb") as f:
        piece = f.read(64 * MIB)
    size, target = os.path.getsize(path), ctypes.create_string_buffer(len(piece))
    ctypes.memset(target, 1, len(piece))
    done, begin, busy = 0, time.perf_counter(), time.process_time()
    while done < size:
        n = min(len(piece), size - done)
        ctypes.memmove(target, piece, n)
        done += n
    took = time.perf_counter() - begin, time.process_time() - busy
    os.sched_setaffinity(0, here)
    return took


# ---------------------------------------------------------------- peers

TOKENS = [("AK" + "IA", "[A-Z0-9]{16}"), ("gh" + "p_", "[A-Za-z0-9]{36}"), ("gl" + "pat-", "[A-Za-z0-9_-]{20}"),
          ("xo" + "xb-", "[A-Za-z0-9-]{20,}"), ("sk" + "_live_", "[A-Za-z0-9]{24}"), ("np" + "m_", "[A-Za-z0-9]{36}"),
          ("S" + "G[.]", "[A-Za-z0-9_-]{22}[.][A-Za-z0-9_-]{43}"), ("AI" + "za", "[A-Za-z0-9_-]{35}"),
          ("do" + "p_v1_", "[a-f0-9]{64}"), ("hv" + "s[.]", "[A-Za-z0-9_-]{24,}")]
TOKEN = "(" + "|".join(a + b for a, b in TOKENS) + ")"
# The same set among logveil's own rules.
SMALL = ("password,url-password,card-number,aws-access-key-id,github-pat,gitlab-pat,slack-bot-token,stripe-secret-key,"
         "npm-access-token,sendgrid-api-key,gcp-api-key,digitalocean-pat,vault-service-token")
CARD = "[3-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}"


def peers():
    key = "([Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd][\"']?[ ]*[=:][ ]*[\"']?)"
    url = "(://[^/:@ ]+:)"
    value = "[^ \"',;&]+"
    found = {}
    if shutil.which("sed"):
        script = f"s@{key}{value}@\\1[x]@g;s#{url}[^@/ ]+@#\\1[x]@#g;s/{TOKEN}/[x]/g;s/{CARD}/[x]/g"
        found["sed"] = ["sed", "-E", script]
    if shutil.which("perl"):
        value_p = "[^ \"\\x27,;&]+"
        key_p = "(password[\"\\x27]?\\s*[=:]\\s*[\"\\x27]?)"
        script = (f"s/{key_p}{value_p}/$1\\[x]/gi; s#{url.replace('@', chr(92) + '@')}[^\\@/ ]+\\@#$1\\[x]\\@#g; "
                  f"s/{TOKEN}/[x]/g; s/{CARD}/[x]/g")
        found["perl"] = ["perl", "-pe", script]
    if shutil.which("rg"):
        pattern = f"(?-u)(?P<k>(?i:password)[\"']?\\s*[=:]\\s*[\"']?){value}|(?P<u>://[^/:@ ]+:)[^@/ ]+@|{TOKEN}|{CARD}"
        found["ripgrep"] = ["rg", "--no-config", "--text", "--passthru", "--no-line-number", "--no-filename",
                            "-r", "${k}${u}[x]", "-e", pattern]
    return found


def machine():
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


# ---------------------------------------------------------------- the run

def measure(args, path, cores, rivals):
    one, two = {cores[0]}, set(cores[:2])
    pipelines = {"cat FILE | cat": ([["cat", path], ["cat"]], one), "logveil FILE": ([[args.logveil, path]], one)}
    pipelines["logveil FILE, small rule set"] = ([[args.logveil, "--only", SMALL, path]], one)
    pipelines |= {f"{name} FILE": ([argv + [path]], one) for name, argv in rivals.items()}
    if len(cores) > 1:
        pipelines["logveil FILE, two threads"] = ([[args.logveil, "--threads", "2", path]], two)
        pipelines["cat FILE | cat | cat"] = ([["cat", path], ["cat"], ["cat"]], two)
        pipelines["cat FILE | logveil | cat"] = ([["cat", path], [args.logveil], ["cat"]], two)
    # These runs also bring the file into the page cache.
    peak = {name: peak_memory(*what, path) for name, what in pipelines.items()}
    things = {name: lambda what=what: run(*what, path) for name, what in pipelines.items()}
    things["memcpy"] = lambda: memcpy(path, cores[0])
    slow, seconds = set(), {name: [] for name in things}
    for n in range(args.runs):
        names = list(things)
        start = n % len(names)
        for name in names[start:] + names[:start]:
            if name in slow:
                continue
            seconds[name].append(things[name]())
            if seconds[name][-1][0] > args.patience:
                slow.add(name)  # once is enough
    def medians(times):
        return [statistics.median(column) for column in zip(*times)]
    return {name: (*medians(times), peak.get(name)) for name, times in seconds.items()}


def table(title, size, results):
    print(f"\n### {title}, {size / MIB:.0f} MiB\n")
    print("| what | cores | MB/s | ratio to its yardstick | ratio by processor time | peak MiB |")
    print("|---|---|---|---|---|---|")
    for name, (took, busy, memory) in results.items():
        piped = name.count("|") == 2
        two = piped or name.endswith("threads")
        clock, spent, _ = results["cat FILE | cat | cat" if piped else "cat FILE | cat"]
        shown = f"{memory:.0f}" if memory else "-"
        print(f"| `{name.replace('|', chr(92) + '|')}` | {2 if two else 1} | {size / took / 1e6:.0f} | {clock / took:.3f} | {spent / busy:.3f} | {shown} |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logveil", help="the binary")
    parser.add_argument("--file", help="measure on this log instead of made-up ones")
    parser.add_argument("--size", type=int, default=256, help="MiB of each made-up log (default 256)")
    parser.add_argument("--runs", type=int, default=5, help="rounds; the table holds medians (default 5)")
    parser.add_argument("--only", action="append", choices=["clean", "one in 100", "json", "dense"])
    parser.add_argument("--no-peers", action="store_true", help="leave out sed, perl and ripgrep")
    parser.add_argument("--patience", type=float, default=8.0,
                        help="what takes longer than these seconds is measured once (default 8)")
    args = parser.parse_args()
    if args.size < 1 or args.runs < 1:
        parser.error("--size and --runs are at least 1")
    args.logveil = os.path.abspath(args.logveil)
    if not os.access(args.logveil, os.X_OK):
        parser.error(f"{args.logveil} is no program")
    os.environ["LC_ALL"] = "C"  # the peers at their fastest
    cores = sorted(os.sched_getaffinity(0))
    rivals = {} if args.no_peers else peers()
    print(f"{machine()}; {datetime.date.today()}; medians of {args.runs}; MB/s = 10^6 input bytes a second")
    missing = [p for p in ("sed", "perl", "rg") if not shutil.which(p)]
    if missing and not args.no_peers:
        print(f"not installed: {', '.join(missing)}")
    if args.file:
        table(os.path.basename(args.file), os.path.getsize(args.file),
              measure(args, os.path.abspath(args.file), cores, rivals))
        return
    with tempfile.TemporaryDirectory(prefix="logveil-compare-") as folder:
        for name in args.only or ["clean", "one in 100", "json", "dense"]:
            path = os.path.join(folder, "input.log")
            planted, block = make(path, name, args.size * MIB)
            check(args.logveil, name, planted, block)
            table(name, os.path.getsize(path), measure(args, path, cores, rivals))


if __name__ == "__main__":
    main()
