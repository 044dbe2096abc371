"""Programs of others out of PyPI, each list of them in a virtual environment of its own: nothing is installed on the machine."""
import os
import subprocess
import sys

from debs import Missing
from peers import UNPACKED

HERE = os.path.dirname(os.path.abspath(__file__))


def made(folder, of, commands):
    """Runs commands that fill a folder, unless they were run already since the file changed that says what is wanted."""
    done = os.path.join(folder, "done")
    if os.path.exists(done) and os.path.getmtime(done) >= os.path.getmtime(of):
        return
    for command in commands:
        got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False)
        if got.returncode != 0:
            raise Missing(f"`{' '.join(command)}` failed:\n{got.stdout[-1000:]}")
    with open(done, "w", encoding="utf-8"):
        pass


def environment(requirements):
    """A virtual environment with what a file beside this one lists, made once: its Python."""
    folder = os.path.join(UNPACKED, "venv-" + os.path.splitext(requirements)[0])
    python = os.path.join(folder, "bin", "python")
    of = os.path.join(HERE, requirements)
    made(folder, of, [[sys.executable, "-m", "venv", "--clear", folder],
                      [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", of]])
    return python
