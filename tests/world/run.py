#!/usr/bin/env python3
"""The tests of `logveil serve` and `exec` against the world: real peers, faults, terminals, the files of deploy/.

    run.py [--long] [--program COMMAND] [GROUP | NAME]...

Each is a function that sets up its own logveil and what it talks to, makes things happen, and holds what follows to
the promises. The short form is for every run of the checks, the long one for the figures.
"""
import argparse
import shlex
import shutil
import sys
import tempfile
import time
import traceback

import clients
import deploy
import doors
import doors_faults
import doors_more
import encodings_known
import examples
import examples_http
import faults_life
import faults_senders
import faults_upstream
import fluent
import peers
import restart
import snippets
import status
import terminals
from debs import Missing
from records import Wrong
from rig import Rig

GROUPS = {"faults": faults_upstream.FAULTS + faults_senders.FAULTS + faults_life.FAULTS, "peers": peers.PEERS,
          "clients": clients.CLIENTS + snippets.SNIPPETS + restart.RESTARTS, "fluent": fluent.FLUENT,
          "http": doors.DOORS + doors_more.SENDERS + doors_faults.FAULTS,
          "terminals": terminals.TERMINALS,
          "deploy": deploy.DEPLOYED + examples.EXAMPLES + examples_http.EXAMPLES + status.STATUS + encodings_known.ENCODINGS}
TESTS = {test.__name__: test for group in GROUPS.values() for test in group}


def run(name, program, long):
    """One test in a folder of its own; returns its figures or the reason why it failed, and the time it took."""
    folder = tempfile.mkdtemp(prefix=f"logveil-{name}-")
    begin = time.monotonic()
    figures, why = {}, None
    try:
        with Rig(program, folder + "/rig", long) as rig:
            figures = TESTS[name](rig)
    except (Wrong, Missing) as e:
        why = str(e)
    except Exception:  # pylint: disable=broad-except
        why = traceback.format_exc()
    shutil.rmtree(folder, ignore_errors=True)
    return figures, why, time.monotonic() - begin


def shown(figures):
    """Figures in one line."""
    return ", ".join(f"{k} {v:,.1f}" if isinstance(v, float) else f"{k} {v:,}" if isinstance(v, int) else f"{k} {v}"
                     for k, v in figures.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="the long forms")
    parser.add_argument("--program", default="target/release/logveil", help="what to test")
    parser.add_argument("names", nargs="*", help=f"which of: {' '.join([*GROUPS, *TESTS])}; all when none is named")
    args = parser.parse_args()
    names = []
    for name in args.names or GROUPS:
        if name not in GROUPS and name not in TESTS:
            parser.error(f"nothing here is called {name}")
        names += [test.__name__ for test in GROUPS[name]] if name in GROUPS else [name]
    failed = 0
    begin = time.monotonic()
    print("| test | seconds | figures |\n|---|---|---|")
    for name in names:
        figures, why, took = run(name, shlex.split(args.program), args.long)
        print(f"| {name} | {took:.1f} | {shown(figures) if why is None else 'FAILED'} |", flush=True)
        if why is not None:
            failed += 1
            print(f"{name}: {why}", file=sys.stderr)
    print(f"in {time.monotonic() - begin:.0f} s\n{len(names) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
