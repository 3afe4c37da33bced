"""Making coupons: for users, or unassigned, by the hundreds in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from coupon_core import codes, outbox, phoenix, rules
from coupon_core.model import (
    NOBODY,
    AdminReason,
    CodeFormat,
    Coupon,
    Definition,
    Event,
    IssuedCoupon,
    Milestone,
    Refused,
    RewardItem,
)
from coupon_core.store import coupons as store
from coupon_core.store import definitions as definition_store
from coupon_core.store import earnings as earning_store
from coupon_core.store import milestones as milestone_store
from coupon_core.store import rewards as reward_store
from coupon_core.store import tenants as tenant_store
from coupon_core.store.database import Busy, new_id, one_write, transaction

MOST_INLINE = 1_000
# A full scan at most of so many coupons tells how full a code space is; larger
# spaces cannot be half used up within any database's life.
COUNTABLE_SPACE = 100_000_000
TOP_UPS = 100
SPARE = 64  # codes drawn beyond need, so that a crowded space is searched quickly


def generate(
    tenant_id: str,
    definition_id: str,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> list[IssuedCoupon]:
    """One coupon for each user id; NOBODY makes unassigned ones.

    A user who holds the coupon of a custom code already keeps it; random codes are
    made anew each time. Refused when the definition is unknown or not active, or its
    code space too small.
    """
    with transaction():
        definition = _shared_definition(tenant_id, definition_id)
        if definition is None:
            raise Refused(AdminReason.DEFINITION_NOT_FOUND)
        for reason in rules.against_generating(definition, NOBODY in user_ids):
            raise Refused(reason)
        coupons = _generate(definition, user_ids, now, expires_at)
        return _announced(coupons, definition, now)


def generate_earned(milestone: Milestone, now: datetime) -> list[IssuedCoupon]:
    """The coupons that a milestone earns its user; a repeat of it earns none.

    Refused when the tenant is unknown, or the code space of a definition too small.
    Paused, archived and disabled definitions earn nothing. Each definition's coupon
    is made in a transaction of its own; repeating the whole completes it.
    """
    watching = earning_store.watching(milestone)
    if not watching and not tenant_store.exists(milestone.tenant_id):
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    return [
        made
        for definition, reward in watching
        if rules.is_earned_by(definition, milestone)
        for made in _earn(definition, reward, milestone, now)
    ]


def _earn(
    definition: Definition, reward: RewardItem, milestone: Milestone, now: datetime
) -> list[IssuedCoupon]:
    if _has_ample_codes(definition):
        made = _earn_as_seen(definition, reward, milestone, now)
        if made:
            return [made]
    if earning_store.has_earned(definition, milestone):
        return []
    return _earn_locked(definition.definition_id, milestone, now)


def _has_ample_codes(definition: Definition) -> bool:
    """True when a drawn code is free, as far as anybody will live to see."""
    space = codes.capacity(definition.code_alphabet, definition.code_length)
    return definition.code_format == CodeFormat.RANDOM and space > COUNTABLE_SPACE


def _earn_as_seen(
    definition: Definition, reward: RewardItem, milestone: Milestone, now: datetime
) -> IssuedCoupon | None:
    """In one guarded write, without locks; None when it did not come about."""
    shape = definition.code_prefix, definition.code_length, definition.code_alphabet
    (code,) = codes.random_codes(1, *shape)
    coupon = _coupon(definition, milestone.user_id, code, now, None)
    issued = IssuedCoupon(coupon, definition, reward)
    try:
        with one_write():
            if earning_store.record(issued, milestone, _event(issued, now)):
                return issued
            raise NotEarned
    except NotEarned:
        return None


class NotEarned(Exception):
    """What was decided on has changed; the transaction must be rolled back."""


def _earn_locked(
    definition_id: str, milestone: Milestone, now: datetime
) -> list[IssuedCoupon]:
    with transaction():
        definition = _shared_definition(milestone.tenant_id, definition_id)
        if definition is None or not rules.is_earned_by(definition, milestone):
            return []
        if not milestone_store.earn(definition, milestone, now):
            return []
        coupons = _generate(definition, [milestone.user_id], now, None)
        return _announced(coupons, definition, now)


def _shared_definition(tenant_id: str, definition_id: str) -> Definition | None:
    """A definition that stays as it is, with the codes of its tenant."""
    store.expect_change()
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_store.share(tenant_id)
    return definition_store.share(tenant_id, definition_id)


def _generate(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    """All coupons in the order of the users, and those of them that are new."""
    if definition.code_format == CodeFormat.CUSTOM:
        return _share(definition, user_ids, now, expires_at)
    _check_space(definition, len(user_ids))
    made = _randomize(definition, user_ids, now, expires_at)
    return made, made


def _share(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    code = definition.custom_code
    drafts = [_coupon(definition, user, code, now, expires_at) for user in user_ids]
    new = store.insert_new(drafts, definition)
    held = {coupon.user_id: coupon for coupon in store.shared_by(definition, user_ids)}
    return [held[user] for user in user_ids], new


def _randomize(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    made: dict[int, Coupon] = {}
    for _ in range(TOP_UPS):
        waiting = [place for place in range(len(user_ids)) if place not in made]
        if not waiting:
            return [made[place] for place in range(len(user_ids))]
        drafts = {
            place: _coupon(definition, user_ids[place], code, now, expires_at)
            for place, code in zip(
                waiting, _free_codes(definition, len(waiting)), strict=False
            )
        }
        added = {c.coupon_id for c in store.insert_new([*drafts.values()], definition)}
        made |= {at: one for at, one in drafts.items() if one.coupon_id in added}
    raise Busy("no free codes were found")


def _free_codes(definition: Definition, count: int) -> list[str]:
    shape = definition.code_prefix, definition.code_length, definition.code_alphabet
    drawn = codes.random_codes(count + SPARE, *shape)
    return [*set(drawn) - store.taken_by_shared_codes(definition.tenant_id, drawn)]


def _coupon(
    definition: Definition,
    user_id: str,
    code: str,
    now: datetime,
    expires_at: datetime | None,
) -> Coupon:
    ids = definition.tenant_id, new_id(), definition.definition_id, user_id
    return Coupon(*ids, code, now, expires_at, None, 0, None)


def _check_space(definition: Definition, count: int) -> None:
    """Refuse when more than half of all codes would be used up (CONTRACTS 0.15)."""
    space = codes.capacity(definition.code_alphabet, definition.code_length)
    most = space // 2
    if space > COUNTABLE_SPACE:
        return
    ids = definition.tenant_id, definition.definition_id
    used = store.count_up_to(*ids, most=most)
    if used + count > most:
        raise Refused(
            AdminReason.CODE_SPACE_TOO_SMALL,
            f"Codes of {definition.code_length} characters leave room for {most:,} "
            f"coupons (half of all {space:,}); {used:,} exist and {count:,} were "
            "asked for. Create a definition with a greater code_length.",
        )


def _announced(
    coupons: tuple[list[Coupon], list[Coupon]], definition: Definition, now: datetime
) -> list[IssuedCoupon]:
    made, new = coupons
    reward = reward_store.get(definition.tenant_id, definition.reward_item_id)
    if reward is None:
        raise Busy("the reward item has just gone")
    # A user who was named twice is among the made twice, but among the new once.
    outbox.add(_event(IssuedCoupon(one, definition, reward), now) for one in new)
    return [IssuedCoupon(one, definition, reward) for one in made]


def _event(issued: IssuedCoupon, now: datetime) -> Event:
    data = {"coupon": phoenix.coupon(issued, now)}
    return outbox.coupon_event("coupon.generated", issued.coupon, data, now)
