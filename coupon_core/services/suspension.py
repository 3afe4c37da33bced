"""Suspend and resume definitions, batches and campaigns (docs/api-contracts.md 0.25).

A suspension is one column of one row, so it takes the same time for any number of
coupons. It is read together with each coupon that is redeemed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from coupon_core.domain.models import AdminReason, Definition
from coupon_core.domain.models.batches import Batch
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import suspensions
from coupon_core.services import audit
from coupon_core.services.errors import require_found

T = TypeVar("T", Definition, Batch, Campaign)


@dataclass(frozen=True, slots=True)
class Suspendable(Generic[T]):
    """A kind of object that can be suspended, and how it is read and changed."""

    noun: str
    get: Callable[[str, str], T | None]
    set_suspended_at: Callable[[str, str, datetime | None, datetime], bool]
    unknown_reason: AdminReason


DEFINITIONS = Suspendable(
    "definition",
    definition_repository.get,
    set_suspended_at=suspensions.set_definition_suspended_at,
    unknown_reason=AdminReason.DEFINITION_NOT_FOUND,
)
BATCHES = Suspendable(
    "batch",
    batch_repository.get,
    set_suspended_at=suspensions.set_batch_suspended_at,
    unknown_reason=AdminReason.BATCH_NOT_FOUND,
)
CAMPAIGNS = Suspendable(
    "campaign",
    campaign_repository.get,
    set_suspended_at=suspensions.set_campaign_suspended_at,
    unknown_reason=AdminReason.CAMPAIGN_NOT_FOUND,
)


def suspend(kind: Suspendable[T], tenant_id: str, object_id: str, now: datetime) -> T:
    """Suspend an object (idempotent); return it as it is then.

    No redemption of its coupons begins after this has returned and succeeds.

    Raises:
        Refused: The object is unknown.
    """
    with transaction():
        # Waits for running redemptions; those that wait for it see the suspension.
        coupon_repository.lock_coupons_exclusively()
        return _set_suspended_at(kind, tenant_id, object_id, value=now, now=now)


def resume(kind: Suspendable[T], tenant_id: str, object_id: str, now: datetime) -> T:
    """Resume an object (idempotent); return it as it is then.

    Raises:
        Refused: The object is unknown.
    """
    with transaction():
        return _set_suspended_at(kind, tenant_id, object_id, value=None, now=now)


def _set_suspended_at(
    kind: Suspendable[T],
    tenant_id: str,
    object_id: str,
    value: datetime | None,
    now: datetime,
) -> T:
    before = require_found(kind.get(tenant_id, object_id), kind.unknown_reason)
    is_changed = kind.set_suspended_at(tenant_id, object_id, value, now)
    after = require_found(kind.get(tenant_id, object_id), kind.unknown_reason)
    if is_changed:
        verb = "suspended" if value else "resumed"
        audit.record(
            tenant_id,
            f"{kind.noun}.{verb}",
            object_id,
            before={"suspended_at": before.suspended_at},
            after={"suspended_at": after.suspended_at},
            object_name=getattr(after, "name", ""),
        )
    return after
