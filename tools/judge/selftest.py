#!/usr/bin/env python3
"""Trains a small table twice: selftest.py BINARY. The bytes are the same, the binary reads them, and the table has learnt.

Takes under a minute. Says NOT RUN where numpy or scikit-learn is missing.
"""
import importlib.util, json, os, random, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def corpus(folder, seed):
    draw = random.Random(seed)
    drawn = lambda n: "".join(draw.choice(LETTERS) for _ in range(n))
    for source in ("one", "two", "three", "four"):
        with open(os.path.join(folder, source + ".jsonl"), "w") as out:
            for n in range(60):
                key = draw.choice(["api key", "token", "client secret", "access token"])
                secret = drawn(draw.choice([20, 24, 32, 40])) + "7x"
                row = {"rule": "r%d" % (n % 7), "family": "token", "expect": "redact", "secret": secret}
                print(json.dumps(dict(row, text=f"{source} {key} {secret}")), file=out)
                word = draw.choice(["expired", "missing", "refresh", "rotation"])
                print(json.dumps(dict(row, expect="keep", keep_kind="hard", secret=None, text=f"{key}: {word}-{n}")), file=out)
    os.mkdir(os.path.join(folder, "logs"))
    names = ["web-%d.log" % n for n in range(9)]
    for name in names:
        with open(os.path.join(folder, "logs", name), "w") as out:
            for n in range(200):
                print(f"2026-01-01T00:00:{n % 60:02} INFO session_id={draw.randrange(16**8):x}.{n} token=rotation-{n} trace_id={draw.randrange(10**17)}", file=out)
    json.dump([{"file": n, "sensitive": []} for n in names], open(os.path.join(folder, "logs", "logs.json"), "w"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    missing = [m for m in ("numpy", "scipy", "sklearn") if importlib.util.find_spec(m) is None]
    if missing:
        print("NOT RUN: needs " + ", ".join(missing))
        return
    with tempfile.TemporaryDirectory() as folder:
        data, tables = os.path.join(folder, "corpus"), []
        os.mkdir(data)
        corpus(data, 1)
        for n in range(2):
            out = os.path.join(folder, f"{n}.bin")
            train = [sys.executable, os.path.join(HERE, "train.py"), "--binary", sys.argv[1], "--date", "2026-01-01", "--out", out, "--report", out + ".md", data]
            subprocess.run(train, check=True)
            tables.append(open(out, "rb").read())
        assert tables[0] == tables[1], "two runs gave different bytes"
        asked = [{"text": "acme api key q8Zr1Lw0mXv93TbNa5Kd"}, {"text": "token=rotation-17"}]
        run = subprocess.run([sys.argv[1], "judge", "features", "--table", os.path.join(folder, "0.bin")], input="\n".join(map(json.dumps, asked)).encode(), stdout=subprocess.PIPE, check=True)
        bits = {told["line"]: told["bits"] for told in map(json.loads, run.stdout.splitlines())}
        assert bits[0] > 0 > bits[1], f"not learnt: {bits}"
    print("the same table twice, and it has learnt")


if __name__ == "__main__":
    main()
