"""`logveil exec` on a terminal: a person's side of a pseudo-terminal, and programs that expect one."""
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import termios
import time

from records import Wrong

SIZE = (40, 123)
SECRET = "hunter2"
# What was measured as the longest silence, and then some for a busy machine.
WITHIN = 0.25


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def heed_keys():
    """Keys are signals again where whoever runs the tests had them ignored, as a shell does for what runs behind it."""
    for key in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(key, signal.SIG_DFL)


class Person:
    """Somebody at a terminal in which a command runs."""

    def __init__(self, rig, *command, options=()):
        self.seen = b""
        pid, self.fd = pty.fork()
        if pid == 0:
            try:
                heed_keys()
                resize(0, *SIZE)
                environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "PS1": "$ ", "HOME": rig.folder}
                os.execvpe(rig.program[0], [*rig.program, "exec", *options, "--", *command], environment)
            finally:
                os._exit(99)
        self.pid = pid
        rig.callback(self.close)

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            got = os.read(self.fd, 1 << 16)
        except OSError:
            return False
        self.seen += got
        return bool(got)

    def sees(self, text, within=10):
        """Waits until a text is there behind what was seen before; how long it took, in milliseconds."""
        begin = time.monotonic()
        while text not in self.seen:
            left = begin + within - time.monotonic()
            if left <= 0 or not self.read(left) and time.monotonic() - begin < within:
                if left <= 0 or text not in self.seen:
                    raise Wrong(f"{text!r} did not come within {within} s; there is {self.seen[-300:]!r}")
        self.seen = self.seen[self.seen.index(text) + len(text):]
        return (time.monotonic() - begin) * 1000

    def types(self, keys):
        os.write(self.fd, keys)

    def code(self, within=10):
        """Waits for the end; the exit code, or the signal as a negative number."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while self.read(0.05):
                    pass
                return os.waitstatus_to_exitcode(status)
        raise Wrong(f"it does not end; there is {self.seen[-300:]!r}")


def wrong_unless(held, what):
    if not held:
        raise Wrong(what)


def a_terminal_stays_one(rig):
    """Its size, its changes, colours and codes."""
    script = "test -t 0 && test -t 1 && test -t 2 && stty size; trap 'stty size' WINCH; echo ready; " \
             "read x; printf '\\033[31mpassword=%s\\033[0m\\n' hunter2; exit 7"
    person = Person(rig, "sh", "-c", script)
    person.sees(b"40 123\r\nready\r\n")
    resize(person.fd, 30, 100)
    time.sleep(0.3)
    person.types(b"\r")
    person.sees(b"30 100")
    person.sees(b"\x1b[31mpassword=[REDACTED:password]\x1b[0m\r\n")
    code = person.code()
    wrong_unless(code == 7, f"the code is {code}")
    return {}


def prompts_and_echo(rig):
    """A prompt leaves after a short silence, and so does each letter that is typed; a secret that is typed does not."""
    script = "read x; printf 'Password: '; stty -echo; read p; stty echo; echo; echo \"password=$p\"; cat"
    person = Person(rig, "sh", "-c", script)
    time.sleep(0.3)
    person.types(b"go\r")
    prompt = person.sees(b"Password: ", WITHIN * 4)
    person.types(SECRET.encode() + b"\r")
    person.sees(b"password=[REDACTED:password]\r\n")
    slowest = 0
    for letter in b"git commit -m 'some words' /etc/nginx/nginx.conf and 17 more":
        person.types(bytes([letter]))
        slowest = max(slowest, person.sees(bytes([letter]), WITHIN))
    person.types(b"\r")
    time.sleep(0.2)
    person.read(0.1)
    person.seen = b""
    for letter in f"export DB_PASSWORD={SECRET}".encode():
        person.types(bytes([letter]))
        person.read(0.06)
    wrong_unless(person.seen == b"export DB_PASSWORD=", f"what was typed is seen as {person.seen!r}")
    person.types(b"\r")
    person.sees(b"[REDACTED:password]")
    person.types(b"\x04")
    code = person.code()
    wrong_unless(code == 0, f"the code is {code}")
    wrong_unless(SECRET.encode() not in person.seen, "the secret is seen")
    return {"prompt ms": prompt, "slowest letter ms": slowest}


def keys_are_signals_for_the_program(rig):
    """Ctrl-C reaches the program, and a shell's job control works inside."""
    person = Person(rig, "sh", "-c", "trap 'echo got; exit 5' INT; echo ready; while :; do sleep 0.05; done")
    person.sees(b"ready")
    person.types(b"\x03")
    person.sees(b"got")
    code = person.code()
    wrong_unless(code == 5, f"the code is {code}")
    return {}


def modes_are_given_back(rig):
    """However it ends: by itself, by a signal, with a program that left its terminal raw."""
    for script, send in [("stty raw -echo; echo ready; exit 3", None), ("echo ready; sleep 30", signal.SIGTERM),
                         ("echo ready; kill -9 $$", None), ("echo ready; sleep 30", signal.SIGHUP)]:
        inner = f"'{rig.program[0]}' exec -- sh -c '{script}'; echo code $?"
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        pid = os.fork()
        if pid == 0:
            heed_keys()
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.execv("/bin/sh", ["sh", "-c", "exec 2>/dev/null; trap : TERM HUP; " + inner])
        seen = b""
        while b"ready" not in seen:
            seen += os.read(master, 4096)
        if send:
            wrong_unless(termios.tcgetattr(slave) != before, "the terminal is not raw meanwhile")
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                os.kill(int(f.read().split()[0]), send)
        while b"code " not in seen:
            seen += os.read(master, 4096)
        os.waitpid(pid, 0)
        wrong_unless(termios.tcgetattr(slave) == before, f"behind {script!r} and {send} the terminal has other modes")
        os.close(master)
        os.close(slave)
    return {}


def full_screens(rig):
    """vim and less, where the machine has them: they come up, answer keys, and end."""
    path = rig.path("text")
    with open(path, "w", encoding="ascii") as f:
        f.write("".join(f"line {n} password={SECRET}\n" for n in range(300)))
    ran = []
    if shutil.which("less"):
        person = Person(rig, "less", path)
        person.sees(b"line 0 password=[REDACTED:password]")
        person.types(b"G")
        person.sees(b"line 299 ")
        person.types(b"q")
        wrong_unless(person.code() == 0, "less failed")
        wrong_unless(SECRET.encode() not in person.seen, "the secret is seen in less")
        ran.append("less")
    if shutil.which("vim"):
        person = Person(rig, "vim", "-u", "NONE", "-N", path)
        person.sees(b"line 0 ")
        person.types(b"Oa new line")
        person.sees(b"new")
        person.types(b"\x1b:q!\r")
        wrong_unless(person.code() == 0, "vim failed")
        ran.append("vim")
    return {"ran": " ".join(ran) or "NOT RUN: neither vim nor less"}


def nothing_is_read_ahead(rig):
    """Without a terminal standard input is the program's: what it leaves is there for the next one."""
    path = rig.path("input")
    with open(path, "w", encoding="ascii") as f:
        f.write("first\nsecond\n")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(path, os.O_RDONLY), 0)
        os.dup2(writing, 1)
        os.execv("/bin/sh", ["sh", "-c", f"'{rig.program[0]}' exec -- sh -c 'read x; echo $x'; cat"])
    os.close(writing)
    with os.fdopen(reading, "rb") as f:
        seen = f.read()
    os.waitpid(pid, 0)
    wrong_unless(seen == b"first\nsecond\n", f"there is {seen!r}")
    return {}


TERMINALS = [a_terminal_stays_one, prompts_and_echo, keys_are_signals_for_the_program, modes_are_given_back, full_screens,
             nothing_is_read_ahead]

if __name__ == "__main__":
    sys.exit("run.py runs these: run.py terminals")
