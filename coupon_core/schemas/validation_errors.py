"""Convert marshmallow errors into one 400 with a detail for every field."""

from collections.abc import Iterator
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
    details: list[ErrorDetail] = []
    for path, message in _flatten(messages, ()):
        detail = ErrorDetail(
            message, truncate_for_display(".".join(path)), target=target
        )
        if detail not in details:  # several validators may expect the same
            details.append(detail)
        if len(details) > MAX_DETAILS:
            break
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
