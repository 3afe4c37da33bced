"""A tenant to test with, made and used through the core's own use cases."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import (
    administration,
    generation,
    redemption,
    validation,
)
from coupon_core.services.coupons.redemption import RedeemRequest

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class TenantFactory:
    """A tenant with one reward item; small enough to be sent to other processes."""

    tenant_id: str
    secret: str = field(repr=False)
    key_id: str
    api_key: str = field(repr=False)
    reward_item_id: str

    def define(self, **members: Any) -> Definition:
        """A definition; `members` are those of the model, absent ones have defaults."""
        name = f"Offer {os.getpid()} {next(_numbers)}"
        given = {"name": name, "reward_item_id": self.reward_item_id, **members}
        return definitions.create(self.tenant_id, given, NOW)

    def define_custom(self, code: str, **members: Any) -> Definition:
        """A definition with a custom code."""
        return self.define(code_format=CodeFormat.CUSTOM, custom_code=code, **members)

    def define_claimable(self, code: str, **members: Any) -> Definition:
        """A definition with a custom code that any user may claim."""
        return self.define_custom(code, claimable=True, **members)

    def change(self, definition: Definition, **members: Any) -> Definition:
        ids = self.tenant_id, definition.definition_id
        return definitions.update(*ids, members, utc_now())

    def pause(self, definition: Definition) -> Definition:
        return self.set_status(definition, DefinitionStatus.PAUSED)

    def archive(self, definition: Definition) -> Definition:
        return self.set_status(definition, DefinitionStatus.ARCHIVED)

    def set_status(
        self, definition: Definition, status: DefinitionStatus
    ) -> Definition:
        ids = self.tenant_id, definition.definition_id
        return definitions.set_status(*ids, status, utc_now())

    def generate(
        self, definition: Definition, user_ids: Sequence[str], **options: Any
    ) -> list[IssuedCoupon]:
        ids = self.tenant_id, definition.definition_id
        return generation.generate(*ids, user_ids, NOW, **options).coupons

    def issue_code(self, definition: Definition, user_id: str = "ann") -> str:
        """The code of a new coupon in the hands of a user."""
        return self.generate(definition, [user_id])[0].coupon.code

    def issue_unassigned_code(self, definition: Definition) -> str:
        """The code of a new coupon that nobody has yet."""
        return self.issue_code(definition, UNASSIGNED)

    def redeem(
        self, code: str, user_id: str = "ann", now: datetime | None = None
    ) -> IssuedCoupon:
        request = RedeemRequest(self.tenant_id, code, user_id)
        return redemption.redeem(request, now or utc_now()).issued

    def validate(
        self, code: str, user_id: str | None = "ann", now: datetime = NOW
    ) -> validation.Validation:
        return validation.validate(self.tenant_id, code, user_id, now)

    def revoke(self, code: str, user_id: str | None = None) -> IssuedCoupon:
        which = CouponFilter(code=code, user_id=user_id)
        return administration.revoke(self.tenant_id, which, utc_now())

    def find(self, code: str, user_id: str | None = None) -> IssuedCoupon:
        which = CouponFilter(code=code, user_id=user_id)
        return administration.get(self.tenant_id, which, NOW)

    def reload_definition(self, definition: Definition) -> Definition:
        """The definition as it is now."""
        return definitions.get(self.tenant_id, definition.definition_id)

    def with_secret(self, secret: str) -> TenantFactory:
        return replace(self, secret=secret)


def capture_refusal(
    action: Callable[..., Any], *arguments: Any, **keywords: Any
) -> Any:
    """Why an action is refused; a failure when it is not."""
    with pytest.raises(Refused) as caught:
        action(*arguments, **keywords)
    return caught.value.reason


def create_tenant(prefix: str = "acme") -> TenantFactory:
    """A tenant that no other test has."""
    tenant_id = f"{prefix}-{os.getpid()}-{next(_numbers)}"
    secret, key, plain = tenants.create(tenant_id, NOW)
    members = {
        "name": "100 Bonus Points",
        "description": "Grants 100 bonus points to the user",
        "reward_type": "points",
        "payload": {"amount": 100},
    }
    item = reward_items.create(tenant_id, members, NOW)
    return TenantFactory(tenant_id, secret.secret, key.key_id, plain, item.item_id)
