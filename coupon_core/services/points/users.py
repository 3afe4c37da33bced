"""Create, read and change registered users (Mambo).

Only registered users can have points and buy coupons.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    AdminReason,
    Page,
    PurchaseReason,
    Refused,
)
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import users as user_repository
from coupon_core.services import audit
from coupon_core.services.errors import require_found

DEFAULTS: Mapping[str, Any] = {"is_member": True, "details": {}, "tags": ()}


def create(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> RegisteredUser:
    """Register a user from `user_id`, `is_member`, `details` and `tags`.

    Raises:
        Refused: The user is already registered.
    """
    members = {**DEFAULTS, **fields}
    user = RegisteredUser(
        tenant_id=tenant_id, created_at=now, updated_at=now, **members
    )
    with transaction():
        if not user_repository.insert(user):
            raise Refused(AdminReason.USER_EXISTS)
        audit.record(tenant_id, "user.created", user.user_id)
    return user


def get(tenant_id: str, user_id: str) -> RegisteredUser:
    """Return a user; refuse if it does not exist."""
    return require_found(
        user_repository.get(tenant_id, user_id), PurchaseReason.USER_NOT_FOUND
    )


def list_users(
    tenant_id: str, page: Page, is_member: bool | None = None
) -> tuple[list[RegisteredUser], int]:
    """Return a page of a tenant's users by id, and the total count."""
    return user_repository.list_users(tenant_id, page, is_member)


def update(
    tenant_id: str, user_id: str, changes: Mapping[str, Any], now: datetime
) -> RegisteredUser:
    """Change members of a user; refuse if it does not exist."""
    with transaction():
        before = require_found(
            user_repository.lock(tenant_id, user_id), PurchaseReason.USER_NOT_FOUND
        )
        user = replace(before, **changes, updated_at=now)
        user_repository.update(user)
        audit.record(tenant_id, "user.changed", user_id, changed=changes.keys())
    return user
