"""`sys.stdout` and `sys.stderr`: what is printed, and the tracebacks of uncaught exceptions."""

from __future__ import annotations

import atexit
import io
import sys
import threading
from types import TracebackType
from typing import Any

from ._native import Redactor
from ._shared import builtin


class _Masked(io.RawIOBase):
    """Whole lines go to the inner file as they are completed; the last one when it is closed."""

    def __init__(self, inner: Any, redactor: Redactor) -> None:
        self._inner, self._stream, self._lock = inner, redactor.stream(), threading.RLock()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return bool(self._inner.isatty())

    def fileno(self) -> int:
        return int(self._inner.fileno())

    def write(self, data: Any, /) -> int:
        with self._lock:
            if out := self._stream.push(bytes(data)):
                self._inner.write(out)
                self._inner.flush()
        return len(data)

    def flush(self) -> None:
        with self._lock:
            self._inner.flush()

    def end(self) -> None:
        """The last line leaves, newline or not."""
        with self._lock:
            self._inner.write(self._stream.finish())
            self._inner.flush()


class Stdio:
    """What `stdio` put in place; may be taken back."""

    def __init__(self, redactor: Redactor) -> None:
        self._was: dict[str, Any] = {}
        for name in ("stdout", "stderr"):
            outer = getattr(sys, name)
            if outer is None:
                continue
            outer.flush()
            masked = _Masked(getattr(outer, "buffer", None) or _Bytes(outer), redactor)
            text = io.TextIOWrapper(
                masked,  # type: ignore[type-var]
                encoding=getattr(outer, "encoding", None) or "utf-8",
                errors=getattr(outer, "errors", None) or "backslashreplace",
                line_buffering=True,
                write_through=True,
            )
            self._was[name] = (outer, text, masked)
            setattr(sys, name, text)
        atexit.register(self.restore)

    def restore(self) -> None:
        """The files are what they were; unfinished lines leave."""
        for name, (outer, text, masked) in self._was.items():
            try:
                text.flush()
                masked.end()
            except (OSError, ValueError):
                pass  # its reader is gone
            if getattr(sys, name) is text:
                setattr(sys, name, outer)
        self._was.clear()
        atexit.unregister(self.restore)

    def __enter__(self) -> Stdio:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.restore()


class _Bytes:
    """A text file without bytes below it, such as `io.StringIO`."""

    def __init__(self, text: Any) -> None:
        self._text = text

    def write(self, data: bytes) -> int:
        self._text.write(data.decode(getattr(self._text, "encoding", None) or "utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        self._text.flush()

    def isatty(self) -> bool:
        return bool(self._text.isatty())

    def fileno(self) -> int:
        return int(self._text.fileno())


def stdio(redactor: Redactor | None = None) -> Stdio:
    """Masks what Python writes to standard output and standard error, line by line.

    A line without its end waits for it, a prompt, too. What other programs and extensions write to the descriptors is not
    seen: `logveil exec` is for that.
    """
    return Stdio(redactor or builtin)
