"""Batches: coupons by the million, made by workers in chunks, each exactly once.

A batch publishes no event for each of its coupons, only `batch.completed` at its end.
"""

from coupon_core.batches.asking import (
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
from coupon_core.batches.making import COMPLETED, make_chunk

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
