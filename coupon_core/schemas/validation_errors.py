"""Marshmallow's messages as one problem with a detail for every field."""

from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError

from coupon_core.schemas.errors import (
    MOST_DETAILS,
    Detail,
    Problem,
    Target,
    invalid,
    shown,
)


def from_validation(error: ValidationError, target: Target = "body") -> Problem:
    """The 400 for a schema that was loaded by hand in a view."""
    return from_messages(error.messages, target)


def from_messages(messages: Any, target: Target) -> Problem:
    """The 400 for marshmallow's nested messages."""
    details = []
    for path, message in _flattened(messages, ()):
        details.append(Detail(message, shown(".".join(path)), target))
        if len(details) > MOST_DETAILS:
            break
    return invalid(details or [Detail("expected something else", "", target)])


_WHOLE = "_schema"  # marshmallow's name for the object itself


def _flattened(
    messages: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every message with its path: `{"a": {0: ["no"]}}` is `("a", "0"), "no"`."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = () if name == _WHOLE else (str(name),)
            yield from _flattened(inner, path + step)
    elif isinstance(messages, list):
        for message in messages:
            yield from _flattened(message, path)
    else:
        yield path, str(messages)
