#!/usr/bin/env python3
"""Holds a build of logveil to the build of another commit: output, counts by rule and `explain`, over the same input.

    cargo build --release && tests/differential.py target/release/logveil [FILE|FOLDER ...]

The other commit (--commit, by default the last one before the engine was rebuilt) is built once from git into the target
folder, or given as a binary (--reference). The input is what `tests/it/draw.rs` draws (every vector at every depth, splices
of vectors, made-up texts; PROPTEST_CASES says how many), the logs of `examples/`, and the files and folders that are named:
`*.jsonl` are corpora with a `text` in each line, everything else is a log. Each goes through with every mask.

A line may differ where NAMED says why; the script says how many did. It shows where a difference is (file and line), and
what it is only with --show: the input may be somebody's log. It exits with 1 if anything else differs.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMIT = "80492d9"
MASKS = ["label", "text:GONE", "stars", "keep:2,3", "hash", "remove"]
# What differs on purpose: a pattern of the input's line, and the vectors that show it.
NAMED = [
    (rb"(?i)[\[<](censored|scrubbed|sanitized|elided|sensitive|protected|obfuscated)\b[^\]>]{0,160}[\]>]", "masks of others, with a value behind"),
    (rb"<[A-Za-z_. -]+>[^\s\"'&,;<>]", "stand-ins with a value behind"),
]


def built(commit):
    """The release binary of that commit, built beside the project's own target folder."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "reference"
    binary = target / "release" / "logveil"
    if not (target / commit).exists():
        with tempfile.TemporaryDirectory() as source:
            archive = subprocess.Popen(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE)
            subprocess.run(["tar", "-x", "-C", source], stdin=archive.stdout, check=True)
            if archive.wait() != 0:
                sys.exit(f"git has no commit {commit}")
            build = ["cargo", "build", "--locked", "--release", "--bin", "logveil", "--target-dir", str(target)]
            subprocess.run(build, cwd=source, check=True)
        (target / commit).touch()
    return binary


def drawn(folder):
    """What the tests draw, written into the folder."""
    command = ["cargo", "test", "--locked", "--no-default-features", "--features", "compile", "--test", "it", "--", "--ignored", "--exact", "draw::inputs"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "LOGVEIL_DRAW": str(folder)}, check=True, stdout=subprocess.DEVNULL)


def texts(path):
    """The input of a file: of a corpus its texts, a line each as far as they have no line ends."""
    if path.suffix != ".jsonl":
        return path.read_bytes()
    rows = (json.loads(line) for line in path.open(encoding="utf-8"))
    return b"".join((row.get("text") or row["input"]).encode("utf-8", "surrogatepass") + b"\n" for row in rows)


def files(named):
    for path in map(pathlib.Path, named):
        inner = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        yield from (p for p in inner if p.suffix not in (".json", ".md", ".txt", ".bin", ".py", ".toml", ".sh"))


def run(binary, arguments, data):
    env = {**os.environ, "LOGVEIL_HASH_KEY": "only for tests, 32 bytes or more"}
    done = subprocess.run([binary, *arguments], input=data, capture_output=True, env=env, cwd="/")
    return done.returncode, done.stdout, done.stderr


def differing(name, data, outputs, show):
    """Says where two outputs of the same input differ; how many lines do that are not named."""
    inputs, ours, theirs = data.split(b"\n"), outputs[0].split(b"\n"), outputs[1].split(b"\n")
    if not len(inputs) == len(ours) == len(theirs):
        print(f"{name}: {len(ours)} lines instead of {len(theirs)}")
        return 1, 0
    unnamed = named = 0
    for n, (line, our, their) in enumerate(zip(inputs, ours, theirs), 1):
        if our == their:
            continue
        if any(re.search(pattern, line) for pattern, _ in NAMED):
            named += 1
            continue
        unnamed += 1
        if unnamed <= 5:
            print(f"{name}:{n} differs")
            if show:
                print(f"  input {line!r}\n  now   {our!r}\n  then  {their!r}")
    return unnamed, named


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("inputs", nargs="*")
    parser.add_argument("--commit", default=COMMIT)
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--masks", default=",".join(m.split(":")[0] for m in MASKS), help="a comma between them")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--no-draw", action="store_true", help="only what is named")
    given = parser.parse_intermixed_args()
    reference = (given.reference or built(given.commit)).resolve()
    binary = given.binary.resolve()
    masks = [mask for mask in MASKS if mask.split(":")[0] in given.masks.split(",")]
    unnamed = named = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        if not given.no_draw:
            drawn(folder)
        for path in [*files([folder]), *files([ROOT / "examples"]), *files(given.inputs)]:
            data = texts(path)
            for mask in masks:
                both = [run(b, ["--mask", mask, "--report", "json"], data) for b in (binary, reference)]
                more, fewer = differing(f"{path.name} --mask {mask}", data, [both[0][1], both[1][1]], given.show)
                counts = both[0][::2] == both[1][::2]
                if not counts and not more and not fewer:
                    print(f"{path.name} --mask {mask}: counts or exit codes differ")
                    more = 1
                unnamed, named, runs = unnamed + more, named + fewer, runs + 1
            if path.parent == pathlib.Path(folder):
                why = [run(b, ["explain"], data)[1] for b in (binary, reference)]
                if why[0] != why[1] and not named:
                    print(f"{path.name}: explain differs")
                    unnamed += 1
                runs += 1
    print(f"{runs} runs, {unnamed} differences, {named} named ones")
    sys.exit(1 if unnamed else 0)


if __name__ == "__main__":
    main()
