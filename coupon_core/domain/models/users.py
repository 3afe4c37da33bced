"""The users that a tenant has made known, and who of them is a member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RegisteredUser:
    """A user as the tenant told of them; only members buy and redeem (Mambo).

    `details` is opaque to us; `tags` choose what coupons a user is shown.
    """

    tenant_id: str
    user_id: str
    is_member: bool
    details: Mapping[str, Any]
    tags: Sequence[str]
    created_at: datetime
    updated_at: datetime
