"""Coupons that are handed to users: copies of a shared code, codes of a list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import code_scope, lookup_key
from coupon_core.domain.models import Coupon, Definition
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.row_mapping import (
    COUPON_COLUMNS,
    ISSUED,
    coupon_of,
    issued_of,
)
from coupon_core.persistence.tables import as_stored_time

LAST_COPY = """
    SELECT COALESCE(max(copy_number), 0) FROM coupon
    WHERE tenant_id = :tenant_id AND code_key = :code_key AND code_scope = :code_scope
"""
# In the order in which they were listed, which is that of their ids.
FREE = f"""
    SELECT {COUPON_COLUMNS} FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
    WHERE c.tenant_id = :tenant_id AND c.definition_id = :definition_id
    AND c.user_id = '' AND c.revoked_at IS NULL ORDER BY c.coupon_id LIMIT :most
"""
HAND_OUT = """
    UPDATE coupon SET user_id = :user_id, generated_at = :now, expires_at = :expires_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND user_id = ''
    AND revoked_at IS NULL
"""
HELD = f"""{ISSUED}
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    AND c.definition_id = :definition_id AND c.returned_at IS NULL
    ORDER BY c.coupon_id
"""


def last_copy(definition: Definition, user_id: str) -> int:
    """The number of the last copy of the custom code that a user was given; 0: none."""
    code = definition.custom_code
    parameters = {
        "tenant_id": definition.tenant_id,
        "code_key": lookup_key(code),
        "code_scope": code_scope(code, definition.case_sensitive, user_id),
    }
    return int(execute(LAST_COPY, parameters).fetchone()[0])


def free(definition: Definition, most: int) -> list[Coupon]:
    """The next codes of a list that nobody has, at most so many."""
    parameters = {**_ids(definition), "most": most}
    return [coupon_of(row) for row in execute(FREE, parameters).fetchall()]


def hand_out(coupon: Coupon, now: datetime) -> bool:
    """Make a free code the user's that `coupon` names; False when it was taken."""
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "user_id": coupon.user_id,
        "now": as_stored_time(now),
        "expires_at": as_stored_time(coupon.expires_at),
    }
    return bool(execute(HAND_OUT, parameters).rowcount == 1)


def held(definition: Definition, user_id: str) -> Sequence[Any]:
    """What a user holds of a definition, oldest first, kept still."""
    hold = " FOR UPDATE OF c" if is_postgresql() else ""
    parameters = {**_ids(definition), "user_id": user_id}
    return [issued_of(row) for row in execute(HELD + hold, parameters).fetchall()]


def _ids(definition: Definition) -> Mapping[str, str]:
    return {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
