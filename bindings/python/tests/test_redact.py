"""Calls: the vectors of the engine, the same object where nothing is found, what no text may break."""

from __future__ import annotations

import gc
import json
import os
import pathlib
import pickle
import sys
import threading
from collections import OrderedDict, namedtuple

import logveil
import pytest

VECTORS = os.environ.get("LOGVEIL_VECTORS")
SECRET, MASKED = "login password=hunter2 ok", "login password=[REDACTED:password] ok"


def cases():
    if not VECTORS:
        pytest.skip("LOGVEIL_VECTORS names no folder: cargo test --test it they_are_written writes one")
    return json.loads(pathlib.Path(VECTORS, "vectors.json").read_bytes())["cases"]


def test_vectors():
    r, count = logveil.Redactor(), 0
    for case in cases():
        before, after = bytes.fromhex(case["input"]), bytes.fromhex(case["output"])
        # No text in a message: it may be a secret.
        assert (r.redact(before) == after) is True, case["name"]
        assert (r.redact(before) is before) is (before == after), case["name"]
        assert (r.redact(bytearray(before)) == after) is True, case["name"]
        stream = r.stream()
        out = b"".join(stream.push(before[i : i + 7]) for i in range(0, len(before), 7)) + stream.finish()
        assert (out == after) is True, case["name"]
        try:
            text = before.decode()
        except UnicodeDecodeError:
            continue
        assert (r.redact(text) == after.decode()) is True, case["name"]
        assert all(0 <= f.start < f.end <= len(text) and f.rule in r.rules for f in r.findings(text)), case["name"]
        count += 1
    assert count > 500


def test_drawn_lines():
    cases()
    before = pathlib.Path(VECTORS, "drawn.in").read_bytes().split(b"\n")[:-1]
    after = pathlib.Path(VECTORS, "drawn.out").read_bytes().split(b"\n")[:-1]
    assert len(before) == len(after) >= 1000
    wrong = [n for n, line in enumerate(before) if logveil.redact(line) != after[n]]
    assert wrong == []


def test_kinds_of_text():
    class Own(str):
        pass

    assert logveil.redact(SECRET) == MASKED
    assert logveil.redact(SECRET.encode()) == MASKED.encode()
    assert logveil.redact(memoryview(SECRET.encode())) == MASKED.encode()
    own = Own("nothing")
    assert logveil.redact(own) is own
    assert type(logveil.redact(Own(SECRET))) is str
    for text in ["", "a" * 100_000, "žluť \U0001f512", "\ud800 alone", "\x00"]:
        assert logveil.redact(text) is text
    assert logveil.redact("\udc80 " + SECRET) == "\udc80 " + MASKED
    assert logveil.redact("ž " * 20_000 + SECRET) == "ž " * 20_000 + MASKED
    with pytest.raises(TypeError, match="not int"):
        logveil.redact(7)


def test_findings():
    (found,) = logveil.findings("žž password=hunter2")
    assert (found.start, found.end, found.rule) == (12, 19, "password")
    (found,) = logveil.findings("žž password=hunter2".encode())
    assert (found.start, found.end) == (14, 21)
    assert found == found and hash(found) and "hunter2" not in repr(found)


def test_options():
    one = lambda text, **options: logveil.Redactor(**options).redact(text)  # noqa: E731
    assert one("password=hunter2", mask="stars") == "password=*******"
    assert one("card 4111 1111 1111 1111", mask_for={"card": "keep:6,4"}) == "card 411111******1111"
    assert one("password=hunter2", except_="password").startswith("password=hunter2")
    assert one("password=hunter2", only=["card"]) == "password=hunter2"
    assert one("q=tr0ub4dor%263", known={"DB": "tr0ub4dor&3"}) == "q=[REDACTED:known-value]"
    assert one("password=hunter2", allow='[[allow]]\nvalues = ["hunter2"]') == "password=hunter2"
    hashed = one("password=hunter2", mask="hash", hash_key=b"only for tests, 32 bytes or more")
    assert hashed.startswith("password=[REDACTED:password:")


def test_what_is_refused_is_said_without_values(tmp_path):
    for options, said in [
        ({"only": ["nobody"]}, "nobody"),
        ({"mask": "sters"}, "sters"),
        ({"mask": "hash"}, "key"),
        ({"known": {"SHORT": "q8Z"}}, "SHORT"),
        ({"rules": "family = 'x'"}, "rules"),
    ]:
        with pytest.raises(logveil.RuleError) as e:
            logveil.Redactor(**options)
        assert said in str(e.value) and "q8Z" not in str(e.value)
    with pytest.raises(TypeError, match="no option"):
        logveil.Redactor(masks="x")
    with pytest.raises(OSError):
        logveil.Redactor(rules=tmp_path / "none.toml")


def test_pickle():
    r = pickle.loads(pickle.dumps(logveil.Redactor(mask="stars")))
    assert r.redact("password=hunter2") == "password=*******"
    assert pickle.loads(pickle.dumps(logveil.Redactor())).redact(SECRET) == MASKED


def test_values():
    Point = namedtuple("Point", "name password")
    value = {"user": "alice", "password": "hunter2", "n": [1, {"api_key": "q8Zr1Lw0mXv93TbN"}], "t": ("x",)}
    out = logveil.redact_value(value)
    assert out["password"] == "[REDACTED:password]" and out["n"][1]["api_key"].startswith("[REDACTED:")
    assert out["t"] is value["t"] and value["password"] == "hunter2" and list(out) == list(value)
    assert logveil.redact_value(Point("a", SECRET)) == Point("a", MASKED)
    assert logveil.redact_value({"a": {SECRET}}) == {"a": {MASKED}}
    assert logveil.redact_value({"body": SECRET.encode()}) == {"body": MASKED.encode()}
    assert logveil.redact_value([ValueError(SECRET)]) == [MASKED]
    assert logveil.redact_value(OrderedDict(card=4111111111111111))["card"] != 4111111111111111
    clean = {"a": [1, 2.5, None, True, float("inf")], 3: object(), "b": "\ud800"}
    assert logveil.redact_value(clean) is clean
    loop: dict = {"password": "hunter2"}
    loop["self"] = loop
    out = logveil.redact_value(loop, max_depth=4)
    assert "hunter2" not in repr(out)
    deep = [{"password": "hunter2"}]
    for _ in range(200):
        deep = [deep]
    assert "hunter2" not in repr(logveil.redact_value(deep))
    twins = {"password=hunter2": 1, "password=hunter3": "x", 1: "a", "1": {"token": "q8Zr1Lw0mXv93TbN"}}
    assert "hunter" not in repr(logveil.redact_value(twins)) and "q8Z" not in repr(logveil.redact_value(twins))


def test_a_value_longer_than_a_record():
    value = {"rows": ["x" * 100] * 20_000, "password": "hunter2", "last": [SECRET]}
    out = logveil.redact_value(value)
    assert out["password"] == "[REDACTED:password]" and out["last"] == [MASKED] and out["rows"] == value["rows"]


def test_streams():
    stream = logveil.Stream()
    assert stream.push(b"a line\npass") == b"a line\n" and stream.held == 4
    assert stream.push(b"word: hunter2") == b"" and stream.finish() == b"password: [REDACTED:password]"
    begin = "-----BEGIN RSA PRIVATE" + " KEY-----"
    records = logveil.Records()
    assert records.redact(begin) == begin
    assert records.redact("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7") == "[REDACTED:private-key]"


def test_threads_and_forks():
    wrong = []

    def work():
        for n in range(2000):
            if logveil.redact(f"{SECRET} {n}") != f"{MASKED} {n}":
                wrong.append(n)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert wrong == []
    child = os.fork()
    if child == 0:
        os._exit(0 if logveil.redact(SECRET) == MASKED else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def resident_kib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def test_memory_is_flat():
    clean, r = SECRET.replace("password", "passed"), logveil.Redactor()
    rounds = lambda n: [(r.redact(clean), r.redact(SECRET)) for _ in range(n)] and None  # noqa: E731
    for _ in range(20):
        rounds(1000)
    gc.collect()
    before, references = resident_kib(), sys.getrefcount(clean)
    for _ in range(500):
        rounds(1000)
    gc.collect()
    assert resident_kib() - before < 1024 and sys.getrefcount(clean) == references
