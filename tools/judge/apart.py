#!/usr/bin/env python3
"""Scores a build for development on each source with the table that has not seen it: apart.py SCORER BINARY TABLES CORPUS...

  SCORER   a corpus scorer: `SCORER --set CORPUS [--source S] [--no-logs | --only-logs] --report FILE -- COMMAND`
  BINARY   built without --release: only such a build reads LOGVEIL_JUDGE_TABLE
  TABLES   what `train.py --apart` wrote: SOURCE.QUARTER.bin

Prints what the scorer's reports add up to: recall over rules, hard and near keeps, and wrong lines of logs, each kind of
log judged by a table that has not seen it.
"""
import collections, json, os, subprocess, sys, tempfile

from train import kind_of_log, quarter


def score(scorer, binary, table, corpora, *options):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        env = dict(os.environ, LOGVEIL_JUDGE_TABLE=os.path.abspath(table))
        sets = [x for c in corpora for x in ("--set", c)]
        run = [sys.executable, scorer, *sets, *options, "--report", out.name, "--", binary, "--mask", "text:ZZZZ"]
        subprocess.run(run, env=env, check=True, stdout=subprocess.DEVNULL)
        return json.load(open(out.name))


def logs_of(corpora, q, folder):
    """A corpus of the logs of one quarter of the kinds."""
    os.makedirs(os.path.join(folder, "logs"))
    entries = []
    for corpus in corpora:
        logs = os.path.join(corpus, "logs")
        for entry in json.load(open(os.path.join(logs, "logs.json"))) if os.path.isdir(logs) else []:
            if quarter(kind_of_log(entry["file"])) == q:
                name = os.path.basename(os.path.abspath(corpus)) + "-" + entry["file"]
                entries.append(dict(entry, file=name))
                os.symlink(os.path.abspath(os.path.join(logs, entry["file"])), os.path.join(folder, "logs", name))
    json.dump(entries, open(os.path.join(folder, "logs", "logs.json"), "w"))


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    scorer, binary, tables, corpora = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    here = {f[:-6] for c in corpora for f in os.listdir(c) if f.endswith(".jsonl")}
    rules, family, keep, logs = {}, collections.Counter(), collections.Counter(), collections.Counter()
    done, by_file = set(), []
    for name in sorted(os.listdir(tables)):
        source, q, _ = name.rsplit(".", 2)
        table = os.path.join(tables, name)
        if source in here:
            r = score(scorer, binary, table, corpora, "--source", source, "--no-logs")
            mean = lambda i: sum(v[i] / v[0] for v in r["rules"].values()) / max(1, len(r["rules"]))
            print(f"{source:24} rules {len(r['rules']):4}  macro {mean(1):.3f}  strict {mean(2):.3f}  keeps " + ", ".join(f"{k.split('/')[1]} {v[1]}/{v[0]}" for k, v in sorted(r["keep"].items()) if not k.startswith("ALL")))
            for k, v in r["rules"].items():
                rules[k] = [a + b for a, b in zip(rules.get(k, [0, 0, 0]), v)]
            for k, v in r["family"].items():
                family.update({(k, 0): v[0], (k, 1): v[1], (k, 2): v[2]})
            for k, v in r["keep"].items():
                if k.startswith("ALL"):
                    keep.update({(k, 0): v[0], (k, 1): v[1]})
        if int(q) not in done:
            done.add(int(q))
            with tempfile.TemporaryDirectory() as folder:
                logs_of(corpora, int(q), folder)
                r = score(scorer, binary, table, [folder], "--only-logs")
            for f, v in r["logs"].items():
                logs.update(lines=v["lines"], wrong=v["changed_unexpected"], gone=v["sensitive"][0], all=v["sensitive"][1])
                by_file.append((v["changed_unexpected"], f))
    if rules:
        print(f"rules {len(rules)}: macro {sum(v[1] / v[0] for v in rules.values()) / len(rules):.4f}, strict {sum(v[2] / v[0] for v in rules.values()) / len(rules):.4f}")
    for k in sorted({k for k, _ in family}):
        print(f"  {k}: {family[k, 1]} (strict {family[k, 2]}) of {family[k, 0]}")
    for k in sorted({k for k, _ in keep}):
        print(f"  keeps {k}: {keep[k, 1]} of {keep[k, 0]} changed")
    if logs["lines"]:
        print(f"logs: {logs['wrong']} wrong lines of {logs['lines']}, {1e6 * logs['wrong'] / logs['lines']:.0f} per million; {logs['gone']} of {logs['all']} known values gone")
        print("  " + ", ".join(f"{f} {n}" for n, f in sorted(by_file, reverse=True)[:16] if n))


if __name__ == "__main__":
    main()
