"""A factory that creates a tenant and its data through the core's own services."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Validation,
    utc_now,
)
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services import suspension
from coupon_core.services.access import client_keys, tenants
from coupon_core.services.catalog import definition_status, definitions, reward_items
from coupon_core.services.coupons import (
    administration,
    generation,
    redemption,
    validation,
)
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories import credentials
from tests.factories.credentials import ABSENT

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DEFAULT_REWARD_ITEM = {
    "name": "100 Bonus Points",
    "description": "Grants 100 bonus points to the user",
    "reward_type": "points",
    "payload": {"amount": 100},
}

_numbers = itertools.count(1)


@dataclass
class TenantFactory:
    """A tenant with one reward item; small enough to be pickled for other processes.

    `fixed_now` is the time of everything that is created; None means the real clock.
    """

    tenant_id: str
    secret: str = field(repr=False)
    reward_item_id: str = ""
    key_id: str = ""
    api_key: str = field(default="", repr=False)
    fixed_now: datetime | None = None

    def get_now(self) -> datetime:
        """Return the time at which this tenant's data is created."""
        return self.fixed_now or utc_now()

    def with_secret(self, secret: str) -> TenantFactory:
        """Return a copy that signs with another secret."""
        return replace(self, secret=secret)

    # ------------------------------------------------------------- definitions

    def define(self, **members: Any) -> Definition:
        """Create a definition; `members` override the defaults."""
        name = f"Offer {os.getpid()} {next(_numbers)}"
        defaults = {"name": name, "reward_item_id": self.reward_item_id}
        return definitions.create(
            self.tenant_id, {**defaults, **members}, self.get_now()
        )

    def define_custom(self, code: str, **members: Any) -> Definition:
        """Create a definition with a custom code."""
        return self.define(code_format=CodeFormat.CUSTOM, custom_code=code, **members)

    def define_claimable(self, code: str, **members: Any) -> Definition:
        """Create a definition with a custom code that any user may claim."""
        return self.define_custom(code, claimable=True, **members)

    def change(self, definition: Definition, **members: Any) -> Definition:
        """Update members of a definition."""
        return definitions.update(
            self.tenant_id, definition.definition_id, changes=members, now=utc_now()
        )

    def suspend(self, definition: Definition) -> Definition:
        """Suspend a definition."""
        return suspension.suspend(
            suspension.DEFINITIONS,
            self.tenant_id,
            definition.definition_id,
            now=utc_now(),
        )

    def resume(self, definition: Definition) -> Definition:
        """Resume a definition."""
        return suspension.resume(
            suspension.DEFINITIONS,
            self.tenant_id,
            definition.definition_id,
            now=utc_now(),
        )

    def pause(self, definition: Definition) -> Definition:
        """Pause a definition."""
        return self.set_status(definition, DefinitionStatus.PAUSED)

    def archive(self, definition: Definition) -> Definition:
        """Archive a definition."""
        return self.set_status(definition, DefinitionStatus.ARCHIVED)

    def set_status(
        self, definition: Definition, status: DefinitionStatus
    ) -> Definition:
        """Set the status of a definition."""
        return definition_status.set_status(
            self.tenant_id, definition.definition_id, status=status, now=utc_now()
        )

    def reload_definition(self, definition: Definition) -> Definition:
        """Return the definition as it is stored now."""
        return definitions.get(self.tenant_id, definition.definition_id)

    # ----------------------------------------------------------------- coupons

    def generate(
        self, definition: Definition, user_ids: Sequence[str], **options: Any
    ) -> list[IssuedCoupon]:
        """Issue one coupon to each user."""
        generated = generation.generate(
            self.tenant_id,
            definition.definition_id,
            user_ids=user_ids,
            now=self.get_now(),
            **options,
        )
        return generated.coupons

    def issue_coupon(
        self,
        definition: Definition,
        user_id: str = "ann",
        expires_at: datetime | None = None,
    ) -> IssuedCoupon:
        """Issue a coupon of the definition to a user."""
        return self.generate(definition, [user_id], expires_at=expires_at)[0]

    def issue_code(self, definition: Definition, user_id: str = "ann") -> str:
        """Issue a coupon to a user and return its code."""
        return self.issue_coupon(definition, user_id).coupon.code

    def issue_unassigned_code(self, definition: Definition) -> str:
        """Issue an unassigned coupon and return its code."""
        return self.issue_code(definition, UNASSIGNED)

    def create_code(self, user_id: str = "ann", **members: Any) -> str:
        """Create a definition and a coupon of it, and return the code."""
        return self.issue_code(self.define(**members), user_id)

    def create_unassigned_code(self, **members: Any) -> str:
        """Create a definition and an unassigned coupon, and return the code."""
        return self.create_code(UNASSIGNED, **members)

    def redeem(
        self, code: str, user_id: str = "ann", now: datetime | None = None
    ) -> IssuedCoupon:
        """Redeem a code for a user."""
        request = RedeemRequest(self.tenant_id, code, user_id)
        return redemption.redeem(request, now or utc_now()).issued

    def validate(
        self, code: str, user_id: str | None = "ann", now: datetime | None = None
    ) -> Validation:
        """Validate a code for a user, or for nobody in particular."""
        return validation.validate(
            self.tenant_id, code, user_id=user_id, now=now or self.get_now()
        )

    def revoke(self, code: str, user_id: str | None = None) -> IssuedCoupon:
        """Revoke a coupon by its code."""
        coupon_filter = CouponFilter(code=code, user_id=user_id)
        return administration.revoke(self.tenant_id, coupon_filter, utc_now())

    def find(self, code: str, user_id: str | None = None) -> IssuedCoupon:
        """Return a coupon by its code."""
        coupon_filter = CouponFilter(code=code, user_id=user_id)
        return administration.get(self.tenant_id, coupon_filter, self.get_now())

    # ------------------------------------------------------------- credentials

    def create_client_key(self, kind: ClientKeyKind) -> tuple[str, str]:
        """Create a key for an SDK; return its ID and its secret."""
        key, secret = client_keys.create(
            self.tenant_id, kind, name="test", expires_at=None, now=utc_now()
        )
        return key.key_id, secret

    def mint_token(self, sub: Any = ABSENT, *, secret: str = "", **claims: Any) -> str:
        """Return a JWT of the tenant; without `sub` it is valid for every user."""
        return credentials.mint_token(
            self.tenant_id, secret or self.secret, {"sub": sub, **claims}
        )

    def build_bearer_headers(self, sub: Any = ABSENT, **claims: Any) -> dict[str, str]:
        """Return the headers of a request with a JWT of the tenant."""
        return {"Authorization": f"Bearer {self.mint_token(sub, **claims)}"}

    def sign_request(
        self, method: str, path: str, body: bytes = b"", **changes: str
    ) -> dict[str, str]:
        """Return the headers of a signed request (the Phoenix specification).

        `changes` may replace the `secret` and the `timestamp`.
        """
        secret = changes.get("secret", self.secret)
        timestamp = changes.get("timestamp", "")
        return credentials.sign_request(
            self.tenant_id,
            secret,
            (f"{method}\n{path}\n", body),
            timestamp=timestamp,
        )


def create_tenant(
    prefix: str = "acme", *, tenant_id: str = "", now: datetime | None = NOW
) -> TenantFactory:
    """Create a tenant that no other test uses, unless its ID is given.

    `now` is the time of everything that it creates; None means the real clock.
    """
    tenant_id = tenant_id or f"{prefix}-{os.getpid()}-{next(_numbers)}"
    created_at = now or utc_now()
    secret, key, plain_key = tenants.create(tenant_id, created_at)
    item = reward_items.create(tenant_id, DEFAULT_REWARD_ITEM, created_at)
    return TenantFactory(
        tenant_id=tenant_id,
        secret=secret.secret,
        reward_item_id=item.item_id,
        key_id=key.key_id,
        api_key=plain_key,
        fixed_now=now,
    )
