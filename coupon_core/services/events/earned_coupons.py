"""Generate the coupons that milestones earn, once for each occurrence."""

from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Milestone,
    MilestoneOutcome,
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
    EarnedKey,
)
from coupon_core.services.coupons import code_assignment, code_capacity, generation

DefinitionsWithRewards = Sequence[tuple[Definition, RewardItem]]
# The coupons that a milestone should earn; None if it must be processed on its own.
Drafts = Sequence[EarnedCouponDraft] | None


def process_milestone(milestone: Milestone, now: datetime) -> MilestoneOutcome:
    """Generate the coupons that a milestone earns.

    Suspended, paused, archived, disabled and exhausted definitions earn nothing. Each
    coupon has a transaction of its own, so a failed call is completed by repeating it.

    Raises:
        Refused: The tenant does not exist, or a code space is too small.
    """
    candidates = _list_candidates(milestone.tenant_id, [milestone])
    if candidates is None:
        raise Refused(AdminReason.TENANT_NOT_FOUND)
    earned = _select_earned(candidates, milestone)
    count = sum(
        _earn_unless_exhausted(definition, milestone, now) for definition, _ in earned
    )
    return _to_outcome(count, is_withheld=_is_withheld(candidates, milestone))


def _to_outcome(count: int, is_withheld: bool) -> MilestoneOutcome:
    if count:
        return MilestoneOutcome.EARNED
    return MilestoneOutcome.SUSPENDED if is_withheld else MilestoneOutcome.NO_COUPON


def _is_withheld(candidates: DefinitionsWithRewards, milestone: Milestone) -> bool:
    return any(
        generation_rules.is_withheld_from(definition, milestone)
        for definition, _ in candidates
    )


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
    key = earned_coupon_repository.get_key(candidate, milestone)
    if earned_coupon_repository.find_earned(candidate.tenant_id, [key]):
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
class MilestoneSet:
    """Milestones of a tenant by index, and the coupons that each should earn.

    `withheld` has the indexes of those that would earn more without a suspension.
    """

    tenant_id: str
    drafts_by_index: Mapping[int, Drafts]
    withheld: Set[int] = frozenset()


def process_milestones(
    milestones: Sequence[Milestone], now: datetime
) -> list[MilestoneOutcome | None]:
    """Generate the coupons of a set of milestones in one transaction where possible.

    Returns the outcome of each milestone. None means that the caller
    must use `process_milestone`: for scarce or shared codes, unknown tenants and lost
    races.
    """
    # In the order of the tenants: otherwise two transactions could deadlock.
    tenant_ids = sorted({milestone.tenant_id for milestone in milestones})
    sets = [_prepare_set(tenant_id, milestones, now) for tenant_id in tenant_ids]
    has_drafts = any(any(each.drafts_by_index.values()) for each in sets)
    outcomes: dict[int, MilestoneOutcome | None] = {}
    try:
        with transaction() if has_drafts else nullcontext():
            for milestone_set in sets:
                outcomes |= _store_set(milestone_set)
    except CodeCollision:
        return [None] * len(milestones)
    return [outcomes[index] for index in range(len(milestones))]


def _prepare_set(
    tenant_id: str, milestones: Sequence[Milestone], now: datetime
) -> MilestoneSet:
    of_tenant = {
        index: milestone
        for index, milestone in enumerate(milestones)
        if milestone.tenant_id == tenant_id
    }
    candidates = _list_candidates(tenant_id, list(of_tenant.values()))
    if candidates is None:
        return MilestoneSet(tenant_id, dict.fromkeys(of_tenant))
    drafts_by_index = {
        index: _draft_coupons(candidates, milestone, now)
        for index, milestone in of_tenant.items()
    }
    # The coupons of a user are earned in the order of the milestones.
    separate_users = {
        of_tenant[index].user_id
        for index, drafts in drafts_by_index.items()
        if drafts is None
    }
    return MilestoneSet(
        tenant_id,
        {
            index: None if of_tenant[index].user_id in separate_users else drafts
            for index, drafts in drafts_by_index.items()
        },
        withheld={
            index
            for index, milestone in of_tenant.items()
            if _is_withheld(candidates, milestone)
        },
    )


def _list_candidates(
    tenant_id: str, milestones: Sequence[Milestone]
) -> DefinitionsWithRewards | None:
    """Return definitions that milestones may earn, or None if there is no tenant."""
    source_ids = sorted({milestone.source_id for milestone in milestones})
    candidates = earned_coupon_repository.list_triggered_definitions(
        tenant_id, source_ids
    )
    return candidates if candidates or tenant_repository.exists(tenant_id) else None


def _draft_coupons(
    candidates: DefinitionsWithRewards, milestone: Milestone, now: datetime
) -> Drafts:
    earned = _select_earned(candidates, milestone)
    if not all(_has_ample_codes(definition) for definition, _ in earned):
        return None
    return [
        _build_draft(definition, reward, milestone=milestone, now=now)
        for definition, reward in earned
    ]


def _store_set(milestone_set: MilestoneSet) -> dict[int, MilestoneOutcome | None]:
    """Store the coupons; return the outcomes by the index of the milestone.

    Of repeated milestones the first one earns the coupon.
    """
    tenant_id, drafts_by_index = milestone_set.tenant_id, milestone_set.drafts_by_index
    drafts: dict[EarnedKey, EarnedCouponDraft] = {}
    for draft in chain.from_iterable(each or () for each in drafts_by_index.values()):
        drafts.setdefault(draft.key, draft)
    new_keys = earned_coupon_repository.insert_earned(tenant_id, drafts.values())
    repeated_keys = earned_coupon_repository.find_earned(
        tenant_id, drafts.keys() - new_keys
    )
    new_drafts = {key: drafts[key] for key in new_keys}
    return {
        index: None
        if each is None or {draft.key for draft in each} - new_keys - repeated_keys
        else _to_outcome(
            sum(new_drafts.get(draft.key) is draft for draft in each),
            is_withheld=index in milestone_set.withheld,
        )
        for index, each in drafts_by_index.items()
    }


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
        earned_coupon_repository.get_key(definition, milestone),
        issued,
        milestone=milestone,
        event=generation.build_generated_event(issued, now),
    )
