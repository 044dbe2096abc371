"""Processor time of a call, of `logging` with and without, and of thirteen `re.sub`, in one run: python tests/bench.py"""

from __future__ import annotations

import io
import logging
import re
import time
import timeit

import logveil

CLEAN = "2026-11-28T10:15:30.123Z INFO  request served method=GET path=/api/v1/items status=200 took=12ms user=alice"
SECRET = "2026-11-28T10:15:30.123Z INFO  login method=POST path=/api/v1/login password=hunter2 status=200 user=alice"

# What people write, and how: one `re.sub` after the other.
PATTERNS = [
    (re.compile(p, re.I), m)
    for p, m in [
        (r"(password|passwd|pwd)(\s*[=:]\s*)\S+", r"\1\2***"),
        (r"(api[_-]?key)(\s*[=:]\s*)\S+", r"\1\2***"),
        (r"(secret|client_secret)(\s*[=:]\s*)\S+", r"\1\2***"),
        (r"(token|access_token|refresh_token)(\s*[=:]\s*)\S+", r"\1\2***"),
        (r"(authorization:\s*)(basic|bearer)\s+\S+", r"\1\2 ***"),
        (r"\bAKIA[0-9A-Z]{16}\b", "***"),
        (r"\bgh[pousr]_[0-9A-Za-z]{36}\b", "***"),
        (r"\bxox[baprs]-[0-9A-Za-z-]+\b", "***"),
        (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+\b", "***"),
        (r"://([^:/\s]+):([^@/\s]+)@", r"://\1:***@"),
        (r"\b(?:\d[ -]?){13,16}\b", "***"),
        (r"(set-cookie|cookie)(:\s*)\S+", r"\1\2***"),
        (r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", "***"),
    ]
]


def subs(text):
    for pattern, mask in PATTERNS:
        text = pattern.sub(mask, text)
    return text


def best(f, number, rounds=9):
    return min(timeit.repeat(f, number=number, repeat=rounds, timer=time.thread_time)) / number * 1e9


class Null(io.StringIO):
    def write(self, text):
        return len(text)


def logs(text, number):
    """Nanoseconds a record without and with, in turns: the machine is shared."""
    log = logging.getLogger("bench")
    log.propagate, log.handlers = False, [logging.StreamHandler(Null())]
    log.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    times = {False: [], True: []}
    for _ in range(15):
        for with_it in (False, True):
            installed = logveil.install() if with_it else None
            times[with_it].append(best(lambda: log.warning("%s", text), number, 1))
            if installed:
                installed.uninstall()
    return min(times[False]), min(times[True])


def main():
    call = {name: best(lambda: logveil.redact(text), 50_000) for name, text in (("clean", CLEAN), ("secret", SECRET))}
    raw = CLEAN.encode()
    print(f"redact: clean {call['clean']:.0f} ns (bytes {best(lambda: logveil.redact(raw), 50_000):.0f}), secret {call['secret']:.0f} ns")
    thirteen = best(lambda: subs(CLEAN), 2_000)
    print(f"thirteen re.sub: {thirteen:.0f} ns, {thirteen / call['clean']:.0f} times as long")
    for name, text in (("clean", CLEAN), ("secret", SECRET)):
        without, with_it = logs(text, 10_000)
        print(f"logging, {name}: {without:.0f} ns, with logveil.install() {with_it:.0f} ns: {100 * (with_it / without - 1):+.1f} %")


if __name__ == "__main__":
    main()
