"""Batches: workers generate up to millions of coupons in chunks, each exactly once.

A batch publishes no event for its individual coupons, only `batch.completed`.
"""

from coupon_core.services.batches.chunks import COMPLETED_EVENT_TYPE, generate_chunk
from coupon_core.services.batches.previews import preview
from coupon_core.services.batches.refills import refill
from coupon_core.services.batches.requests import (
    MAX_COUPONS,
    MAX_USERS,
    BatchRequest,
    cancel,
    fail,
    get,
    list_batches,
    request,
    requeue_stalled_batches,
)

__all__ = [
    "COMPLETED_EVENT_TYPE",
    "MAX_COUPONS",
    "MAX_USERS",
    "BatchRequest",
    "cancel",
    "fail",
    "generate_chunk",
    "get",
    "list_batches",
    "preview",
    "refill",
    "request",
    "requeue_stalled_batches",
]
