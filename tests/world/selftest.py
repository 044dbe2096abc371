#!/usr/bin/env python3
"""Shows that the fault tests can fail: a stand-in passes them, and with any defect it does not."""
import os
import sys

# What never comes need not be waited for as long as with the real program; a loaded machine still has time enough.
os.environ.setdefault("PATIENCE", "20")

# pylint: disable=wrong-import-position
import run

CAUGHT = {
    "lose": "framings", "tear": "framings", "leak": "framings", "reorder": "framings", "twice": "framings",
    "touch": "framings", "miscount": "framings", "forget": "cut_sender", "glue": "cut_sender",
    "deny": "killed_receiver", "hasty": "drain",
}
STAND_IN = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in.py")]


def main():
    failed = 0
    for defect, name in [("", n) for n in sorted(set(CAUGHT.values()))] + list(CAUGHT.items()):
        os.environ["DEFECT"] = defect
        _, why, took = run.run(name, STAND_IN, False)
        as_wanted = (why is None) == (defect == "") and "Traceback" not in (why or "")
        failed += not as_wanted
        first = (why or "passed").splitlines()[0] if as_wanted else f"NOT AS IT SHOULD BE: {why}"
        print(f"{name} with {defect or 'no defect'}: {first[:150]} ({took:.1f} s)", flush=True)
    print(f"{len(CAUGHT) + len(set(CAUGHT.values())) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
