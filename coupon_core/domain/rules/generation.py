"""Match milestones to definitions, and check preconditions of generation and import."""

from collections.abc import Callable, Iterator, Mapping

from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    DefinitionStatus,
    Milestone,
    Trigger,
)
from coupon_core.domain.rules.definitions import CLAIMABLE_FORMATS


def is_earned_by(definition: Definition, milestone: Milestone) -> bool:
    """Return True if the milestone earns a coupon of the definition.

    See docs/api-contracts.md 0.17.
    """
    return not definition.is_suspended and _is_triggered_by(definition, milestone)


def is_withheld_from(definition: Definition, milestone: Milestone) -> bool:
    """Return True if only a suspension prevents that the milestone earns a coupon."""
    return definition.is_suspended and _is_triggered_by(definition, milestone)


def _is_triggered_by(definition: Definition, milestone: Milestone) -> bool:
    return (
        definition.effective_status == DefinitionStatus.ACTIVE
        and definition.trigger_enabled
        and definition.trigger_kind == milestone.trigger_kind
        and definition.trigger_source == milestone.source_id
        and TRIGGER_CONDITIONS[milestone.trigger_kind](milestone.value, definition)
    )


TRIGGER_CONDITIONS: Mapping[Trigger, Callable[[int, Definition], bool]] = {
    Trigger.STREAK_MILESTONE: (
        lambda day, definition: day == definition.trigger_threshold
    ),
    Trigger.ACHIEVEMENT_COMPLETED: lambda _, definition: True,
    Trigger.LEADERBOARD_RANK: (
        lambda rank, definition: rank <= definition.trigger_threshold
    ),
}


def generation_violations(
    definition: Definition, is_unassigned: bool
) -> Iterator[AdminReason]:
    """Yield the reasons to refuse the generation of coupons now."""
    yield from _status_violations(definition)
    if definition.code_format == CodeFormat.SHARED:
        yield AdminReason.SHARED_CODES_ARE_CLAIMED
    if is_unassigned and definition.code_format in (
        CodeFormat.CUSTOM,
        CodeFormat.LISTED,
    ):
        yield AdminReason.CUSTOM_NEEDS_USERS


def _status_violations(definition: Definition) -> Iterator[AdminReason]:
    if definition.effective_status != DefinitionStatus.ACTIVE:
        yield AdminReason.NOT_ACTIVE
    if definition.is_suspended:
        yield AdminReason.DEFINITION_SUSPENDED


def import_violations(definition: Definition) -> Iterator[AdminReason]:
    """Yield the reasons to refuse an import of codes now."""
    yield from _status_violations(definition)
    if definition.code_format in CLAIMABLE_FORMATS:
        yield AdminReason.IMPORT_NEEDS_OWN_CODES
