"""`app 2>&1 | python -m logveil`: masks standard input."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from . import Redactor, RuleError, __version__

_BLOCK = 1 << 16


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m logveil", description="Mask the secrets of standard input.")
    parser.add_argument("--only", action="append", help="only this rule or family")
    parser.add_argument("--except", dest="except_", action="append", metavar="EXCEPT", help="not this rule or family")
    parser.add_argument("--with", dest="with_", action="append", metavar="WITH", help="also this family (person)")
    parser.add_argument("--mask", action="append", help="label, stars, keep:2,4, remove, text:GONE; or NAME=MASK")
    parser.add_argument("--version", action="version", version=f"logveil {__version__}")
    try:
        stream = Redactor(**vars(parser.parse_args())).stream()
    except RuleError as error:
        parser.error(str(error))
    # The writer decides when it ends, as in any filter.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while block := os.read(0, _BLOCK):
            _write(stream.push(block))
        _write(stream.finish())
    except BrokenPipeError:
        return 141
    return 0


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    sys.exit(main())
