"""What the parts have in common."""

from __future__ import annotations

from typing import Any, Callable

from ._native import Redactor

#: The built-in rules with their default masks.
builtin = Redactor()

#: What stands in place of what could not be judged, as in the engine.
UNJUDGED = "[REDACTED:unjudged]"


def never_raising(redactor: Redactor, redact: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """Masks the records of one log, whatever they are; never raises, and never lets a text go that was not judged."""
    redact = redact or redactor.records().redact

    def masked(record: Any) -> Any:
        try:
            return redact(record)
        except TypeError:
            pass
        except Exception:
            return UNJUDGED
        try:
            return redactor.redact_value(record)
        except Exception:
            return UNJUDGED

    return masked
