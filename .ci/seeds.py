"""What fuzzing begins with, so that it need not guess how programs write: all vectors, and rules as they are written.

    seeds.py VECTORS CORPUS     VECTORS is what `cargo test --test it they_are_written` leaves, CORPUS a folder
"""
import glob
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _list(data):
    """Bytes as `arbitrary` reads a list: an odd byte before each, an even one at the end."""
    return b"".join(bytes([1, byte]) for byte in data) + b"\0"


def _text(data):
    """The head of a text in MessagePack."""
    return (b"\xd9" + bytes([len(data)]) if len(data) < 256 else b"\xda" + len(data).to_bytes(2, "big")) + data


def _message(data):
    """A message of the forward protocol whose record has one member."""
    return b"\x93\xa3app\xce\x65\x00\x00\x00\x81\xa3log" + _text(data)


def _rules(path):
    """A file of rules up to its second one: to compile them all takes too long for a single try."""
    with open(path, "rb") as file:
        head, *rules = file.read().split(b"[[rule]]")
    return b"[[rule]]".join([head, *rules[:1]])


# For each target what a text becomes there; `pack` takes rules.
SHAPES = {
    "redact": lambda text: text,
    "stream_cuts": lambda text: _list([7, 3, 30]) + text,
    "known": lambda text: b"\1" + _list(text[:12]) + b"\0\1\0" + _list(text),
    "fluent": lambda text: _message(text[:60_000]),
    "http": lambda text: text,
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        texts = [bytes.fromhex(case["input"]) for case in json.load(file)["cases"]]
    seeds = {target: [shape(text) for text in texts] for target, shape in SHAPES.items()}
    seeds["pack"] = [_rules(path) for path in sorted(glob.glob(os.path.join(ROOT, "patterns", "*.toml")))]
    for target, all_of in seeds.items():
        folder = os.path.join(sys.argv[2], target)
        os.makedirs(folder, exist_ok=True)
        for number, seed in enumerate(all_of):
            with open(os.path.join(folder, f"seed-{number}"), "wb") as file:
                file.write(seed)


if __name__ == "__main__":
    main()
