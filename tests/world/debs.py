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
}


class Missing(Exception):
    """A program that could not be had, and why."""


def _download(wanted, into):
    os.makedirs(os.path.join(into, "partial"), exist_ok=True)
    command = ["apt-get", "install", "--download-only", "--reinstall", "--yes", "--quiet", "--no-install-recommends",
               "-o", f"Dir::Cache::archives={into}", "-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=3",
               *wanted]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Unpacked:
    """One set of packages with all they need, in a folder; unpacked once."""

    def __init__(self, name, folder):
        self.root = os.path.join(os.path.abspath(folder), name)
        self.versions = []
        if not os.path.exists(self.root):
            self._unpack(name)
        with open(os.path.join(self.root, "versions"), encoding="utf-8") as f:
            self.versions = f.read().split()
        libraries = ["usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/syslog-ng", "usr/lib/*-linux-gnu/systemd"]
        self.paths = [p for pattern in libraries for p in glob.glob(os.path.join(self.root, pattern))]

    def _unpack(self, name):
        if not shutil.which("apt-get"):
            raise Missing(f"{name} is tested as Debian packages it, and there is no apt-get here")
        wanted, debs, fresh = SETS[name], self.root + ".debs", self.root + ".new"
        got = _download(wanted, debs)
        if got.returncode != 0:
            # The lists may be empty, as they are in a fresh container, or old.
            subprocess.run(["apt-get", "update", "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
            got = _download(wanted, debs)
        if got.returncode != 0:
            raise Missing(f"apt-get could not download {' '.join(wanted)} (needs Debian 12's lists):\n{got.stdout}")
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
        for folder in ("usr/sbin", "usr/bin", "bin", "sbin"):
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
