"""`logging`: what handlers write is masked, whoever made them and whenever.

A filter on a logger does not see the records of its children, nor tracebacks; a formatter is replaced by the next
`dictConfig`. So `install` stands where every handler asks for its text, in `logging.Handler.format`.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from typing import Any, Callable, Iterator

from ._native import Redactor
from ._shared import UNJUDGED, builtin, never_raising

_ORIGINAL_FORMAT = logging.Handler.format
_ORIGINAL_INIT = logging.Handler.__init__
_ORIGINAL_ERROR = logging.Handler.handleError

#: The attribute of a handler that holds its log's records.
_OWN = "_logveil"

#: What every record has; the rest is `extra`.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

def _formatting() -> Iterator[Any]:
    """How handlers of the standard library emit that write what `format` returns, and nothing else of a record."""
    names = {"StreamHandler", "FileHandler", "NullHandler"}
    yield from (vars(vars(logging)[name])["emit"] for name in names)
    # Loaded for nobody who does not use it.
    if more := sys.modules.get("logging.handlers"):
        # The last one keeps records for a handler that is covered itself.
        names = {"BaseRotatingHandler", "WatchedFileHandler", "SysLogHandler", "SMTPHandler", "BufferingHandler"}
        yield from (vars(vars(more)[name])["emit"] for name in names)


class UncoveredWarning(UserWarning):
    """Some handlers cannot be covered."""


class UncoveredError(RuntimeError):
    """The same, where `install(strict=True)` was asked for."""

    def __init__(self, handlers: list[Any]) -> None:
        super().__init__(_named(handlers))
        self.handlers = handlers


def _named(handlers: list[Any]) -> str:
    names = ", ".join(sorted({f"{type(h).__module__}.{type(h).__qualname__}" for h in handlers}))
    return f"logveil cannot see what these handlers write: {names}"


class _Cover:
    """What makes handlers write masked text."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.active = True

    def own(self, handler: Any) -> Callable[[Any], Any]:
        """The records of a handler's log: each has its own, since each sees a record once."""
        redact = self.redactor.records().redact
        setattr(handler, _OWN, redact)
        return redact

    def otherwise(self, handler: Any, text: Any) -> Any:
        """Masks what a handler of its own way returned, or one that was made in a way of its own."""
        try:
            redact = handler.__dict__.get(_OWN) or self.own(handler)
        except Exception:
            redact = None
        return never_raising(self.redactor, redact)(text)

    def cover(self, handler: Any, always: bool = False) -> bool:
        """Covers a handler and says whether it could."""
        kind = type(handler)
        try:
            self.own(handler)
            if always or getattr(kind, "format", None) is not logging.Handler.format:
                self._wrap_format(handler)
            if not isinstance(handler, logging.Handler) or kind.handle is not logging.Handler.handle:
                self._wrap(handler, "handle")
            elif kind.emit not in _formatting():
                self._wrap(handler, "emit")
            if always or getattr(kind, "handleError", None) is not logging.Handler.handleError:
                self._wrap(handler, "handleError")
            return True
        except Exception:
            return False

    def uncover(self, handler: Any) -> None:
        for name in (_OWN, "format", "handle", "emit", "handleError"):
            wrapper = getattr(handler, "__dict__", {}).get(name)
            if name == _OWN or getattr(wrapper, "_logveil", None) is self:
                try:
                    delattr(handler, name)
                except Exception:
                    pass

    def _wrap_format(self, handler: Any) -> None:
        inner = getattr(handler, "format", None)
        if inner is None or getattr(inner, "_logveil", None) is self:
            return
        masked = never_raising(self.redactor, getattr(handler, _OWN))

        def format(record: logging.LogRecord) -> Any:
            text = inner(record)
            return masked(text) if self.active else text

        format._logveil = self  # type: ignore[attr-defined]
        handler.format = format

    def _wrap(self, handler: Any, name: str) -> None:
        inner = getattr(handler, name, None)
        if inner is None or getattr(inner, "_logveil", None) is self:
            return
        masked = never_raising(self.redactor)

        def take(record: Any) -> Any:
            return inner(self.copied(record, masked) if self.active else record)

        take._logveil = self  # type: ignore[attr-defined]
        setattr(handler, name, take)

    def copied(self, record: Any, masked: Callable[[Any], Any]) -> Any:
        """The record itself if nothing in it is a secret, else a copy without."""
        try:
            changes = dict(self._changes(record, masked))
            if not changes:
                return record
            copy = logging.makeLogRecord(record.__dict__)
            copy.__dict__.update(changes)
            return copy
        except Exception:
            return logging.makeLogRecord({"msg": UNJUDGED, "levelno": getattr(record, "levelno", 0)})

    def _changes(self, record: Any, masked: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
        try:
            text = record.getMessage()
        except Exception:
            # It cannot be put together, so that nobody can say what its arguments are.
            yield "msg", masked(str(record.msg))
            yield "args", ()
        else:
            clean = masked(text)
            if clean is not text:
                yield from (("msg", clean), ("args", ()))
            elif record.args and (clean := self.redactor.redact_value(record.args)) is not record.args:
                # Some that the message does not show.
                yield "args", clean
            if (shown := getattr(record, "message", None)) and (clean := masked(shown)) is not shown:
                yield "message", clean
        trace = record.exc_text
        if record.exc_info and not trace:
            trace = logging.Formatter().formatException(record.exc_info)
        if trace and (clean := masked(trace)) is not trace:
            yield from (("exc_text", clean), ("exc_info", None))
        if record.stack_info and (clean := masked(record.stack_info)) is not record.stack_info:
            yield "stack_info", clean
        extra = {name: value for name, value in record.__dict__.items() if name not in _USUAL}
        if extra and (clean := self.redactor.redact_value(extra)) is not extra:
            # In their order, also where a name is masked itself.
            yield from ((old, new) for old, new in zip(extra, clean.values()) if extra[old] is not new)


class Installed:
    """What `install` did; may be taken back."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._cover = _Cover(redactor)
        cover, otherwise = self._cover.cover, self._cover.otherwise

        def format(handler: logging.Handler, record: logging.LogRecord) -> Any:
            text = _ORIGINAL_FORMAT(handler, record)
            try:
                return handler._logveil(text)  # type: ignore[attr-defined]
            except Exception:
                return otherwise(handler, text)

        def init(handler: logging.Handler, level: int | str = logging.NOTSET) -> None:
            _ORIGINAL_INIT(handler, level)
            cover(handler)

        def handle_error(handler: logging.Handler, record: logging.LogRecord) -> None:
            _handle_error(redactor, record)

        self._patches = {"format": format, "__init__": init, "handleError": handle_error}
        for name, patch in self._patches.items():
            setattr(logging.Handler, name, patch)
        self._uncovered = [handler for handler in _handlers() if not cover(handler)]

    @property
    def uncovered(self) -> list[Any]:
        """Handlers whose text it cannot see."""
        if self._cover.active:
            new = [handler for handler in _handlers() if not hasattr(handler, _OWN)]
            self._uncovered = [handler for handler in new if not self._cover.cover(handler)]
        return list(self._uncovered)

    def uninstall(self) -> None:
        """Everything is as it was."""
        self._cover.active = False
        originals = {"format": _ORIGINAL_FORMAT, "__init__": _ORIGINAL_INIT, "handleError": _ORIGINAL_ERROR}
        for name, patch in self._patches.items():
            # What somebody else put there meanwhile is theirs.
            if logging.Handler.__dict__.get(name) is patch:
                setattr(logging.Handler, name, originals[name])
        for handler in _handlers():
            self._cover.uncover(handler)

    def __enter__(self) -> Installed:
        return self

    def __exit__(self, *_: object) -> None:
        self.uninstall()


_lock = threading.Lock()
_installed: Installed | None = None


def install(redactor: Redactor | None = None, *, strict: bool = False) -> Installed:
    """Masks what every handler writes, those of other packages and those that are made later, too.

    Called again it takes the other redactor. What cannot be covered is named by a warning, or with `strict` by an error,
    and listed in `.uncovered`. Processes that are started by `spawn` have to call it themselves.
    """
    global _installed
    with _lock:
        if _installed is not None:
            _installed.uninstall()
        _installed = Installed(redactor or builtin)
        if left := _installed._uncovered:
            if strict:
                _installed.uninstall()
                raise UncoveredError(left)
            warnings.warn(_named(left), UncoveredWarning, stacklevel=2)
        return _installed


def _handlers() -> list[Any]:
    """All that are alive or that a logger has."""
    found = [handler for ref in logging._handlerList if (handler := _alive(ref)) is not None]  # type: ignore[attr-defined]
    loggers = [logging.root, *logging.Logger.manager.loggerDict.values()]
    for logger in loggers:
        found.extend(getattr(logger, "handlers", ()))
    return list({id(handler): handler for handler in found}.values())


def _alive(ref: Any) -> Any:
    # A weak reference; of a handler that was put there by hand the handler itself.
    return ref() if callable(ref) else ref


def _handle_error(redactor: Redactor, record: logging.LogRecord) -> None:
    """Tells of a record that could not be written: where, not what. Of the error only its type and where it arose, since
    what it says may be an argument; of the arguments only how many."""
    if not (logging.raiseExceptions and sys.stderr):
        return
    kind, _, trace = sys.exc_info()
    count = len(record.args) if isinstance(record.args, (tuple, dict)) else int(bool(record.args))
    lines = ["--- Logging error ---\n", *traceback.format_tb(trace)]
    lines.append(f"{kind.__qualname__ if kind else 'error'} (its text is not shown)\n")
    lines.append(f"Logged from file {record.filename}, line {record.lineno}\n")
    lines.append(f"Message: {record.msg!r}\nArguments: {count}, not shown\n")
    try:
        sys.stderr.write(redactor.redact("".join(lines)))
    except Exception:
        pass


class RedactingFormatter(logging.Formatter):
    """Wraps any formatter: for one handler, where `install` is too much."""

    def __init__(self, inner: logging.Formatter | None = None, redactor: Redactor | None = None) -> None:
        super().__init__()
        self.inner = inner or logging.Formatter()
        self._masked = never_raising(redactor or builtin)

    def format(self, record: logging.LogRecord) -> str:
        text: str = self._masked(self.inner.format(record))
        return text


class RedactingHandler(logging.Handler):
    """Wraps any handler, also one that never calls `format`."""

    def __init__(self, inner: logging.Handler, redactor: Redactor | None = None) -> None:
        self.inner = inner
        super().__init__(inner.level)
        cover = _Cover(redactor or builtin)
        if not cover.cover(inner, always=True):
            raise UncoveredError([inner])

    def handle(self, record: logging.LogRecord) -> Any:
        # The inner one locks for itself.
        return self.filter(record) and self.inner.handle(record)

    def emit(self, record: logging.LogRecord) -> None:
        self.inner.handle(record)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        self.inner.setFormatter(fmt)

    def flush(self) -> None:
        self.inner.flush()

    def close(self) -> None:
        self.inner.close()
        super().close()
