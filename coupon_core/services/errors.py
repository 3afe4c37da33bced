"""Refusals for values that were not found."""

from typing import TypeVar

from coupon_core.domain.refusals import AnyReason, Refused

Value = TypeVar("Value")


def require_found(value: Value | None, reason: AnyReason) -> Value:
    """Return `value`, or refuse with `reason` if it is None.

    Raises:
        Refused: The value was not found.
    """
    if value is None:
        raise Refused(reason)
    return value
