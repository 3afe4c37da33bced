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

    `code_space_size` is 0 if users do not get codes of their own. `needs_assignment`
    says that nobody can use the code who was not given it.
    """

    definition: Definition
    example_codes: Sequence[str]
    code_space_size: int
    user_id: str
    at: datetime
    verdicts: Sequence[tuple[Rule, Reason | None]]

    @property
    def needs_assignment(self) -> bool:
        """True if a user has to be given the code, which all users share."""
        is_shared = self.definition.code_format == CodeFormat.CUSTOM
        return is_shared and not self.definition.claimable

    @property
    def uses_of_code(self) -> int | None:
        """How often a user can use one code at that time; None means any number."""
        return self._find_least(self.definition.per_code_limit)

    @property
    def uses_of_all_codes(self) -> int | None:
        """How often a user can use codes at that time; None means any number."""
        return self._find_least()

    def _find_least(self, *limits: int) -> int | None:
        one = self.definition
        of_user = one.per_user_limit, one.user_period_limit, one.total_limit
        return min((limit for limit in (*limits, *of_user) if limit), default=None)


def build(
    tenant_id: str,
    fields: Mapping[str, Any],
    *,
    user_id: str,
    at: EnteredTime | None,
    now: datetime,
) -> DefinitionDraft:
    """Return a draft with the verdicts for a user, or for any user if it is "".

    A user has not used a code of it before `at`.

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
    examples, space_size = _list_examples(definition)
    issued = _issue(definition, examples[0], user_id=user_id, now=now)
    return DefinitionDraft(
        definition=definition,
        example_codes=examples,
        code_space_size=space_size,
        user_id=user_id,
        at=moment,
        verdicts=list(
            redemption_rules.evaluate_redemption(issued, moment, usage=NO_USAGE)
        ),
    )


def _list_examples(definition: Definition) -> tuple[Sequence[str], int]:
    """Return example codes, and how many there can be if each user gets an own one."""
    if definition.code_format != CodeFormat.RANDOM:
        return [definition.custom_code], 0
    examples = codes.generate_codes(definition, EXAMPLE_COUNT)
    return examples, codes.code_space_size(definition)


def _issue(
    definition: Definition, code: str, user_id: str, now: datetime
) -> IssuedCoupon:
    coupon = Coupon(
        tenant_id=definition.tenant_id,
        coupon_id=definition.definition_id,
        definition_id=definition.definition_id,
        user_id=user_id,
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
