"""Coupons awarded to users: copies of a custom code, or codes of a list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import code_scope, to_lookup_key
from coupon_core.domain.models import Coupon, Definition
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_locks import coupon_lock_clause
from coupon_core.persistence.row_mapping import (
    COUPON_COLUMNS,
    SELECT_ISSUED_COUPONS,
    to_coupon,
    to_issued_coupon,
)

SELECT_LAST_COPY_NUMBER = """
    SELECT COALESCE(max(copy_number), 0) FROM coupon
    WHERE tenant_id = :tenant_id AND code_key = :code_key AND code_scope = :code_scope
"""
# In the order in which the codes were listed, which is the order of their ids.
SELECT_UNASSIGNED = f"""
    SELECT {COUPON_COLUMNS} FROM coupon c
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = c.definition_id
    WHERE c.tenant_id = :tenant_id AND c.definition_id = :definition_id
    AND c.user_id = '' AND c.revoked_at IS NULL ORDER BY c.coupon_id LIMIT :limit
"""
ASSIGN = """
    UPDATE coupon SET user_id = :user_id, generated_at = :now, expires_at = :expires_at
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND user_id = ''
    AND revoked_at IS NULL
"""
SELECT_USER_COUPONS = f"""{SELECT_ISSUED_COUPONS}
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    AND c.definition_id = :definition_id AND c.returned_at IS NULL
    ORDER BY c.coupon_id
"""


def get_last_copy_number(definition: Definition, user_id: str) -> int:
    """Return the number of the last copy of the custom code of a user, or 0."""
    code = definition.custom_code
    parameters = {
        "tenant_id": definition.tenant_id,
        "code_key": to_lookup_key(code),
        "code_scope": code_scope(code, definition.case_sensitive, user_id=user_id),
    }
    return int(execute(SELECT_LAST_COPY_NUMBER, parameters).fetchone()[0])


def list_unassigned(definition: Definition, limit: int) -> list[Coupon]:
    """Return up to `limit` unassigned codes of a list, in order."""
    parameters = {**_to_key_parameters(definition), "limit": limit}
    return [to_coupon(row) for row in execute(SELECT_UNASSIGNED, parameters).fetchall()]


def assign(coupon: Coupon, now: datetime) -> bool:
    """Assign a code to the user of `coupon`; return False if it is already assigned."""
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "user_id": coupon.user_id,
        "now": format_timestamp_milliseconds(now),
        "expires_at": format_timestamp_milliseconds(coupon.expires_at),
    }
    return bool(execute(ASSIGN, parameters).rowcount == 1)


def list_user_coupons(
    definition: Definition, user_id: str, lock: bool = False
) -> Sequence[Any]:
    """Return the coupons of a user of a definition, oldest first.

    With `lock` they are locked until the transaction ends.
    """
    parameters = {**_to_key_parameters(definition), "user_id": user_id}
    sql = SELECT_USER_COUPONS + coupon_lock_clause(lock)
    return [to_issued_coupon(row) for row in execute(sql, parameters).fetchall()]


def _to_key_parameters(definition: Definition) -> Mapping[str, str]:
    return {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
