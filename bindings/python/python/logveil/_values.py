"""A value, masked where its secrets stand: it is judged as one line of JSON, so that keys say what a text is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._native import Redactor
from ._shared import UNJUDGED

_JSON = (str, int, float, type(None))


class _Pairs(list):  # type: ignore[type-arg]
    """The members of an object, as they stand there: two of them may have one name, once names are masked."""


def redact_value(redactor: Redactor, value: Any, max_depth: int = 32) -> Any:
    """The value itself where it holds no secret; else a copy of what changed, of which the rest is shared."""
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return redactor.redact(value)
    line = _line(_plain(value, max_depth))
    masked = redactor.redact(line)
    if masked is line:
        return value
    try:
        return _adopt(value, json.loads(line, object_pairs_hook=_Pairs), _read(masked), max_depth)
    except (ValueError, RecursionError):
        # What is longer than a record is judged in windows, and may be no JSON then.
        return _each(redactor, "", value, max_depth)


def _line(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _read(line: str) -> Any:
    return json.loads(line, object_pairs_hook=_Pairs)


def _plain(value: Any, depth: int) -> Any:
    """What JSON can say of it, in the same order."""
    if isinstance(value, _JSON):
        # Subclasses may say of themselves whatever they like: enumerations, for one.
        return value if type(value) in (str, int, float, bool, type(None)) else _text(value)
    if depth > 0:
        if isinstance(value, Mapping):
            return _Object((_text(name), _plain(member, depth - 1)) for name, member in list(value.items()))
        if isinstance(value, (list, tuple, set, frozenset)):
            return [_plain(element, depth - 1) for element in list(value)]
    return _text(value)


class _Object(dict):  # type: ignore[type-arg]
    """Members that `json` writes all of, though two have one name."""

    def __init__(self, members: Any) -> None:
        self._members = list(members)
        super().__init__(self._members)

    def items(self) -> Any:
        return self._members


def _text(value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    try:
        return str(value)
    except Exception:
        return ""


def _adopt(value: Any, was: Any, masked: Any, depth: int) -> Any:
    """The value with what differs between `was` and `masked` taken over."""
    if was == masked:
        return value
    if isinstance(was, _Pairs) and isinstance(masked, _Pairs) and len(was) == len(masked) and depth > 0:
        members = list(value.items())
        changed: dict[Any, Any] = {}
        for (name, member), (old, plain), (new, other) in zip(members, was, masked):
            changed[name if old == new else new] = _adopt(member, plain, other, depth - 1)
        return changed
    whole = isinstance(was, list) and isinstance(masked, list) and not isinstance(masked, _Pairs)
    if whole and len(was) == len(masked) and depth > 0:
        elements = [_adopt(*three, depth - 1) for three in zip(list(value), was, masked)]
        return _like(value, elements)
    if isinstance(was, (list, dict)) or isinstance(masked, (list, dict)):
        # It is masked as a whole, or became something else.
        return masked if isinstance(masked, str) else UNJUDGED
    if isinstance(value, (bytes, bytearray)) and isinstance(masked, str):
        return masked.encode("utf-8", "surrogatepass")
    return masked


def _like(value: Any, elements: list[Any]) -> Any:
    if isinstance(value, tuple):
        return type(value)._make(elements) if hasattr(value, "_make") else tuple(elements)
    if isinstance(value, (set, frozenset)):
        return type(value)(elements)
    return elements


def _each(redactor: Redactor, name: str, value: Any, depth: int) -> Any:
    """Leaf by leaf, each by the name it stands behind."""
    if isinstance(value, Mapping) and depth > 0:
        return {redactor.redact(n) if isinstance(n, str) else n: _each(redactor, _text(n), v, depth - 1) for n, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth > 0:
        return _like(value, [_each(redactor, name, element, depth - 1) for element in value])
    line = _line(_Object([(name, _plain(value, 0))]))
    masked = redactor.redact(line)
    if masked is line:
        return value
    try:
        return _adopt(value, _read(line)[0][1], _read(masked)[0][1], 0)
    except (ValueError, IndexError):
        return UNJUDGED
