"""Programs of others, out of Debian's packages and into a folder of our own: nothing is installed on the machine.

rsyslog and syslog-ng cannot be installed together, so each set of packages is unpacked beside the other.
"""
import glob
import os
import shutil
import subprocess

# What is wanted: as close to one version as Debian lets, whose security updates raise only the last part.
SETS = {
    "rsyslog": ["rsyslog=8.2302*", "rsyslog-openssl=8.2302*"],
    "rsyslog-elasticsearch": ["rsyslog=8.2302*", "rsyslog-elasticsearch=8.2302*"],
    "syslog-ng": ["syslog-ng-core=3.38*"],
    "syslog-ng-http": ["syslog-ng-core=3.38*", "syslog-ng-mod-http=3.38*"],
    "openssl": ["openssl"],
    "journal": ["systemd", "systemd-journal-remote"],
    "logrotate": ["logrotate=3.21*"],
    "systemd": ["systemd"],
    "prometheus": ["prometheus=2.42*"],
    "arm": ["gcc-12-aarch64-linux-gnu=12.2*", "libc6-dev-arm64-cross=2.36*", "qemu-user-static=1:7.2*"],
    # A browser is what users have: the newest.
    "chromium": ["chromium"],
    # A machine of 64-bit ARM, as far as Python and Node need one.
    "arm-python": ["python3=3.11*", "libstdc++6=12*"],
}
# Packages for a processor that is not this machine's.
FOREIGN = {"arm-python": "arm64"}


class Missing(Exception):
    """A program that could not be had, and why."""


def _apt(name, into, *command):
    """apt-get, which leaves the machine as it is; for another processor, with lists of its own."""
    options = [f"Dir::Cache::archives={into}", "Debug::NoLocking=1", "Acquire::Retries=3"]
    os.makedirs(os.path.join(into, "partial"), exist_ok=True)
    if name in FOREIGN:
        state, architecture = os.path.join(into, "state"), FOREIGN[name]
        os.makedirs(os.path.join(state, "lists/partial"), exist_ok=True)
        # A machine with nothing on it: all that is needed is wanted.
        with open(os.path.join(state, "status"), "w", encoding="utf-8"):
            pass
        options += [f"APT::Architecture={architecture}", f"APT::Architectures::={architecture}", f"Dir::State={state}",
                    f"Dir::State::status={state}/status", f"Dir::Cache={state}"]
    whole = ["apt-get", *command, "--quiet", *(part for option in options for part in ("-o", option))]
    return subprocess.run(whole, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _download(name, into):
    return _apt(name, into, "install", "--download-only", "--reinstall", "--yes", "--no-install-recommends", *SETS[name])


class Unpacked:
    """One set of packages with all they need, in a folder; unpacked once."""

    def __init__(self, name, folder):
        self.root = os.path.join(os.path.abspath(folder), name)
        self.versions = []
        if not os.path.exists(self.root):
            self._unpack(name)
        with open(os.path.join(self.root, "versions"), encoding="utf-8") as f:
            self.versions = f.read().split()
        libraries = ["usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/syslog-ng", "usr/lib/*-linux-gnu/systemd",
                     "usr/lib/*-linux-gnu/pulseaudio"]
        self.paths = [p for pattern in libraries for p in glob.glob(os.path.join(self.root, pattern))]

    def _unpack(self, name):
        if not shutil.which("apt-get"):
            raise Missing(f"{name} is tested as Debian packages it, and there is no apt-get here")
        debs, fresh = self.root + ".debs", self.root + ".new"
        got = _download(name, debs)
        if got.returncode != 0:
            # The lists may be empty, as they are in a fresh container, or old.
            _apt(name, debs, "update")
            got = _download(name, debs)
        if got.returncode != 0:
            raise Missing(f"apt-get could not download {' '.join(SETS[name])} (needs Debian 12's lists):\n{got.stdout}")
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(fresh)
        packages = sorted(glob.glob(os.path.join(debs, "*.deb")))
        for package in packages:
            subprocess.run(["dpkg", "-x", package, fresh], check=True)
        with open(os.path.join(fresh, "versions"), "w", encoding="utf-8") as f:
            f.write("\n".join("_".join(os.path.basename(p).split("_")[:2]) for p in packages))
        os.rename(fresh, self.root)
        shutil.rmtree(debs, ignore_errors=True)

    def program(self, name):
        """The path of a program in it."""
        # What Chromium has in usr/bin is a script that looks for the rest where it would be installed.
        for folder in (f"usr/lib/{name}", "usr/sbin", "usr/bin", "bin", "sbin"):
            path = os.path.join(self.root, folder, name)
            if os.path.exists(path):
                return path
        raise Missing(f"the packages in {self.root} hold no {name}")

    def under(self, pattern):
        """The one folder in it that a pattern names."""
        found = glob.glob(os.path.join(self.root, pattern))
        if len(found) != 1:
            raise Missing(f"{pattern} is there {len(found)} times in {self.root}")
        return found[0]

    def environment(self):
        """What its programs need to find their libraries."""
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(self.paths)}


def tool(name, package, folder):
    """A command and its environment: the machine's own where there is one, else Debian's."""
    path = shutil.which(name)
    if path:
        return path, dict(os.environ)
    unpacked = Unpacked(package, folder)
    return unpacked.program(name), unpacked.environment()
