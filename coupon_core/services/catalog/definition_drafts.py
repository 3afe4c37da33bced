"""Definitions that are being written: try one before it is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.entered_times import EnteredTime, resolve_times
from coupon_core.domain.models import (
    NO_USAGE,
    CodeFormat,
    Coupon,
    Definition,
    IssuedCoupon,
    Reason,
    RewardItem,
)
from coupon_core.domain.models.explanations import Rule
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.services.catalog import (
    campaign_membership,
    definition_checks,
    definitions,
    reward_items,
)
from coupon_core.services.time_zones import find_time_zone

EXAMPLE_COUNT = 5


@dataclass(frozen=True, slots=True)
class DefinitionDraft:
    """A definition that is not stored, and what would happen with one of its codes.

    `code_space_size` is 0 if users do not get codes of their own.
    """

    definition: Definition
    example_codes: Sequence[str]
    code_space_size: int
    at: datetime
    verdicts: Sequence[tuple[Rule, Reason | None]]


def build(
    tenant_id: str, fields: Mapping[str, Any], at: EnteredTime | None, now: datetime
) -> DefinitionDraft:
    """Return a draft with the verdicts for a user who has used no code of it at `at`.

    Its reward item is not looked up if its ID is "", because it is still to be created.

    Raises:
        Refused: The fields contradict each other, or the reward item or the campaign
            is unknown.
    """
    completed = campaign_membership.complete_fields(tenant_id, fields)
    definition = definitions.build_definition(tenant_id, completed, now)
    definition_checks.require_valid(definition)
    moment: datetime = resolve_times(
        {"starts_at": at or now}, find_time_zone(definition)
    )["starts_at"]
    is_random = definition.code_format == CodeFormat.RANDOM
    examples = (
        codes.generate_codes(definition, EXAMPLE_COUNT)
        if is_random
        else [definition.custom_code]
    )
    issued = _issue(definition, examples[0], now)
    return DefinitionDraft(
        definition=definition,
        example_codes=examples,
        code_space_size=codes.code_space_size(definition) if is_random else 0,
        at=moment,
        verdicts=list(
            redemption_rules.evaluate_redemption(issued, moment, usage=NO_USAGE)
        ),
    )


def _issue(definition: Definition, code: str, now: datetime) -> IssuedCoupon:
    coupon = Coupon(
        tenant_id=definition.tenant_id,
        coupon_id=definition.definition_id,
        definition_id=definition.definition_id,
        user_id="",
        code=code,
        generated_at=now,
        expires_at=None,
        redeemed_at=None,
        redemption_count=0,
        revoked_at=None,
    )
    item_id = definition.reward_item_id
    item = (
        reward_items.get(definition.tenant_id, item_id)
        if item_id
        else RewardItem(
            tenant_id=definition.tenant_id,
            item_id="",
            name="",
            description="",
            reward_type="",
            payload={},
            created_at=now,
            updated_at=now,
        )
    )
    return IssuedCoupon(coupon, definition, item)
