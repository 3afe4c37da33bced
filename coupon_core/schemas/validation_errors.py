"""Convert marshmallow errors into one 400 with a detail for every field."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from marshmallow import ValidationError

from coupon_core.schemas.errors import (
    MAX_DETAILS,
    ApiError,
    ErrorDetail,
    Target,
    truncate_for_display,
    validation_error,
)


def convert_validation_error(
    error: ValidationError, target: Target = "body"
) -> ApiError:
    """Return the 400 for a schema that a view loaded itself."""
    return convert_messages(error.messages, target)


def convert_messages(messages: Any, target: Target) -> ApiError:
    """Return the 400 for marshmallow's nested messages."""
    problems = dict.fromkeys(_flatten(messages, ()))  # validators may expect the same
    details = [
        ErrorDetail(message, truncate_for_display(".".join(path)), target=target)
        for path, message in islice(problems, MAX_DETAILS + 1)
    ]
    return validation_error(
        details or [ErrorDetail("expected a valid value", "", target=target)]
    )


_SCHEMA_KEY = "_schema"  # marshmallow's key for errors of the object itself


def _flatten(
    messages: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every message with its path: `{"a": {0: ["no"]}}` is `("a", "0"), "no"`."""
    if isinstance(messages, dict):
        for name, nested in messages.items():
            steps = () if name == _SCHEMA_KEY else (str(name),)
            yield from _flatten(nested, path + steps)
    elif isinstance(messages, list):
        for message in messages:
            yield from _flatten(message, path)
    else:
        yield path, str(messages)
