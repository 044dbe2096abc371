"""Certificates made for one run, and clients that present them or do not: all with openssl's own command."""
import os
import subprocess

from debs import tool


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder, unpacked):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self._openssl, self._environment = tool("openssl", "openssl", unpacked)
        self.certificate, self._key = self._paths("ca")
        self._make("ca", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")

    def _paths(self, name):
        return os.path.join(self.folder, name + ".pem"), os.path.join(self.folder, name + ".key")

    def _make(self, name, *more):
        certificate, key = self._paths(name)
        command = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                   "-subj", f"/CN={name}", "-keyout", key, "-out", certificate, *more]
        subprocess.run([self._openssl, *command], env=self._environment, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def issue(self, name):
        """A certificate for a name (and the loopback address, which is all syslog-ng compares) and its key, as paths."""
        self._make(name, "-CA", self.certificate, "-CAkey", self._key, "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                   "-addext", "basicConstraints=critical,CA:FALSE")
        return self._paths(name)

    def client(self, address, data, *options):
        """openssl s_client sends `data`: whether it got through the handshake, and what it said."""
        command = [self._openssl, "s_client", "-connect", address.partition("://")[2], "-quiet", "-no_ign_eof", *options]
        done = subprocess.run(command, env=self._environment, input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        return done.returncode == 0, done.stdout.decode(errors="replace")

    def server(self, port, *options):
        """The command of an openssl s_server that prints what it receives."""
        return [self._openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *options], self._environment
