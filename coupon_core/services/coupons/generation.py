"""Making coupons: for users, or unassigned, by the hundreds in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    CodeFormat,
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
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import awards as award_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import offers as offer_repository
from coupon_core.persistence.repositories import reward_items as reward_item_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import code_capacity

MAX_INLINE_COUPONS = 1_000
MAX_COLLISION_RETRIES = 100
EXTRA_CODES_PER_RETRY = 64  # codes drawn beyond need once some were taken


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """What was asked for, user by user, and how many of these coupons are new."""

    coupons: list[IssuedCoupon]
    new_count: int


def generate(
    tenant_id: str,
    definition_id: str,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> GenerationResult:
    """One coupon for each user id; NOBODY makes unassigned ones.

    A user who holds the coupon of a custom code already keeps it; random codes are
    made anew each time. Refused when the definition is unknown or not active, or its
    code space too small.
    """
    with transaction():
        definition = lock_for_generation(tenant_id, definition_id)
        if definition is None:
            raise Refused(AdminReason.DEFINITION_NOT_FOUND)
        for reason in generation_rules.generation_violations(
            definition, UNASSIGNED in user_ids
        ):
            raise Refused(reason)
        result = generate_in_transaction(definition, user_ids, now, expires_at)
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
    """Make coupons of a definition that the caller's transaction holds. Refused."""
    coupons = generate_without_events(definition, user_ids, now, expires_at)
    return _publish_generated(coupons, definition, now)


def generate_without_events(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[list[Coupon], list[Coupon]]:
    """The same without telling others; all coupons, and those that are new. Refused."""
    until = expires_at or compute_award_expiry(definition, now)
    all_coupons, new_coupons = _generate_by_code_format(
        definition, user_ids, now, until
    )
    count_awards(
        definition, sum(coupon.user_id != UNASSIGNED for coupon in new_coupons)
    )
    return all_coupons, new_coupons


def compute_award_expiry(definition: Definition, now: datetime) -> datetime | None:
    """The end of the time for which an award is good, where the terms name one."""
    if not definition.awarded_only:  # only these have terms
        return None
    offer = offer_repository.get(definition.tenant_id, definition.definition_id)
    return compute_validity_end(offer, now) if offer else None


def count_awards(definition: Definition, count: int) -> None:
    """Refuse what would give out more than the total limit of awards."""
    if not count or not redemption_rules.total_limit_counts_awards(definition):
        return
    if not definition_repository.count_awards(definition, count):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)


def lock_for_generation(tenant_id: str, definition_id: str) -> Definition | None:
    """A definition that stays as it is until the transaction ends, as its codes do."""
    coupon_repository.announce_coupon_write()
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_repository.lock_shared(tenant_id)
    # Neither limits nor what they count can change any more; so what is read here
    # tells which lock is needed, and none has to be made stronger later.
    definition = definition_repository.get(tenant_id, definition_id)
    if definition and (definition.awarded_only or code_capacity.is_small(definition)):
        return definition_repository.lock(tenant_id, definition_id)
    return definition_repository.lock_shared(tenant_id, definition_id)


def _generate_by_code_format(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    """All coupons in the order of the users, and those of them that are new."""
    if definition.code_format == CodeFormat.LISTED:
        coupons = _assign_listed_codes(definition, user_ids, now, expires_at)
        return coupons, coupons
    if definition.code_format == CodeFormat.CUSTOM and definition.awarded_only:
        coupons = _issue_copies(definition, user_ids, now, expires_at)
        return coupons, coupons
    if definition.code_format == CodeFormat.CUSTOM:
        return _assign_custom_code(definition, user_ids, now, expires_at)
    code_capacity.require_capacity(definition, len(user_ids))
    coupons = _assign_random_codes(definition, user_ids, now, expires_at)
    return coupons, coupons


def _assign_custom_code(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    code = definition.custom_code
    drafts = [
        build_coupon(definition, user, code, now, expires_at) for user in user_ids
    ]
    new = coupon_repository.insert_new(drafts, definition)
    coupon_by_user = {
        coupon.user_id: coupon
        for coupon in coupon_repository.find_by_users(definition, user_ids)
    }
    return [coupon_by_user[user] for user in user_ids], new


def _issue_copies(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """One more copy of the custom code for each: awards may be repeated."""
    last_copy_numbers = {
        user: award_repository.get_last_copy_number(definition, user)
        for user in set(user_ids)
    }
    drafts = []
    for user in user_ids:
        last_copy_numbers[user] += 1
        coupon = build_coupon(definition, user, definition.custom_code, now, expires_at)
        drafts.append(replace(coupon, copy_number=last_copy_numbers[user]))
    if len(coupon_repository.insert_new(drafts, definition)) < len(drafts):
        raise ConcurrentUpdate("a copy was made just now")
    return drafts


def _assign_listed_codes(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """The next codes of the list. Refused when too few are left."""
    unassigned = award_repository.list_unassigned(definition, len(user_ids))
    if len(unassigned) < len(user_ids):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    assigned = [
        replace(one, user_id=user, generated_at=now, expires_at=expires_at)
        for one, user in zip(unassigned, user_ids, strict=True)
    ]
    if not all(award_repository.assign(one, now) for one in assigned):
        raise ConcurrentUpdate("a code of the list was taken just now")
    return assigned


def _assign_random_codes(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    inserted: dict[int, Coupon] = {}
    for attempt in range(MAX_COLLISION_RETRIES):
        missing = [place for place in range(len(user_ids)) if place not in inserted]
        if not missing:
            return [inserted[place] for place in range(len(user_ids))]
        drafts = {
            place: build_coupon(definition, user_ids[place], code, now, expires_at)
            for place, code in zip(
                missing,
                _generate_unused_codes(
                    definition, len(missing), is_crowded=attempt > 0
                ),
                strict=False,
            )
        }
        inserted_ids = {
            c.coupon_id
            for c in coupon_repository.insert_new([*drafts.values()], definition)
        }
        inserted |= {
            at: one for at, one in drafts.items() if one.coupon_id in inserted_ids
        }
    raise ConcurrentUpdate("no free codes were found")


def _generate_unused_codes(
    definition: Definition, count: int, is_crowded: bool
) -> list[str]:
    """Codes that nobody shares; in a crowded space, only those that none owns."""
    candidates = dict.fromkeys(
        codes.generate_codes(definition, count + EXTRA_CODES_PER_RETRY * is_crowded)
    )
    used = code_lookup_repository.find_taken_by_shared_codes(
        definition.tenant_id, candidates
    )
    if is_crowded:
        used |= code_lookup_repository.find_taken_by_coupons(
            definition.tenant_id, candidates
        )
    return [code for code in candidates if code not in used]


def build_coupon(
    definition: Definition,
    user_id: str,
    code: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Coupon:
    """A coupon that is not stored yet."""
    ids = definition.tenant_id, generate_id(), definition.definition_id, user_id
    return Coupon(*ids, code, now, expires_at, None, 0, None)


def _publish_generated(
    generated: tuple[list[Coupon], list[Coupon]], definition: Definition, now: datetime
) -> GenerationResult:
    all_coupons, new_coupons = generated
    reward = reward_item_repository.get(definition.tenant_id, definition.reward_item_id)
    if reward is None:
        raise ConcurrentUpdate("the reward item has just gone")
    # A user who was named twice is among the made twice, but among the new once.
    outbox.add(
        build_generated_event(IssuedCoupon(one, definition, reward), now)
        for one in new_coupons
    )
    return GenerationResult(
        [IssuedCoupon(one, definition, reward) for one in all_coupons], len(new_coupons)
    )


def build_generated_event(issued: IssuedCoupon, now: datetime) -> Event:
    """What tells others of a new coupon."""
    data = {"coupon": serialization.serialize_coupon(issued, now)}
    return outbox.build_coupon_event("coupon.generated", issued.coupon, data, now)
