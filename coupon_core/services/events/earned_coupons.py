"""Generate the coupons that milestones earn, once for each occurrence."""

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
from coupon_core.persistence.repositories import (
    earned_coupons as earned_coupon_repository,
)
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories.earned_coupons import (
    CodeCollision,
    EarnedCouponDraft,
)
from coupon_core.services.coupons import code_assignment, code_capacity, generation


def process_milestone(milestone: Milestone, now: datetime) -> int:
    """Generate the coupons that a milestone earns; return the number of new ones.

    Paused, archived, disabled and exhausted definitions earn nothing. Each coupon has
    a transaction of its own, so a failed call is completed by repeating it.

    Raises:
        Refused: The tenant does not exist, or a code space is too small.
    """
    candidates = earned_coupon_repository.list_triggered_definitions(milestone)
    if not candidates and not tenant_repository.exists(milestone.tenant_id):
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    earned = _select_earned(candidates, milestone)
    return sum(
        _earn_unless_exhausted(definition, milestone, now) for definition, _ in earned
    )


DefinitionsWithRewards = Sequence[tuple[Definition, RewardItem]]


def _select_earned(
    candidates: DefinitionsWithRewards, milestone: Milestone
) -> DefinitionsWithRewards:
    return [
        (definition, reward)
        for definition, reward in candidates
        if generation_rules.is_earned_by(definition, milestone)
    ]


def _earn_unless_exhausted(
    candidate: Definition, milestone: Milestone, now: datetime
) -> int:
    try:
        return _earn_coupon(candidate, milestone, now)
    except Refused as refused:
        if refused.reason == AdminReason.TOTAL_LIMIT_REACHED:
            return 0
        raise


def _earn_coupon(candidate: Definition, milestone: Milestone, now: datetime) -> int:
    if earned_coupon_repository.has_earned(candidate, milestone):
        return 0
    with transaction():
        definition = generation.lock_for_generation(
            candidate.tenant_id, candidate.definition_id
        )
        if definition is None or not generation_rules.is_earned_by(
            definition, milestone
        ):
            return 0
        if not earned_coupon_repository.mark_earned(definition, milestone, now):
            return 0
        return generation.generate_in_transaction(
            definition, [milestone.user_id], now
        ).new_count


@dataclass(frozen=True, slots=True)
class MilestoneAttempt:
    """A milestone and the coupons it should earn.

    `drafts` is None if the milestone must be processed on its own.
    """

    milestone: Milestone
    drafts: Sequence[EarnedCouponDraft] | None


def process_milestones(
    milestones: Sequence[Milestone], now: datetime
) -> list[int | None]:
    """Generate the coupons of many milestones in one transaction where possible.

    Returns the number of coupons for each milestone. None means that the caller must
    use `process_milestone`: for repeated milestones, scarce or shared codes, unknown
    tenants and lost races.
    """
    triggers = {_get_trigger_key(milestone): milestone for milestone in milestones}
    candidates_by_trigger = {
        trigger: earned_coupon_repository.list_triggered_definitions(milestone)
        for trigger, milestone in triggers.items()
    }
    attempts = [
        _prepare_attempt(
            candidates_by_trigger[_get_trigger_key(milestone)], milestone, now
        )
        for milestone in milestones
    ]
    drafts = [draft for attempt in attempts for draft in attempt.drafts or ()]
    try:
        inserted_ids = _insert_drafts(drafts)
    except CodeCollision:
        return [None] * len(milestones)
    return [_count_earned(attempt, inserted_ids) for attempt in attempts]


def _insert_drafts(drafts: Sequence[EarnedCouponDraft]) -> set[str]:
    if not drafts:
        return set()
    with transaction():
        return earned_coupon_repository.insert_earned(drafts)


def _get_trigger_key(milestone: Milestone) -> tuple[str, str, str]:
    return milestone.tenant_id, milestone.trigger_kind, milestone.source_id


def _prepare_attempt(
    candidates: DefinitionsWithRewards, milestone: Milestone, now: datetime
) -> MilestoneAttempt:
    earned = _select_earned(candidates, milestone)
    if not candidates or not all(
        _has_ample_codes(definition) for definition, _ in earned
    ):
        return MilestoneAttempt(milestone, None)
    drafts = [
        _build_draft(definition, reward, milestone=milestone, now=now)
        for definition, reward in earned
    ]
    return MilestoneAttempt(milestone, drafts)


def _has_ample_codes(definition: Definition) -> bool:
    """Return True if a random code of the definition is practically always free."""
    space_size = codes.code_space_size(definition)
    is_random = definition.code_format == CodeFormat.RANDOM
    is_ample = space_size > code_capacity.MAX_COUNTABLE_SPACE
    return is_random and is_ample and not definition.awarded_only


def _build_draft(
    definition: Definition, reward: RewardItem, milestone: Milestone, now: datetime
) -> EarnedCouponDraft:
    (code,) = codes.generate_codes(definition, 1)
    coupon = code_assignment.build_coupon(definition, milestone.user_id, code, now)
    issued = IssuedCoupon(coupon, definition, reward)
    return EarnedCouponDraft(
        issued, milestone, generation.build_generated_event(issued, now)
    )


def _count_earned(attempt: MilestoneAttempt, inserted_ids: set[str]) -> int | None:
    if attempt.drafts is None:
        return None
    coupon_ids = {draft.issued.coupon.coupon_id for draft in attempt.drafts}
    return len(coupon_ids) if coupon_ids <= inserted_ids else None
