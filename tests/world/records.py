"""Syslog records with secrets planted in them, and what must arrive in their place.

Each record carries the number of its connection and its own, so that what arrives tells by itself whether it came
once, in order and whole. Secrets are drawn when a run begins: none is in the project. All begin with MARK, so that
one search over everything that arrived finds any that leaked.
"""
import random
import re
import secrets

MARK = "Zq" + secrets.token_hex(5)
# Real card numbers would be one more thing to keep out of a repository: this one is made of an issuer's range.
_ISSUER = "4" + "".join(str(random.randrange(10)) for _ in range(14))


def _card():
    doubled = [int(d) * (2 if n % 2 == 0 else 1) for n, d in enumerate(_ISSUER)]
    return _ISSUER + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


CARD = _card()

# (what is sent, the mask): `{s}` is the secret, `{c}` and `{n}` say which record it is.
FORMS = [
    ("<134>1 2026-11-22T10:00:00.123456Z host app 1234 ID47 [x@1 a=\"b\"] c={c} n={n}; user=alice GET /a?b=c 200", None),
    ("<34>Nov  2 10:00:00 db1 app[77]: c={c} n={n}; login user=alice pass" "word={s} from 203.0.113.9",
     "[REDACTED:password]"),
    ("<86>Nov 22 10:00:00 h sshd[1]: c={c} n={n}; Failed password for root from 203.0.113.9 port 22 ssh2", None),
    ("<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - {{\"c\":\"c={c} n={n};\",\"api_key\":\"{s}\","
     "\"msg\":\"caf\\u00e9 \\\"ok\\\"\"}}", "[REDACTED:api-key]"),
    ("<13>Nov 22 10:00:00 h app[9]: c={c} n={n}; connect postgres://app:{s}@db.internal:5432/main \tok",
     "REDACTED-url-password"),
    ("<13>1 - web1 nginx - - - c={c} n={n}; \"GET /\" 200 Authorization: Bearer {s} \"curl/8\"",
     "[REDACTED:authorization]"),
    ("<14>Nov 22 10:00:00 h app: c={c} n={n}; na\xefve \xff\xfe caf\xe9 tokenizer max_tokens=4096 pwd=/home/alice", None),
    ("<13>1 - shop pay - - - c={c} n={n}; paid with card " + CARD + " ok", "[REDACTED:card-number]"),
]
# The same masks for a record that another program has given a header of its own.
MASKS = [
    (re.compile(rb"(pass" rb"word=)[^ \n\0]*"), rb"\1[REDACTED:password]"),
    (re.compile(rb'("api_key":")[^"\n\0]*'), rb"\1[REDACTED:api-key]"),
    (re.compile(rb"(://app:)[^@\n\0]*(@)"), rb"\1REDACTED-url-password\2"),
    (re.compile(rb"(Bearer )[^ \n\0]*"), rb"\1[REDACTED:authorization]"),
    (re.compile(CARD.encode()), rb"[REDACTED:card-number]"),
]
_SENT = [form for form, _ in FORMS]
_WANTED = [form.replace("{s}", mask or "").replace(CARD, mask or CARD) for form, mask in FORMS]


def sent(c, n):
    """Record `n` of connection `c` as a service writes it, without a terminator."""
    return _SENT[n % len(_SENT)].format(c=c, n=n, s=MARK + secrets.token_hex(8)).encode("latin-1")


def wanted(c, n):
    """The same record as the collector must see it."""
    return _WANTED[n % len(_WANTED)].format(c=c, n=n).encode("latin-1")


def masked(record):
    """What must become of a record with planted secrets, whoever wrote its header."""
    for pattern, mask in MASKS:
        record = pattern.sub(mask, record)
    return record


def frame(record, framing):
    """A record as it goes over the wire."""
    if framing == "octet":
        return b"%d %s" % (len(record), record)
    return record + (b"\0" if framing == "nul" else b"\n")


def unframe(data, framing):
    """The whole records of one connection's bytes, and what is left of a torn one at its end."""
    if framing != "octet":
        *whole, rest = data.split(b"\0" if framing == "nul" else b"\n")
        return whole, rest
    whole, at = [], 0
    while True:
        blank = data.find(b" ", at, at + 12)
        if blank < 0 or not data[at:blank].isdigit():
            return whole, data[at:]
        end = blank + 1 + int(data[at:blank])
        if end > len(data):
            return whole, data[at:]
        whole.append(data[blank + 1:end])
        at = end


def origin(record):
    """Which record this is: (connection, number), or None when it does not say."""
    at = record.find(b"c=")
    end = record.find(b";", at)
    try:
        c, n = record[at + 2:end].split(b" n=")
        return int(c), int(n)
    except ValueError:
        return None


class Wrong(Exception):
    """A promise that did not hold."""


def check(arrived, counts, may_lose=0, what=""):
    """Hold what arrived to the promises, and return how many records did not.

    `arrived` is a list of records in the order of their arrival, `counts` says for each connection how many were sent.
    Every record must be exactly what is wanted, none may come twice, those of one connection in order, and at most
    `may_lose` may be missing.
    """
    last = dict.fromkeys(counts, -1)
    seen = 0
    for record in arrived:
        if MARK.encode() in record or CARD.encode() in record:
            raise Wrong(f"{what}: a secret arrived")
        which = origin(record)
        if which is None or which[0] not in counts:
            raise Wrong(f"{what}: {len(record)} bytes arrived that are no record sent: {record[:40]!r}")
        if record != wanted(*which):
            raise Wrong(f"{what}: record {which} was changed or torn:\n{record!r}\n{wanted(*which)!r}")
        if which[1] <= last[which[0]]:
            raise Wrong(f"{what}: record {which} came after {last[which[0]]}: twice or out of order")
        if which[1] >= counts[which[0]]:
            raise Wrong(f"{what}: record {which} was never sent")
        last[which[0]] = which[1]
        seen += 1
    lost = sum(counts.values()) - seen
    if lost > may_lose:
        raise Wrong(f"{what}: {lost} of {sum(counts.values())} records lost, at most {may_lose} may be")
    return lost
