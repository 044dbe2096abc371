"""Sinks for loguru: `logger.add(logveil.loguru.sink(sys.stderr), diagnose=False)`.

`diagnose=True`, loguru's default, shows the values of variables without their names: no rule can tell that these are secrets,
only `Redactor(known=...)` can.
"""

from __future__ import annotations

from typing import Any, Callable

from ._native import Redactor
from ._shared import builtin, never_raising

__all__ = ["patcher", "sink"]


class _Message(str):
    """A message whose record is masked when somebody looks at it."""

    _raw: Any
    _redactor: Redactor

    @property
    def record(self) -> Any:
        return _masked_record(self._redactor, self._raw)


def _masked_record(redactor: Redactor, record: dict[str, Any]) -> dict[str, Any]:
    shown = {key: record[key] for key in ("message", "extra", "exception") if record.get(key) is not None}
    return {**record, **redactor.redact_value(shown)}


def sink(inner: Any, redactor: Redactor | None = None) -> Callable[[Any], Any]:
    """Masks what goes to a sink: a function, or an object with `write`."""
    write = inner if callable(inner) else getattr(inner, "write", None)
    if write is None:
        raise TypeError("a sink is a function or has `write`; open a file first, to give its name is loguru's own way")
    rules = redactor or builtin
    masked = never_raising(rules)

    def take(message: Any) -> Any:
        text = masked(str(message))
        if write is inner:
            text = _Message(text)
            text._raw, text._redactor = message.record, rules
        return write(text)

    return take


def patcher(record: Any, redactor: Redactor | None = None) -> None:
    """For `logger.configure(patcher=...)`: masks message and extra of every record, whatever its sinks; not tracebacks."""
    rules = redactor or builtin
    record["message"] = rules.redact(record["message"])
    extra = rules.redact_value(record["extra"])
    if extra is not record["extra"]:
        record["extra"].update(extra)
