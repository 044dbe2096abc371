#!/usr/bin/env python3
"""Hold every crate that Cargo.lock names to the licences and the source that deny.toml allows.

A stand-in for `cargo deny check licenses sources`, which takes many minutes to install. It reads the same
lists from the same file; advisories are cargo-deny's alone.
"""
import json
import re
import subprocess
import sys


def allowed_licences():
    """The strings of `allow = [...]` under `[licenses]`: all of TOML that is needed here."""
    with open("deny.toml", encoding="utf-8") as f:
        text = "\n".join(line.split("#")[0] for line in f)
    section = re.search(r"^\[licenses\]$(.*?)(?=^\[|\Z)", text, re.M | re.S)
    found = section and re.search(r"^allow\s*=\s*\[(.*?)\]", section[1], re.M | re.S)
    if not found:
        sys.exit("deny.toml has no list of allowed licences")
    return set(re.findall(r'"([^"]+)"', found[1]))


def holds(expression, allowed):
    """Whether the allowed licences satisfy an SPDX expression; the old `A/B` means `A OR B`."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def either():
        ok = both()
        while words and words[0] == "OR":
            words.pop(0)
            ok = both() or ok
        return ok

    def both():
        ok = one()
        while words and words[0] == "AND":
            words.pop(0)
            ok = one() and ok
        return ok

    def one():
        word = words.pop(0)
        if word == "(":
            ok = either()
            words.pop(0)
            return ok
        if words and words[0] == "WITH":
            words.pop(0)
            word = f"{word} WITH {words.pop(0)}"
        return word in allowed

    return either()


def main():
    allowed = allowed_licences()
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--all-features"]
    tree = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    packages, members = tree["packages"], set(tree["workspace_members"])
    bad = []
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not package["license"] or not holds(package["license"], allowed):
            bad.append(f"{name}: licence `{package['license']}` is not allowed")
        source = package["source"]
        if source is not None and not (source.startswith("registry+") and source.endswith("crates.io-index")):
            bad.append(f"{name}: not from crates.io")
        if source is None and package["id"] not in members:
            bad.append(f"{name}: from a folder")
    if bad:
        sys.exit("\n".join(bad))
    print(f"  {len(packages)} crates: licences and sources are allowed")


if __name__ == "__main__":
    main()
