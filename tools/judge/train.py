#!/usr/bin/env python3
"""Trains the judge's table: train.py --binary BINARY --date YYYY-MM-DD --out TABLE [options] CORPUS...

  CORPUS            a folder with examples (*.jsonl) and, if it has any, logs/*.log with logs/logs.json (see README.md)
  --report FILE     a page of figures, each of a source by a table that has not seen it, and of the strongest weights
  --apart FOLDER    also write each table that was trained without one source and a quarter of the kinds of log

What the judge reads of a value is what `BINARY judge features` says, so that training and run time cannot drift. The
same corpora, date and options give the same table, byte for byte. Needs numpy and scikit-learn.
"""
import argparse, collections, hashlib, json, math, os, random, re, struct, subprocess, sys

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

MAGIC, VERSION, BITS = b"LVJUDGE1", 3, 13
KINDS = ["any", "likely", "random", "prose", "card", "other"]
CLASSES = 28
QUARTERS = 4
NEVER_GOES, NEVER_TAKEN = -32768, 32767
TOKEN = re.compile(rb"[A-Za-z0-9+/_\-.~!@#$%^&*?]{5,}={0,2}")
# At or below so many hundredths of a bit, what the rules would mask stays. They are chosen by hand from the page's figures by
# score, with what a wrong one costs in mind: a leak is worse than a wrong line. A password's key is hardly ever wrong, but
# that what wrongly passes for one is told easily; behind a token's key too few wrong lines would be saved for what would be
# lost; what rules of weak keys take is mostly wrong; numbers that may be cards are asked for by length alone.
LET_GO = {"any": -210, "likely": NEVER_GOES, "random": -300, "prose": NEVER_GOES, "card": -350, "other": NEVER_GOES}
# At or above so many, what a key's own rule lets go is masked. Lower ones take words of prose behind a token's key, and what a
# hash's or an identifier's key has behind it; what a password's rule lets go is a template or nothing.
TAKE = {"any": NEVER_TAKEN, "likely": 300, "random": 170, "prose": 100, "card": 100, "other": NEVER_TAKEN}
ROWS_OF_A_RULE = 40  # examples of one rule of one source
NUMBER = re.compile(rb"(?<![\w.+-])(?:\d{12,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4})(?![\w+-])")
TOKENS_OF_A_LOG = 500
NUMBERS_OF_A_LOG = 200
NAMED_OF_A_LOG = 60
LINE_MAX = 16 << 10


def arguments():
    p = argparse.ArgumentParser(add_help=False)
    for name in ("--binary", "--date", "--out", "--report", "--apart"):
        p.add_argument(name)
    p.add_argument("-h", "--help", action="store_true")
    p.add_argument("corpora", nargs="*")
    a = p.parse_args()
    if a.help or not (a.binary and a.date and a.out and a.corpora):
        print(__doc__)
        sys.exit(0 if a.help else 2)
    return a


def files(corpora):
    for corpus in corpora:
        for name in sorted(os.listdir(corpus)):
            if name.endswith(".jsonl"):
                yield os.path.join(corpus, name)
        logs = os.path.join(corpus, "logs")
        for name in sorted(os.listdir(logs)) if os.path.isdir(logs) else []:
            if name.endswith((".log", ".json")):
                yield os.path.join(logs, name)


def kind_of_log(name):
    """Logs of one program are of one kind, whoever collected them."""
    parts = re.split(r"[-_.]", name)
    return parts[1] if parts[0] in ("n2", "loghub", "elastic", "zed") and len(parts) > 1 else parts[0]


def quarter(kind):
    return hashlib.sha256(kind.encode()).digest()[0] % QUARTERS


class Row:
    """A candidate: where it is from, what it is called in figures, its label, weight and features."""

    __slots__ = ("source", "rule", "label", "kind", "weight", "at", "secret", "lines")
    names = {}  # of features: their places, and the sources that have them

    def __init__(self, source, rule, label, told, weight=1.0, lines=1):
        self.source, self.rule, self.label, self.weight, self.lines = source, rule, label, weight, lines
        self.kind, self.at, self.secret = told["kind"], tuple(told["at"]), told.get("secret")

    @staticmethod
    def learn_names(source, told):
        for place, name in zip(told["at"], told["names"]):
            Row.names.setdefault(name, (place, set()))[1].add(source)


# --- texts and their labels -------------------------------------------------------------------------------------------

def examples(paths):
    """(source, rule, text, secret or None): a secret's text, or one in which nothing is."""
    count = collections.Counter()
    for path in paths:
        source = os.path.basename(path)[:-6]
        for line in open(path, encoding="utf-8"):
            r = json.loads(line)
            count[source, r["rule"]] += 1
            if r["family"] == "private_key" or count[source, r["rule"]] > ROWS_OF_A_RULE:
                continue
            text = r["text"].encode("utf-8", "replace")
            if r["expect"] == "redact":
                secret = (r.get("secret") or "").encode("utf-8", "replace")
                if secret and not r.get("optional") and secret in text:
                    yield source, r["rule"], text, secret
            elif r.get("keep_kind") in ("hard", "near"):
                yield source, r["rule"], text, None


def logs(paths):
    """(file's name, lines, values by line that are secrets)"""
    for path in paths:
        name, folder = os.path.basename(path), os.path.dirname(path)
        secrets = collections.defaultdict(list)
        for entry in json.load(open(os.path.join(folder, "logs.json"), encoding="utf-8")):
            for value in entry["sensitive"] if entry["file"] == name else []:
                for n in value["lines"]:
                    secrets[n - 1].append(value["value"].encode())
        lines = open(path, "rb").read().decode("utf-8", "replace").encode().split(b"\n")
        yield name, lines, secrets


def label(text, start, end, secret):
    """1 for a secret, 0 for what has nothing of it, none for a piece of one or what holds one."""
    best = 0
    at = text.find(secret)
    while at >= 0:
        both = min(end, at + len(secret)) - max(start, at)
        best = max(best, both / max(len(secret), end - start, 1))
        at = text.find(secret, at + 1)
    return 1 if best >= 0.6 else 0 if best <= 0 else None


def ask(binary, given, table, names=False):
    """What the binary tells of each of the given texts."""
    lines = "".join(json.dumps(g) + "\n" for g in given)
    run = subprocess.run([binary, "judge", "features", "--table", table, *["--names"] * names], input=lines.encode(), stdout=subprocess.PIPE)
    if run.returncode:
        sys.exit("the binary refused what it was given")
    for line in run.stdout.splitlines():
        yield json.loads(line)


def other(text, m, kind="other"):
    before = text[: m.start()].decode("utf-8", "replace")
    return {"text": text.decode("utf-8", "replace"), "at": [len(before.encode()), len((before + m.group().decode()).encode())], "kind": kind}


def rows_of_examples(binary, paths, table):
    given, what = [], []
    for source, rule, text, secret in examples(paths):
        given.append({"text": text.decode("utf-8", "replace")})
        what.append((source, rule, secret, None))
        for m in NUMBER.finditer(text):
            is_secret = None if secret is None else label(text, m.start(), m.end(), secret)
            if secret is None or is_secret == 1:
                given.append(other(text, m, "card"))
                what.append((source, rule, secret, 0 if secret is None else 1))
        for m in TOKEN.finditer(text):
            if m.group().isdigit():
                continue
            is_secret = None if secret is None else label(text, m.start(), m.end(), secret)
            if secret is None or is_secret == 1:
                given.append(other(text, m))
                what.append((source, rule, secret, 0 if secret is None else 1))
    count = collections.Counter((w[0], w[1], w[2] is None) for w in what if w[3] is None)
    rows, seen = [], set()
    for told in ask(binary, given, table, True):
        source, rule, secret, fixed = what[told["line"]]
        text = given[told["line"]]["text"].encode()
        is_secret = fixed if fixed is not None else 0 if secret is None else label(text, told["start"], told["end"], secret)
        # Beside a secret there may be another one.
        if is_secret is None or secret is not None and is_secret == 0:
            continue
        Row.learn_names(source, told)
        key = (source, rule, is_secret, tuple(told["at"]))
        if key not in seen:
            seen.add(key)
            rows.append(Row(source, rule, is_secret, told, min(1.0, 6 / count[source, rule, secret is None])))
    return rows


def rows_of_logs(binary, paths, table):
    rows = []
    for name, lines, secrets in logs(paths):
        draw = random.Random(name)
        given, what = [], []
        for n, line in enumerate(lines):
            if line and len(line) <= LINE_MAX and n not in secrets:
                given.append({"text": line.decode()})
                what.append(n)
        for n in draw.sample(range(len(lines)), min(TOKENS_OF_A_LOG, len(lines))):
            tokens = [m for m in TOKEN.finditer(lines[n][:LINE_MAX])]
            if tokens and n not in secrets:
                given.append(other(lines[n][:LINE_MAX], draw.choice(tokens)))
                what.append(n)
        numbers = [(n, m) for n, line in enumerate(lines) if n not in secrets for m in NUMBER.finditer(line[:LINE_MAX])]
        for n, m in draw.sample(numbers, min(NUMBERS_OF_A_LOG, len(numbers))):
            given.append(other(lines[n][:LINE_MAX], m, "card"))
            what.append(n)
        for n in sorted(secrets):
            if n < len(lines) and len(lines[n]) <= LINE_MAX:
                given.append({"text": lines[n].decode()})
                what.append(n)
        same, each = collections.Counter(), {}
        for told in ask(binary, given, table):
            n = what[told["line"]]
            is_secret = 0
            if n in secrets:
                found = [label(given[told["line"]]["text"].encode(), told["start"], told["end"], s) for s in secrets[n]]
                is_secret = 1 if 1 in found else None
            if is_secret is None:
                continue
            key = (is_secret, told["kind"], tuple(told["at"]))
            same[key] += 1
            each.setdefault(key, told)
        # A template that comes often is one thing to learn.
        word = lambda told: told["at"][9]  # features come in order
        count = collections.Counter((told["kind"], word(told)) for told in each.values())
        for (is_secret, kind, _), told in each.items():
            weight = 1.0 if kind == "other" else min(1.0, 12 / count[kind, word(told)])
            key = (is_secret, kind, tuple(told["at"]))
            rows.append(Row("log:" + name, kind_of_log(name), is_secret, told, weight, same[key]))
        shown = [given[told["line"]] for told in list(each.values())[:NAMED_OF_A_LOG]]
        for told in ask(binary, shown, table, True) if shown else []:
            Row.learn_names("log:" + name, told)
    return rows


# --- pairs of letters -------------------------------------------------------------------------------------------------

def pairs(paths):
    """Log likelihoods of bytes by the byte before, in sixteenths of a bit, in ordinary log text."""
    of = np.full(256, 27, dtype=np.int64)
    for i in range(26):
        of[97 + i] = of[65 + i] = i
    of[48:58] = 26
    count = np.zeros((CLASSES, CLASSES))
    for _, lines, _ in logs(paths):
        text = np.frombuffer(b"\n".join(lines[:800]), dtype=np.uint8)
        classes = of[text]
        np.add.at(count, (classes[:-1], classes[1:]), 1.0 / max(1, len(text)))
    count *= 1e6
    bits = np.log2((count + 0.5) / (count.sum(1, keepdims=True) + 0.5 * CLASSES))
    bits[:, 26] -= math.log2(10)
    bits[:, 27] -= 3
    return np.clip(np.round(bits * 16), -128, 0).astype(np.int8).tobytes()


# --- the table --------------------------------------------------------------------------------------------------------

class Table:
    def __init__(self, date, corpora, pairs):
        self.date, self.corpora, self.pairs, self.learnt = date, corpora, pairs, (0, 0)
        self.scale, self.bias, self.weights = 256, 0, np.zeros(1 << BITS, dtype=np.int8)
        self.let_go, self.take = [LET_GO[k] for k in KINDS], [TAKE[k] for k in KINDS]

    def write(self, path):
        head = MAGIC + struct.pack("<H", VERSION) + self.date.encode() + self.corpora
        head += struct.pack("<IIii", *self.learnt, self.scale, self.bias)
        head += struct.pack(f"<{2 * len(KINDS)}h", *self.let_go, *self.take)
        open(path, "wb").write(head + self.pairs + self.weights.tobytes())

    def scores(self, x):
        """In hundredths of a bit, as the binary reckons."""
        sums = (x @ self.weights.astype(np.int64)).astype(np.int64)
        return (sums * self.scale >> 8) + self.bias


def matrix(rows):
    indices = np.array([i for r in rows for i in r.at], dtype=np.int32)
    ends = np.cumsum([0] + [len(r.at) for r in rows])
    x = csr_matrix((np.ones(len(indices), dtype=np.int64), indices, ends), shape=(len(rows), 1 << BITS))
    x.sum_duplicates()
    return x


def fit(table, x, rows, of):
    y = np.array([rows[i].label for i in of])
    weight = np.array([rows[i].weight for i in of])
    model = LogisticRegression(C=0.5, max_iter=400, solver="liblinear", random_state=1)
    model.fit(x[of].astype(np.float64), y, sample_weight=weight)
    coef = model.coef_[0]
    step = np.quantile(np.abs(coef[coef != 0]), 0.9995) / 127
    made = Table(table.date, table.corpora, table.pairs)
    made.weights = np.clip(np.round(coef / step), -127, 127).astype(np.int8)
    made.scale = max(1, int(round(step / math.log(2) * 100 * 256)))
    made.bias = int(round(model.intercept_[0] / math.log(2) * 100))
    made.learnt = (len(of), int(y.sum()))
    return made


# --- the report -------------------------------------------------------------------------------------------------------

def by_source(rows, scores, table):
    out = ["| source | true values the rules find | stay | values they miss | taken | innocent ones they take | stay | others | taken |", "|---|---|---|---|---|---|---|---|---|"]
    groups = collections.defaultdict(list)
    for r, s in zip(rows, scores):
        if r.kind != "other":
            groups["logs, kind by kind" if r.source.startswith("log:") else r.source].append((r, s))
    for source in sorted(groups):
        cells = []
        for lab, secret in ((1, True), (1, False), (0, True), (0, False)):
            of = [(r, s) for r, s in groups[source] if r.label == lab and r.secret == secret]
            moved = sum(s <= table.let_go[KINDS.index(r.kind)] if secret else s >= table.take[KINDS.index(r.kind)] for r, s in of)
            cells += [len(of), moved]
        out.append(f"| {source} | " + " | ".join(map(str, cells)) + " |")
    return out


def curves(rows, scores):
    out = ["| kind | score | true ones that would stay | wrong lines that would stay | missed ones taken | other lines taken |", "|---|---|---|---|---|---|"]
    for kind in KINDS[:-1]:
        of = [(r, s) for r, s in zip(rows, scores) if r.kind == kind and r.secret is not None]
        part = lambda lab, secret: [(r, s) for r, s in of if r.label == lab and r.secret == secret]
        logs_of = lambda some: [(r, s) for r, s in some if r.source.startswith("log:")]
        true, missed, wrong, rest = part(1, True), part(1, False), logs_of(part(0, True)), logs_of(part(0, False))
        for bits in (-6, -4, -3, -2, -1, 0, 1, 2, 3):
            at = 100 * bits
            weight = sum(r.weight for r, s in true)
            out.append(f"| {kind} | {bits:+d} | {sum(r.weight for r, s in true if s <= at):.1f} of {weight:.1f} | {sum(r.lines for r, s in wrong if s <= at)} of {sum(r.lines for r, s in wrong)} | {sum(s >= at for r, s in missed)} of {len(missed)} | {sum(r.lines for r, s in rest if s >= at)} |")
    return out


def strongest(table, most=40):
    """Features that several sources have, so that none shows what one of them wrote."""
    place = {name: place for name, (place, sources) in Row.names.items() if len(sources) >= 8}
    known = [n for n in place if "." not in n.split("=")[0] and not n.startswith(("gram", "value.gram"))]
    bits = lambda n: int(table.weights[place[n]]) * table.scale / 256 / 100
    known.sort(key=lambda n: (-bits(n), n))
    line = lambda n: f"| `{n.replace('|', chr(92) + '|')}` | {bits(n):+.1f} |"
    head = ["| feature | bits |", "|---|---|"]
    return head + [line(n) for n in known[:most]], head + [line(n) for n in reversed(known[-most:])]


def report(path, rows, scores, table, lines, a):
    out = ["# The judge's table", "", "Written by `train.py`; README.md says how.", ""]
    out += [f"- Date {a.date}; corpora's SHA-256 `{table.corpora.hex()}`; features of version {VERSION}; 2^{BITS} weights of 8 bits."]
    out += [f"- Learnt from {table.learnt[0]} candidates, {table.learnt[1]} of them secrets; logs of {lines} lines.", ""]
    out += ["## Thresholds", "", "In bits, by how a value came to be a candidate: at or below the first what the rules would mask stays, at or above", "the second what they would let go is masked.", "", "| kind | stays | is taken |", "|---|---|---|"]
    show = lambda n: "never" if abs(n) >= 32767 else f"{n / 100:+.1f}"
    out += [f"| {k} | {show(table.let_go[i])} | {show(table.take[i])} |" for i, k in enumerate(KINDS[:-1])]
    out += ["", "## By source, each judged by a table that has not seen it", "", "Logs by tables that have not seen a quarter of the kinds of log; distinct candidates are counted.", ""]
    out += by_source(rows, scores, table)
    out += ["", "## What other thresholds would do", "", "By score in bits: of the weight of true values that the rules find, the share at or below it; of the log lines that the", "rules get wrong, those at or below it; of the values that the rules miss, those at or above it; of the other log lines,", "those at or above it.", ""]
    out += curves(rows, scores)
    up, down = strongest(table)
    out += ["", "## What speaks most for a secret", "", *up, "", "## What speaks most against", "", *down, ""]
    open(path, "w", encoding="utf-8").write("\n".join(out))


def main():
    a = arguments()
    paths = list(files(a.corpora))
    sha = hashlib.sha256()
    for path in paths:
        sha.update(os.path.basename(path).encode() + b"\0" + open(path, "rb").read())
    texts, log_files = [p for p in paths if p.endswith(".jsonl")], [p for p in paths if p.endswith(".log")]
    table = Table(a.date, sha.digest(), pairs(log_files))
    table.write(a.out)  # the pairs alone: all that features need
    rows = rows_of_examples(a.binary, texts, a.out) + rows_of_logs(a.binary, log_files, a.out)
    lines = sum(open(p, "rb").read().count(b"\n") for p in log_files)
    print(f"{len(rows)} candidates, {sum(r.label for r in rows)} secrets", file=sys.stderr)
    x = matrix(rows)
    part = lambda r: quarter(r.rule) if r.source.startswith("log:") else None
    scores = np.zeros(len(rows), dtype=np.int64)
    sources = sorted({r.source for r in rows if not r.source.startswith("log:")})
    apart = []
    for n, source in enumerate(sources):
        q = n % QUARTERS
        made = fit(table, x, rows, [i for i, r in enumerate(rows) if r.source != source and part(r) != q])
        unseen = [i for i, r in enumerate(rows) if r.source == source or (n < QUARTERS and part(r) == q)]
        scores[unseen] = made.scores(x[unseen])
        apart.append((source, q, made))
    made = fit(table, x, rows, list(range(len(rows))))
    made.write(a.out)
    for source, q, other_table in apart if a.apart else []:
        os.makedirs(a.apart, exist_ok=True)
        other_table.write(os.path.join(a.apart, f"{source}.{q}.bin"))
    if a.report:
        report(a.report, rows, scores, made, lines, a)


if __name__ == "__main__":
    main()
