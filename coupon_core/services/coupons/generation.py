"""Making coupons: for users, or unassigned, by the hundreds in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    NOBODY,
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
from coupon_core.domain.rules.purchases import good_until
from coupon_core.persistence.database import Busy, transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import awards as award_store
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import coupons as store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import offers as offer_store
from coupon_core.persistence.repositories import reward_items as reward_store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import code_capacity

MOST_INLINE = 1_000
TOP_UPS = 100
SPARE = 64  # codes drawn beyond need once some were taken


@dataclass(frozen=True, slots=True)
class Made:
    """What was asked for, user by user, and how many of these coupons are new."""

    coupons: list[IssuedCoupon]
    new_count: int


def generate(
    tenant_id: str,
    definition_id: str,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> Made:
    """One coupon for each user id; NOBODY makes unassigned ones.

    A user who holds the coupon of a custom code already keeps it; random codes are
    made anew each time. Refused when the definition is unknown or not active, or its
    code space too small.
    """
    with transaction():
        definition = hold(tenant_id, definition_id)
        if definition is None:
            raise Refused(AdminReason.DEFINITION_NOT_FOUND)
        for reason in generation_rules.against_generating(
            definition, NOBODY in user_ids
        ):
            raise Refused(reason)
        made = make(definition, user_ids, now, expires_at)
        audit.record(tenant_id, "coupon.generated", definition_id, count=made.new_count)
    return made


def make(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> Made:
    """Make coupons of a definition that the caller's transaction holds. Refused."""
    coupons = make_untold(definition, user_ids, now, expires_at)
    return _announced(coupons, definition, now)


def make_untold(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[list[Coupon], list[Coupon]]:
    """The same without telling others; all coupons, and those that are new. Refused."""
    until = expires_at or award_end(definition, now)
    made, new = _generate(definition, user_ids, now, until)
    count_awards(definition, sum(coupon.user_id != NOBODY for coupon in new))
    return made, new


def award_end(definition: Definition, now: datetime) -> datetime | None:
    """The end of the time for which an award is good, where the terms name one."""
    if not definition.awarded_only:  # only these have terms
        return None
    offer = offer_store.get(definition.tenant_id, definition.definition_id)
    return good_until(offer, now) if offer else None


def count_awards(definition: Definition, count: int) -> None:
    """Refuse what would give out more than the total limit of awards."""
    if not count or not redemption_rules.counts_awards(definition):
        return
    if not definition_store.count_awards(definition, count):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)


def hold(tenant_id: str, definition_id: str) -> Definition | None:
    """A definition that stays as it is until the transaction ends, as its codes do."""
    store.expect_change()
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_store.share(tenant_id)
    # Neither limits nor what they count can change any more; so what is read here
    # tells which lock is needed, and none has to be made stronger later.
    seen = definition_store.get(tenant_id, definition_id)
    if seen and (seen.awarded_only or code_capacity.is_scarce(seen)):
        return definition_store.lock(tenant_id, definition_id)
    return definition_store.share(tenant_id, definition_id)


def _generate(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    """All coupons in the order of the users, and those of them that are new."""
    if definition.code_format == CodeFormat.LISTED:
        made = _hand_out(definition, user_ids, now, expires_at)
        return made, made
    if definition.code_format == CodeFormat.CUSTOM and definition.awarded_only:
        made = _copy(definition, user_ids, now, expires_at)
        return made, made
    if definition.code_format == CodeFormat.CUSTOM:
        return _share(definition, user_ids, now, expires_at)
    code_capacity.check(definition, len(user_ids))
    made = _randomize(definition, user_ids, now, expires_at)
    return made, made


def _share(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    code = definition.custom_code
    drafts = [draft(definition, user, code, now, expires_at) for user in user_ids]
    new = store.insert_new(drafts, definition)
    held = {coupon.user_id: coupon for coupon in store.shared_by(definition, user_ids)}
    return [held[user] for user in user_ids], new


def _copy(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """One more copy of the custom code for each: awards may be repeated."""
    last = {user: award_store.last_copy(definition, user) for user in set(user_ids)}
    drafts = []
    for user in user_ids:
        last[user] += 1
        one = draft(definition, user, definition.custom_code, now, expires_at)
        drafts.append(replace(one, copy_number=last[user]))
    if len(store.insert_new(drafts, definition)) < len(drafts):
        raise Busy("a copy was made just now")
    return drafts


def _hand_out(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """The next codes of the list. Refused when too few are left."""
    free = award_store.free(definition, len(user_ids))
    if len(free) < len(user_ids):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    given = [
        replace(one, user_id=user, generated_at=now, expires_at=expires_at)
        for one, user in zip(free, user_ids, strict=True)
    ]
    if not all(award_store.hand_out(one, now) for one in given):
        raise Busy("a code of the list was taken just now")
    return given


def _randomize(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    made: dict[int, Coupon] = {}
    for round_ in range(TOP_UPS):
        waiting = [place for place in range(len(user_ids)) if place not in made]
        if not waiting:
            return [made[place] for place in range(len(user_ids))]
        drafts = {
            place: draft(definition, user_ids[place], code, now, expires_at)
            for place, code in zip(
                waiting,
                _free_codes(definition, len(waiting), crowded=round_ > 0),
                strict=False,
            )
        }
        added = {c.coupon_id for c in store.insert_new([*drafts.values()], definition)}
        made |= {at: one for at, one in drafts.items() if one.coupon_id in added}
    raise Busy("no free codes were found")


def _free_codes(definition: Definition, count: int, crowded: bool) -> list[str]:
    """Codes that nobody shares; in a crowded space, only those that none owns."""
    drawn = dict.fromkeys(codes.draw(definition, count + SPARE * crowded))
    taken = code_store.taken_by_shared_codes(definition.tenant_id, drawn)
    if crowded:
        taken |= code_store.taken_by_coupons(definition.tenant_id, drawn)
    return [code for code in drawn if code not in taken]


def draft(
    definition: Definition,
    user_id: str,
    code: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Coupon:
    """A coupon that is not stored yet."""
    ids = definition.tenant_id, new_id(), definition.definition_id, user_id
    return Coupon(*ids, code, now, expires_at, None, 0, None)


def _announced(
    coupons: tuple[list[Coupon], list[Coupon]], definition: Definition, now: datetime
) -> Made:
    made, new = coupons
    reward = reward_store.get(definition.tenant_id, definition.reward_item_id)
    if reward is None:
        raise Busy("the reward item has just gone")
    # A user who was named twice is among the made twice, but among the new once.
    outbox.add(event_of(IssuedCoupon(one, definition, reward), now) for one in new)
    return Made([IssuedCoupon(one, definition, reward) for one in made], len(new))


def event_of(issued: IssuedCoupon, now: datetime) -> Event:
    """What tells others of a new coupon."""
    data = {"coupon": serialization.coupon(issued, now)}
    return outbox.coupon_event("coupon.generated", issued.coupon, data, now)
