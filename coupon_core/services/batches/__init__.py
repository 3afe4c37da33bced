"""Batches: coupons by the million, made by workers in chunks, each exactly once.

A batch publishes no event for each of its coupons, only `batch.completed` at its end.
"""

from coupon_core.services.batches.chunks import COMPLETED, make_chunk
from coupon_core.services.batches.requests import (
    MOST_COUPONS,
    MOST_USERS,
    Wanted,
    cancel,
    fail,
    get,
    listed,
    pace,
    redrive,
    request,
)

__all__ = [
    "COMPLETED",
    "MOST_COUPONS",
    "MOST_USERS",
    "Wanted",
    "cancel",
    "fail",
    "get",
    "listed",
    "make_chunk",
    "pace",
    "redrive",
    "request",
]
