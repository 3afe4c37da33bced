"""Users that a tenant registered (Mambo)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RegisteredUser:
    """A registered user; only members may buy and redeem (Mambo).

    `details` is opaque to this system; `tags` determine which coupons the user sees.
    """

    tenant_id: str
    user_id: str
    is_member: bool
    details: Mapping[str, Any]
    tags: Sequence[str]
    created_at: datetime
    updated_at: datetime
