"""Coupons that milestones earn: once for each occurrence, however often it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Milestone,
    Refused,
    RewardItem,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import earned_coupons as store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.persistence.repositories.earned_coupons import Draft, RowLost
from coupon_core.services.coupons import code_capacity, generation


def earn(milestone: Milestone, now: datetime) -> int:
    """Make the coupons that a milestone earns its user; gives how many are new.

    Refused when the tenant is unknown, or the code space of a definition too small.
    Paused, archived and disabled definitions earn nothing, nor do those of which all
    is given out. Each definition's coupon is made in a transaction of its own;
    repeating the whole completes it.
    """
    watching = store.watching(milestone)
    if not watching and not tenant_store.exists(milestone.tenant_id):
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    earned = _earned(watching, milestone)
    return sum(_earn_if_left(one, milestone, now) for one, _ in earned)


Watching = Sequence[tuple[Definition, RewardItem]]


def _earned(watching: Watching, milestone: Milestone) -> Watching:
    return [
        each for each in watching if generation_rules.is_earned_by(each[0], milestone)
    ]


def _earn_if_left(seen: Definition, milestone: Milestone, now: datetime) -> int:
    try:
        return _earn(seen, milestone, now)
    except Refused as refused:
        if refused.reason == AdminReason.TOTAL_LIMIT_REACHED:
            return 0
        raise


def _earn(seen: Definition, milestone: Milestone, now: datetime) -> int:
    if store.has_earned(seen, milestone):
        return 0
    with transaction():
        definition = generation.hold(seen.tenant_id, seen.definition_id)
        if definition is None or not generation_rules.is_earned_by(
            definition, milestone
        ):
            return 0
        if not store.note(definition, milestone, now):
            return 0
        return generation.make(definition, [milestone.user_id], now).new_count


@dataclass(frozen=True, slots=True)
class Attempt:
    """A milestone and the coupons that it should earn; None if it must go alone."""

    milestone: Milestone
    drafts: Sequence[Draft] | None


def earn_together(milestones: Sequence[Milestone], now: datetime) -> list[int | None]:
    """Make the coupons of many milestones in one transaction, as far as that is easy.

    Gives for each how many coupons it earned; None for those that must be given to
    `earn`: repeats, scarce or shared codes, unknown tenants, lost races.
    """
    triggers = {_trigger(one): one for one in milestones}
    watching = {trigger: store.watching(one) for trigger, one in triggers.items()}
    attempts = [_attempt(watching[_trigger(one)], one, now) for one in milestones]
    drafts = [draft for each in attempts for draft in each.drafts or ()]
    try:
        made = _record(drafts)
    except RowLost:
        return [None] * len(milestones)
    return [_count(each, made) for each in attempts]


def _record(drafts: Sequence[Draft]) -> set[str]:
    if not drafts:
        return set()
    with transaction():
        return store.record(drafts)


def _trigger(milestone: Milestone) -> tuple[str, str, str]:
    return milestone.tenant_id, milestone.trigger_kind, milestone.source_id


def _attempt(watching: Watching, milestone: Milestone, now: datetime) -> Attempt:
    earned = _earned(watching, milestone)
    if not watching or not all(_has_ample_codes(one) for one, _ in earned):
        return Attempt(milestone, None)
    return Attempt(milestone, [_draft(*each, milestone, now) for each in earned])


def _has_ample_codes(definition: Definition) -> bool:
    """True when a drawn code is free, as far as anybody will live to see."""
    space = codes.space(definition)
    is_random = definition.code_format == CodeFormat.RANDOM
    is_ample = space > code_capacity.COUNTABLE_SPACE
    return is_random and is_ample and not definition.awarded_only


def _draft(
    definition: Definition, reward: RewardItem, milestone: Milestone, now: datetime
) -> Draft:
    (code,) = codes.draw(definition, 1)
    coupon = generation.draft(definition, milestone.user_id, code, now)
    issued = IssuedCoupon(coupon, definition, reward)
    return Draft(issued, milestone, generation.event_of(issued, now))


def _count(attempt: Attempt, made: set[str]) -> int | None:
    if attempt.drafts is None:
        return None
    ids = {draft.issued.coupon.coupon_id for draft in attempt.drafts}
    return len(ids) if ids <= made else None
