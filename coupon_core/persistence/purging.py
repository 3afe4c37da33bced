"""Deletes old rows of all tenants: first reads their keys, then deletes by tenant.

A distributed SQL engine can read over all tenants, but deletes only where the statement
names the tenant.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from coupon_core.persistence.database import (
    execute,
    execute_for_values,
    single_statement,
)


def delete_by_tenant(
    select_keys: str, delete: str, key_type: str, parameters: Mapping[str, Any]
) -> int:
    """Delete the rows whose tenants and keys a statement reads; return their number.

    `delete` matches `tenant_id = :tenant_id` and the keys as `{among}`. It repeats the
    condition of `select_keys` if the rows may have changed in between.
    """
    keys_by_tenant: defaultdict[str, list[str]] = defaultdict(list)
    for tenant_id, key in execute(select_keys, parameters).fetchall():
        keys_by_tenant[tenant_id].append(key)
    deleted_count = 0
    for tenant_id, keys in keys_by_tenant.items():
        of_tenant = {**parameters, "tenant_id": tenant_id}
        with single_statement():
            cursor = execute_for_values(delete, key_type, keys, of_tenant)
        deleted_count += int(cursor.rowcount)
    return deleted_count
