"""Sentry: `sentry_sdk.init(..., before_send=logveil.sentry.before_send, before_breadcrumb=logveil.sentry.before_send)`.

Also for `before_send_transaction` and `before_send_log`. What an event holds is masked by the keys it stands behind: local
variables, headers, extra.
"""

from __future__ import annotations

from typing import Any, Callable

from ._native import Redactor
from ._shared import builtin

__all__ = ["before_send", "hook"]


def hook(redactor: Redactor) -> Callable[[Any, Any], Any]:
    """A hook by a redactor of your own. An event that cannot be judged is not sent."""

    def before(event: Any, hint: Any) -> Any:
        try:
            return redactor.redact_value(event, max_depth=64)
        except Exception:
            return None

    return before


before_send = hook(builtin)
