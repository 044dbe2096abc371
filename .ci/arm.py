#!/usr/bin/env python3
"""Run a command of Cargo for 64-bit ARM: arm.py cargo test --target aarch64-unknown-linux-gnu ...

Debian's cross compiler links, QEMU runs what was built; both are unpacked, not installed. Rust's standard library for
the target comes by rustup, into the toolchain that is there; without a command, say whether it is or could be had.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "world"))

from debs import Missing, Unpacked  # pylint: disable=wrong-import-position
from peers import UNPACKED  # pylint: disable=wrong-import-position

TARGET = "aarch64-unknown-linux-gnu"


def has_library():
    """Whether the standard library of the target is there, or could be added."""
    command = ["rustc", "--print", "target-libdir", "--target", TARGET]
    where = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if os.path.isdir(where):
        return True
    try:
        return subprocess.run(["rustup", "target", "add", TARGET], check=False).returncode == 0
    except FileNotFoundError:
        return False


def environment():
    """What tells Cargo, and build scripts that compile C, of the cross compiler and of QEMU."""
    unpacked = Unpacked("arm", UNPACKED)
    compiler, root = unpacked.program("aarch64-linux-gnu-gcc-12"), f"--sysroot={unpacked.root}"
    libraries = unpacked.under("usr/aarch64-linux-gnu")
    cargo, build = "CARGO_TARGET_" + TARGET.upper().replace("-", "_"), TARGET.replace("-", "_")
    return {
        **unpacked.environment(),
        cargo + "_LINKER": compiler,
        cargo + "_RUSTFLAGS": f"-Clink-arg={root}",
        cargo + "_RUNNER": f"{unpacked.program('qemu-aarch64-static')} -L {libraries}",
        "CC_" + build: compiler,
        "CFLAGS_" + build: root,
        "AR_" + build: unpacked.program("aarch64-linux-gnu-ar"),
    }


def main():
    if not has_library():
        sys.exit(f"Rust's standard library for {TARGET} could not be had: `rustup target add {TARGET}`")
    if not sys.argv[1:]:
        return
    try:
        env = environment()
    except Missing as e:
        sys.exit(str(e))
    os.execvpe(sys.argv[1], sys.argv[1:], env)


if __name__ == "__main__":
    main()
