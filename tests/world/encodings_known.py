"""Known values as real encoders write them: Python, Node, jq, bash and perl, as far as the machine has them."""
import base64
import html
import json
import pprint
import random
import shlex
import shutil
import subprocess
import urllib.parse
import xml.sax.saxutils

from records import Wrong

# In a URL before its host without brackets, which mean something else there.
LABELS = ("[REDACTED:known-value]", "REDACTED-known-value")
# What each needs is what `V` holds; a line each leaves.
NODE = """
const v = process.env.V, u = require('util'), out = [];
out.push(JSON.stringify({v}), JSON.stringify({j: JSON.stringify({v})}), u.inspect({v}), encodeURIComponent(v), encodeURI(v),
  new URLSearchParams({v}).toString(), Buffer.from(v).toString('base64'), Buffer.from('user:' + v).toString('base64'),
  Buffer.from('u' + v + '\\n').toString('base64url'), Buffer.from(v).toString('hex'), require('querystring').escape(v));
const url = new URL('https://u@h/'); url.password = v; out.push(url.href);
console.log(out.join('\\n'));
"""
JQ = ['{v:env.V}|tojson', '{v:env.V}|tojson|tojson', 'env.V|@uri', 'env.V|@html', 'env.V|@sh', 'env.V|@base64',
      '[env.V]|@csv', 'env.V|tojson|@base64']
BASH = r"""
printf '%q\n' "$V"; printf '%s\n' "${V@Q}"; printf %s "$V" | base64 -w0; echo; echo "$V" | base64 -w0; echo
printf 'x%s' "$V" | od -An -v -tx1 | tr -d ' \n'; echo; (set -x; : "$V") 2>&1 | head -1
"""
PERL = r"""use MIME::Base64; my $v = $ENV{V}; print encode_base64("ab$v", ""), "\n", unpack("H*", $v), "\n";"""


def values():
    """Ten values of ASCII with every sign, and two with letters that are none."""
    r = random.Random(5)
    signs = "!#$%&()*+,-./:;<=>?@[]^_{|}~\"'\\` abcdefghijkXYZ0123456789"
    drawn = ["q" + "".join(r.choice(signs) for _ in range(r.randint(9, 20))) + "7z" for _ in range(10)]
    return drawn + ["pässw0rd&<ü>\"'7", "s3cret🔑/key+\\x"]


def python(v):
    """What Python's standard library writes."""
    b = v.encode()
    yield from (json.dumps({"v": v}), json.dumps({"v": v}, ensure_ascii=False), json.dumps({"j": json.dumps({"v": v})}))
    yield from (repr(v), repr(b), pprint.pformat({"v": v}, width=9999), html.escape(v), html.escape(v, quote=False))
    yield from (xml.sax.saxutils.escape(v), xml.sax.saxutils.quoteattr(v), shlex.quote(v), shlex.join(["x", v]))
    yield from (urllib.parse.quote(v), urllib.parse.quote(v, safe=""), urllib.parse.urlencode({"v": v}))
    yield from (b.hex(), b.hex(":"), b.hex().upper(), "".join(f"\\x{c:02x}" for c in b))
    for before in ("", "u", "us", "use", "user:"):
        yield base64.b64encode((before + v).encode()).decode()
        yield base64.urlsafe_b64encode((before + v + "\n").encode()).decode()
    yield base64.b64encode(json.dumps({"v": v}).encode()).decode()


def others(v):
    """What the other programs write, each line by itself."""
    programs = {"node": [["node", "-e", NODE]], "jq": [["jq", "-nr", text] for text in JQ], "bash": [["bash", "-c", BASH]],
                "perl": [["perl", "-e", PERL]]}
    for name, commands in programs.items():
        for command in commands if shutil.which(name) else []:
            said = subprocess.run(command, env={"V": v, "PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"},
                                  check=True, stdout=subprocess.PIPE).stdout.decode()
            yield from ((name, line) for line in said.splitlines() if line)


def real_encodings(rig):
    """Each line that an encoder made of a known value leaves with the label, and with nothing of the value."""
    lines, by = [], {}
    for v in values():
        for name, line in [*(("python", line) for line in python(v)), *others(v)]:
            lines.append((name, line, v))
            by[name] = by.get(name, 0) + 1
    known = rig.path("known")
    with open(known, "w", encoding="utf-8") as f:
        f.write("".join(v + "\n" for v in values()))
    text = "".join(f"{line}\n" for _, line, _ in lines).encode()
    got = subprocess.run([*rig.program, "--no-config", "--known-lines", known], input=text, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    masked = got.stdout.decode().splitlines()
    if got.returncode != 0 or got.stderr or len(masked) != len(lines):
        raise Wrong(f"it ended with {got.returncode}, {len(masked)} lines: {got.stderr.decode()}")
    bad = [f"{name}: {line}  became  {out}" for (name, line, v), out in zip(lines, masked) 
           if not any(label in out for label in LABELS) or v in out]
    if bad:
        raise Wrong(f"{len(bad)} of {len(lines)} are not masked:\n" + "\n".join(bad[:40]))
    return {"encodings": len(lines), **by}


ENCODINGS = [real_encodings]
