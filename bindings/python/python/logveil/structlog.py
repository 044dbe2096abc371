"""Processors for structlog."""

from __future__ import annotations

from typing import Any

from ._native import Redactor
from ._shared import UNJUDGED, builtin, never_raising

__all__ = ["RedactEvent", "RedactRendered"]


class RedactRendered:
    """The last processor, behind the renderer: masks the text as it leaves."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._masked = never_raising(redactor or builtin)

    def __call__(self, logger: Any, name: str, event: Any) -> Any:
        return self._masked(event)


class RedactEvent:
    """Before the renderer, behind `format_exc_info`: masks the values of the event, by the keys they stand behind."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._redactor = redactor or builtin

    def __call__(self, logger: Any, name: str, event: Any) -> Any:
        # An exception that is not rendered yet, and what structlog hands to itself, is no text.
        aside = {key: event[key] for key in event if key == "exc_info" or str(key).startswith("_")}
        rest = {key: event[key] for key in event if key not in aside}
        try:
            return {**self._redactor.redact_value(rest), **aside}
        except Exception:
            return {"event": UNJUDGED, **aside}
