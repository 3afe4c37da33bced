"""Generation of coupons, assigned to users or unassigned, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    Coupon,
    Definition,
    Event,
    IssuedCoupon,
    Refused,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.rules.purchases import compute_validity_end
from coupon_core.persistence.database import ConcurrentUpdate, transaction
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import offers as offer_repository
from coupon_core.persistence.repositories import reward_items as reward_item_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories.inventory import set_metadata
from coupon_core.services import audit, outbox, time_zones
from coupon_core.services.coupons import code_assignment, code_capacity
from coupon_core.services.errors import require_found

MAX_INLINE_COUPONS = 1_000


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """A coupon for each requested user, and those of them that are new."""

    coupons: list[IssuedCoupon]
    new_coupons: list[Coupon]

    @property
    def new_count(self) -> int:
        """The number of new coupons."""
        return len(self.new_coupons)


def generate(
    tenant_id: str,
    definition_id: str,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: EnteredTime | None = None,
    metadata: Metadata | None = None,
) -> GenerationResult:
    """Generate a coupon for each user ID; UNASSIGNED generates an unassigned coupon.

    `metadata` is stored on the new coupons.

    A user who already has the coupon of a custom code keeps it. Random codes are
    generated on every call.

    Raises:
        Refused: The definition is unknown or not active, its code space is too small,
            or its total limit of awards is reached.
    """
    with transaction():
        definition = require_found(
            lock_for_generation(tenant_id, definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
        for reason in generation_rules.generation_violations(
            definition, UNASSIGNED in user_ids
        ):
            raise Refused(reason)
        instant = time_zones.resolve_expiry(definition, expires_at, now)
        result = generate_in_transaction(definition, user_ids, now, instant)
        if metadata:
            coupon_ids = [coupon.coupon_id for coupon in result.new_coupons]
            set_metadata(tenant_id, coupon_ids, metadata)
        audit.record(
            tenant_id, "coupon.generated", definition_id, count=result.new_count
        )
    return result


def generate_in_transaction(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> GenerationResult:
    """Generate coupons of a definition that the caller's transaction has locked.

    Raises:
        Refused: The code space is too small or the total limit of awards is reached.
    """
    coupons = generate_without_events(definition, user_ids, now, expires_at)
    return _publish_generated(coupons, definition, now)


def generate_without_events(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[list[Coupon], list[Coupon]]:
    """Generate coupons as `generate_in_transaction` does, without outbox events.

    Return all coupons in the order of the user IDs, and those of them that are new.
    """
    all_coupons, new_coupons = code_assignment.create_coupons(
        definition,
        user_ids,
        now=now,
        expires_at=expires_at or compute_award_expiry(definition, now),
    )
    award_count = sum(coupon.user_id != UNASSIGNED for coupon in new_coupons)
    count_awards(definition, award_count)
    return all_coupons, new_coupons


def compute_award_expiry(definition: Definition, now: datetime) -> datetime | None:
    """Return when an award expires, or None if its offer sets no validity period."""
    if not definition.awarded_only:  # only awarded coupons have an offer
        return None
    offer = offer_repository.get(definition.tenant_id, definition.definition_id)
    return compute_validity_end(offer, now) if offer else None


def count_awards(definition: Definition, count: int) -> None:
    """Count awards against the definition's total limit, if that limits awards.

    Raises:
        Refused: The total limit would be exceeded.
    """
    if not count or not redemption_rules.total_limit_counts_awards(definition):
        return
    if not definition_repository.count_awards(definition, count):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)


def lock_for_generation(tenant_id: str, definition_id: str) -> Definition | None:
    """Lock a definition and its code rules until the transaction ends, and return it.

    Return None if the definition is unknown.
    """
    coupon_repository.announce_coupon_write()
    # Transactions that add custom codes lock the tenant exclusively, so that a random
    # code and a custom code cannot become equal at the same time.
    tenant_repository.lock_shared(tenant_id)
    # Limits and the rows they count can no longer change. This read therefore decides
    # which lock is needed, and no lock has to be upgraded later.
    definition = definition_repository.get(tenant_id, definition_id)
    if definition and (definition.awarded_only or code_capacity.is_small(definition)):
        return definition_repository.lock(tenant_id, definition_id)
    return definition_repository.lock_shared(tenant_id, definition_id)


def _publish_generated(
    generated: tuple[list[Coupon], list[Coupon]], definition: Definition, now: datetime
) -> GenerationResult:
    all_coupons, new_coupons = generated
    reward_item = reward_item_repository.get(
        definition.tenant_id, definition.reward_item_id
    )
    if reward_item is None:
        raise ConcurrentUpdate("the reward item was deleted")
    # A user ID given twice is in `all_coupons` twice, but in `new_coupons` only once.
    outbox.add(
        build_generated_event(IssuedCoupon(coupon, definition, reward_item), now)
        for coupon in new_coupons
    )
    return GenerationResult(
        [IssuedCoupon(coupon, definition, reward_item) for coupon in all_coupons],
        new_coupons,
    )


def build_generated_event(issued: IssuedCoupon, now: datetime) -> Event:
    """Return the outbox event for a new coupon."""
    data = {"coupon": serialization.serialize_coupon(issued, now)}
    return outbox.build_coupon_event("coupon.generated", issued.coupon, data, now)
