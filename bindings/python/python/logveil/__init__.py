"""Takes passwords, tokens, private keys and payment-card numbers out of logs; everything else stays as it is.

    import logveil
    logveil.install()                      # every handler of `logging`, those that are made later, too
    logveil.redact("password=hunter2")     # 'password=[REDACTED:password]'
"""

from __future__ import annotations

from ._logging import (
    Installed,
    RedactingFormatter,
    RedactingHandler,
    UncoveredError,
    UncoveredWarning,
    install,
)
from ._native import Finding, Records, Redactor, RuleError, Stream, __version__, forget
from ._shared import builtin
from ._stdio import stdio

__all__ = [
    "Finding",
    "Installed",
    "Records",
    "RedactingFormatter",
    "RedactingHandler",
    "Redactor",
    "RuleError",
    "Stream",
    "UncoveredError",
    "UncoveredWarning",
    "__version__",
    "findings",
    "forget",
    "install",
    "redact",
    "redact_value",
    "stdio",
]

# Those of the built-in rules.
redact = builtin.redact
findings = builtin.findings
redact_value = builtin.redact_value
