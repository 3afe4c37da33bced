"""Refill definitions whose unassigned codes run out, once for each time they do."""

from collections.abc import Iterator
from datetime import datetime

import structlog

from coupon_core.domain.models import Refused
from coupon_core.domain.models.batches import Batch, BatchKind
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definition_notices
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories.definition_notices import Refillable
from coupon_core.services import audit
from coupon_core.services.batches import requests
from coupon_core.services.batches.requests import BatchRequest

log = structlog.get_logger("coupon.refill")


def refill(tenant_id: str, now: datetime) -> int:
    """Request a batch for each definition of a tenant that runs out of codes.

    Return the number of batches. Definitions are left alone while they are suspended,
    paused, archived, expired or exhausted, or while a batch generates codes for them.
    """
    return sum(1 for _ in _refill_each(tenant_id, now))


def _refill_each(tenant_id: str, now: datetime) -> Iterator[Batch]:
    for refillable in definition_notices.find_refillable(tenant_id, now):
        if _is_settled(tenant_id, refillable, now):
            continue
        try:
            batch = _try_refill(tenant_id, refillable.definition_id, now)
        except Refused as refused:
            log.warning(
                "cannot refill",
                tenant_id=tenant_id,
                definition_id=refillable.definition_id,
                reason=refused.reason.value,
            )
            continue
        if batch:
            yield batch


def _is_settled(tenant_id: str, refillable: Refillable, now: datetime) -> bool:
    """Return True if there is nothing to do: enough codes, or none are due."""
    return _has_enough(tenant_id, refillable, now) == refillable.is_due


def _has_enough(tenant_id: str, refillable: Refillable, now: datetime) -> bool:
    count = definition_notices.count_available(
        tenant_id, refillable.definition_id, limit=refillable.below, now=now
    )
    return count >= refillable.below


def _try_refill(tenant_id: str, definition_id: str, now: datetime) -> Batch | None:
    """Refill a definition, unless another process just did.

    Raises:
        Refused: Its code space is too small.
    """
    with transaction():
        # In the order of every generation, but with a lock that excludes another one.
        coupon_repository.announce_coupon_write()
        tenant_repository.lock_shared(tenant_id)
        definition = definition_repository.lock(tenant_id, definition_id)
        found = definition_notices.find_refillable(tenant_id, now, definition_id)
        if definition is None or not found or _is_settled(tenant_id, found[0], now):
            return None
        if not found[0].is_due:
            definition_notices.set_refill_batch(definition, None)
            return None
        request = BatchRequest(definition.refill_count, kind=BatchKind.REFILL)
        batch = requests.request(tenant_id, definition_id, request, now)
        definition_notices.set_refill_batch(definition, batch.batch_id)
        audit.record(
            tenant_id,
            "definition.refilled",
            definition_id,
            batch_id=batch.batch_id,
            count=definition.refill_count,
        )
    return batch
