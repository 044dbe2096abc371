#!/usr/bin/env python3
"""Build the engine for other languages, install each into a clean place, and test it there.

    .ci/bindings.py TARGET_DIR [c python go js]

All run the same vectors and the same drawn lines, which `tests/it` writes. What a language needs comes from its own registry
by version into the target folder; one that cannot be had is said to be NOT RUN. Files that are shipped are held to their
sizes and lists of contents.
"""
import functools
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "world"))

from debs import Missing, tool  # pylint: disable=wrong-import-position

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(sys.argv[1]).resolve()
VECTORS = TARGET / "tmp"
UNPACKED = TARGET / "peers"
PREFIX = TARGET / "bindings/prefix"
VENVS = TARGET / "bindings/venvs"

MATURIN = "maturin==1.16.0"
MYPY = "mypy==2.4.1"
PYTEST = ["pytest==9.2.0", "structlog==26.1.0", "loguru==0.7.3", "python-json-logger==4.2.0", "sentry-sdk==2.75.0"]
# The oldest Python that a wheel is for, and the newest at hand.
PYTHONS = ["3.10", "3.15", "3.14", "3.13", "3.12", "3.11"]
WHEEL_BYTES_MAX = 1_500_000
BROTLI_BYTES_MAX = 400_000
NATIVE_BYTES_MAX = 1_700_000
WASM = "wasm32-unknown-unknown"
LOGGERS = ["pino@10.4.0", "winston@3.19.0"]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g"]


class NotRun(Exception):
    """What is missing here."""


def run(*command, cwd=ROOT, **env):
    print("  $", " ".join(str(part) for part in command), flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env={**os.environ, **env})


# The longest that the page in the browser may take.
BROWSER_SECONDS = 300


def said(*command, **kwargs):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **kwargs).stdout


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise NotRun(f"there is no {program}")


def vectors():
    """The engine's own tests write them: the vectors, and 100,000 lines."""
    run("cargo", "test", "--locked", "--all-features", "--test", "it", "they_are_written_down", PROPTEST_CASES="100000")


def libraries():
    """C's, Python's and Node's, in one go, so that they are built of the same crates."""
    run("cargo", "build", "--locked", "--profile", "dist", "-p", "logveil-c", "-p", "logveil-python", "-p", "logveil-node")


def header():
    """The header is what cbindgen makes of the source, where cbindgen is at hand; elsewhere the test in bindings/c holds its
    functions to the source's."""
    here = ROOT / "bindings/c"
    cbindgen = shutil.which("cbindgen") or shutil.which(TARGET / "tools/bin/cbindgen")
    if not cbindgen:
        print("  cbindgen is not installed: only the functions of the header were held to the source")
        return
    made = TARGET / "bindings/logveil.h"
    run(cbindgen, "--quiet", "--config", "cbindgen.toml", "--crate", "logveil-c", "-o", made, cwd=here)
    if made.read_text() != (here / "include/logveil.h").read_text():
        sys.exit(f"bindings/c/include/logveil.h is not what cbindgen makes of the source: see {made}")


def exports():
    """What is exported is what the header declares."""
    library = PREFIX / "lib/liblogveil.so.0"
    names = {line.split()[-1] for line in said("nm", "-D", "--defined-only", library).splitlines()}
    declared = set(re.findall(r"\b(logveil_\w+)\(", (PREFIX / "include/logveil.h").read_text()))
    if names != declared:
        sys.exit(f"exported and declared differ: {sorted(names ^ declared)}")
    print(f"  liblogveil.so.0: {library.stat().st_size:,} bytes, {len(names)} functions")


def c():
    needs("gcc", "g++", "make", "pkg-config", "nm")
    run("cargo", "test", "--locked", "-p", "logveil-options", "-p", "logveil-handles", "-p", "logveil-c")
    libraries()  # which `make` then finds built
    shutil.rmtree(PREFIX, ignore_errors=True)
    run("make", "-s", "-C", ROOT / "bindings/c", "install", "CARGO=:", f"PREFIX={PREFIX}", CARGO_TARGET_DIR=str(TARGET))
    header()
    exports()
    pkg = {"PKG_CONFIG_PATH": str(PREFIX / "lib/pkgconfig")}
    shared = said("pkg-config", "--cflags", "--libs", "logveil", env={**os.environ, **pkg}).split()
    static = [shared[0], PREFIX / "lib/liblogveil.a", "-lm", "-ldl", "-lpthread"]
    tests, out = ROOT / "bindings/c/tests", TARGET / "bindings"
    data = [VECTORS / "vectors.json", VECTORS / "drawn.in", VECTORS / "drawn.out"]
    loads = {"LD_LIBRARY_PATH": str(PREFIX / "lib")}
    run("gcc", "-std=c11", *STRICT, tests / "test.c", "-o", out / "test-c", *shared, "-lpthread")
    run("g++", "-std=c++17", *STRICT, tests / "test.cpp", "-o", out / "test-cpp", *shared, "-lpthread")
    run("gcc", "-std=c11", *STRICT, "-fsanitize=address,undefined", tests / "test.c", "-o", out / "test-asan", *static)
    run(out / "test-c", *data, **loads)
    run(out / "test-cpp", **loads)
    run(out / "test-asan", *data)
    if shutil.which("valgrind"):
        check = ["valgrind", "-q", "--error-exitcode=1", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
        run(*check, out / "test-c", **loads)
        run(*check, out / "test-cpp", **loads)
    else:
        print("  NOT RUN: valgrind is not installed")
    run(out / "test-c", "bench", **loads)


def pythons():
    """The oldest Python and the newest at hand."""
    found = {}
    for version in PYTHONS:
        path = shutil.which(f"python{version}")
        for home in sorted(pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")):
            path = str(home)
        if path and subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            found[version] = path
    newest = sorted(found, key=lambda v: int(v.split(".")[1]))[-1:]
    return {v: found[v] for v in {"3.10", *newest} if v in found} or {"": sys.executable}


def venv(name, python=sys.executable, packages=()):
    """A new environment with what PyPI gives."""
    place = VENVS / name
    run(python, "-m", "venv", "--clear", place)
    if packages:
        pip = [place / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        if subprocess.run(pip).returncode != 0:
            raise NotRun(f"pip cannot have {', '.join(map(str, packages))}")
    return place / "bin"


def wheel():
    wheels = TARGET / "bindings/wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    tools = venv("maturin", packages=[MATURIN])
    here = ROOT / "bindings/python"
    run(tools / "maturin", "build", "--quiet", "--locked", "--compatibility", "linux", "--compression-level", "9", "--out", wheels,
        cwd=here, CARGO_TARGET_DIR=str(TARGET))
    return checked_wheel(wheels)


def checked_wheel(wheels):
    """The one wheel of a folder: what is in it, and how large it is."""
    here = ROOT / "bindings/python"
    (built,) = wheels.glob("logveil-*.whl")
    size = built.stat().st_size
    names = {re.sub(r"^logveil-[^/]*/", "", n) for n in zipfile.ZipFile(built).namelist()}
    print(f"  {built.name}: {size:,} bytes, {len(names)} files")
    licences = {f"licenses/{name}" for name in ("LICENSE", "LICENSE-APACHE", "LICENSE-MIT")}
    own = {f"logveil/{p.name}" for p in (here / "python/logveil").iterdir() if p.is_file()}
    wanted = own | licences | {"METADATA", "WHEEL", "RECORD", "logveil/_native.abi3.so"}
    # Newer versions add lists of what was built in.
    more = {n for n in names - wanted if not n.startswith("sboms/")}
    if more or wanted - names or "-cp310-abi3-" not in built.name or size > WHEEL_BYTES_MAX:
        sys.exit(f"the wheel is not as it should be: {sorted(more)} more, {sorted(wanted - names)} missing, {size:,} bytes")
    return built


def python():
    built = wheel()
    for version, interpreter in sorted(pythons().items()):
        place = venv(f"test{version}", interpreter, [built, *PYTEST])
        with tempfile.TemporaryDirectory() as aside:
            run(place / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", ROOT / "bindings/python/tests", cwd=aside,
                LOGVEIL_VECTORS=str(VECTORS), PYTHONDONTWRITEBYTECODE="1")
        print(f"  Python {version}: tested")
    # Types are what is there.
    tools = venv("types", packages=[built, MYPY])
    run(tools / "mypy", "--no-incremental", cwd=ROOT / "bindings/python")
    run(tools / "python", "-m", "mypy.stubtest", "logveil._native", cwd=tools)
    run(place / "python", ROOT / "bindings/python/tests/bench.py")


def go():
    needs("go", "gcc", "pkg-config")
    if not (PREFIX / "lib/pkgconfig/logveil.pc").exists():
        raise NotRun("the C library was not built")
    here = ROOT / "bindings/go"
    env = {
        "PKG_CONFIG_PATH": str(PREFIX / "lib/pkgconfig"),
        "LD_LIBRARY_PATH": str(PREFIX / "lib"),
        "GOFLAGS": "-mod=readonly",
        "LOGVEIL_VECTORS": str(VECTORS),
    }
    if said("gofmt", "-l", here).strip():
        sys.exit("gofmt -w bindings/go")
    run("go", "vet", "./...", cwd=here, **env)
    run("go", "test", "-race", "-count=1", "./...", cwd=here, **env)
    run("go", "test", "-run=^$", "-bench=.", "-benchmem", "./...", cwd=here, **env)


def packed(folder, made):
    """The package that npm makes of a folder, and the names of its files."""
    listed = made / said("npm", "pack", "--silent", "--pack-destination", made, cwd=folder).split()[-1]
    names = set(said("tar", "tzf", listed).split())
    print(f"  {listed.name}: {listed.stat().st_size:,} bytes, {len(names)} files")
    missing = {f"package/{name}" for name in ("package.json", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT")} - names
    if missing:
        sys.exit(f"{listed.name} has no {sorted(missing)}")
    return listed, names


def clean_package(folder, *packages_and_options):
    """A folder of its own, with the tests, the loggers and packages in it."""
    folder.mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    for test in ("test.mjs", "bench.mjs"):
        shutil.copy(ROOT / "bindings/js/tests" / test, folder)
    # Nobody is asked for packages of ours.
    install = ["npm", "install", "--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
    npm = subprocess.run([*install, *packages_and_options, *LOGGERS], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if npm.returncode != 0:
        raise NotRun(f"npm cannot have the loggers: {npm.stderr.strip()}")
    return folder


def module(made):
    """The package, with the engine as a module for any platform, in a folder made anew."""
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    run("cargo", "build", "--locked", "--profile", "dist", "-p", "logveil-wasm", "--target", WASM)
    # npm packs what is in a folder: a copy, so that nothing is left in the checkout.
    shutil.copytree(ROOT / "bindings/js", made / "package", ignore=shutil.ignore_patterns("dist", "node_modules", "tests"))
    run("node", "build.js", TARGET / WASM / "dist/logveil_wasm.wasm", cwd=made / "package")
    package, names = packed(made / "package", made)
    brotli = "process.stdout.write(String(require('zlib').brotliCompressSync(require('fs').readFileSync(process.argv[1])).length))"
    wire = int(said("node", "-e", brotli, made / "package/dist/logveil.wasm"))
    print(f"  the module: {wire:,} bytes as brotli")
    if wire > BROTLI_BYTES_MAX or not {"package/dist/logveil.wasm", "package/index.d.ts"} <= names:
        sys.exit(f"the package is not as it should be: {sorted(names)}")
    return package


def native(made, library, name):
    """The package of a platform, with the engine as native code."""
    run("node", "platform.js", library, name, made / name, cwd=made / "package")
    package, names = packed(made / name, made)
    if package.stat().st_size > NATIVE_BYTES_MAX or "package/logveil.node" not in names:
        sys.exit(f"the package is not as it should be: {sorted(names)}")
    return package


def js():
    needs("node", "npm", "rustup")
    if subprocess.run(["rustup", "target", "add", WASM], capture_output=True).returncode != 0:
        raise NotRun("rustup cannot have Rust's standard library for WebAssembly")
    made = TARGET / "bindings/js"
    package = module(made)
    clean = clean_package(made / "wasm", package)
    run("node", "--test", "test.mjs", cwd=clean, LOGVEIL_VECTORS=str(VECTORS), LOGVEIL_EXPECTED="wasm")
    browser(made / "package/dist")
    libraries()
    machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
    clean = clean_package(made / "native", package, native(made, TARGET / "dist/liblogveil_node.so", f"linux-{machine}-gnu"))
    run("node", "--test", "test.mjs", cwd=clean, LOGVEIL_VECTORS=str(VECTORS), LOGVEIL_EXPECTED="native")
    for backend in ("native", "wasm"):
        run("node", "bench.mjs", cwd=clean, LOGVEIL_BACKEND=backend)


def browser(dist):
    """Every vector in Chromium, and the page of examples/."""
    try:
        chromium, env = tool("chromium", "chromium", UNPACKED)
    except Missing as why:
        print(f"  NOT RUN: the module in a browser and the page of examples/: {why}")
        return
    site = TARGET / "bindings/site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(ROOT / "examples/page", site)
    for path in [*(dist / name for name in ("browser.js", "core.js", "wasm.js", "logveil.wasm")), VECTORS / "vectors.json",
                 ROOT / "bindings/js/tests/browser.html"]:
        shutil.copy(path, site)
    answers = queue.Queue()
    serve = functools.partial(Site, answers, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server, tempfile.TemporaryDirectory(
            ignore_cleanup_errors=True) as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                 "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"]
        page = f"http://127.0.0.1:{server.server_port}/browser.html"
        with subprocess.Popen([chromium, *flags, page], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                answer = answers.get(timeout=BROWSER_SECONDS)
            except queue.Empty:
                answer = "nothing"
            running.terminate()
        server.shutdown()
    print(f"  Chromium: {answer}")
    if not answer.startswith("ok"):
        sys.exit("the browser says something else")


class Site(http.server.SimpleHTTPRequestHandler):
    """Serves files, says nothing, and takes what the page says."""

    def __init__(self, answers, *args, **kwargs):
        self.answers = answers
        super().__init__(*args, **kwargs)

    def do_POST(self):
        self.answers.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def one_version():
    """All say the same."""
    cargo = re.search(r'^\[workspace\.package\]\nversion = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    package = json.loads((ROOT / "bindings/js/package.json").read_text())
    others = {package["version"], *package["optionalDependencies"].values()} - {cargo}
    if others:
        sys.exit(f"bindings/js/package.json says {sorted(others)}, Cargo.toml {cargo}")


STEPS = {"c": c, "python": python, "go": go, "js": js}


def main():
    wanted = sys.argv[2:] or list(STEPS)
    (TARGET / "bindings").mkdir(parents=True, exist_ok=True)
    one_version()
    vectors()
    for name in wanted:
        print(f"  -- {name}", flush=True)
        try:
            STEPS[name]()
        except NotRun as why:
            print(f"  NOT RUN: {name}: {why}", flush=True)
        except subprocess.CalledProcessError as e:
            sys.exit(f"{name}: {' '.join(map(str, e.cmd))}: ended with {e.returncode}")


if __name__ == "__main__":
    main()
