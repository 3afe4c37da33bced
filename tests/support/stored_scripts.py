"""Data of a tenant in which every text that callers may choose is an attack."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from peewee import TextField

from coupon_core.persistence import database
from coupon_core.persistence.tables import ALL_TABLES, JsonTextField

SCRIPT = '=1+"<script>alert(1)<script>'
"""A script in HTML, the end of an attribute, and a formula in a spreadsheet."""
ESCAPED_SCRIPT = "=1+&#34;&lt;script&gt;alert(1)&lt;script&gt;"
# Columns whose values the system chooses, or checks before it stores them: states and
# kinds, IDs that are in paths, codes, times, URLs and what is encrypted.
CHECKED_COLUMNS = frozenset(
    {"tenant_id", "kind", "state", "status", "dialect", "action", "role", "purpose"}
    | {"code_format", "code_alphabet", "code_prefix", "code_pattern", "custom_code"}
    | {"code", "code_key", "code_exact", "code_scope", "stem", "name_key", "after_key"}
    | {"trigger_kind", "user_period", "period_key", "time_zone", "period_type"}
    | {"campaign_id", "creator_key", "actor", "key_id", "event_id", "object_id"}
    | {"scopes", "added_scopes", "signature", "url", "mode", "usage", "coupon_type"}
    | {"resolution", "token", "answer", "fingerprint", "request_key", "caller"}
    | {"amount", "skipped_reasons", "action_state", "target_tenant", "user_ids"}
    | {"email", "email_key", "pseudonym", "occurrence", "after_id", "masked_code"}
)
CHECKED_SUFFIXES = ("_sealed", "_hash", "_sha256", "_hashes")
CHECKED_IN_TABLES = frozenset(
    {("refusal_count", "reason"), ("attempt", "reason"), ("outbox", "event_type")}
    | {("webhook", "event_type"), ("webhook_delivery", "event_type")}
    | {("webhook_delivery", "payload"), ("outbox", "data"), ("signal", "subject")}
    | {("activity", "exception"), ("activity", "reason")}
)


def store_scripts() -> None:
    """Put the script before the texts of all rows; values that were equal stay equal.

    On SQLite only, because foreign keys are not checked meanwhile.
    """
    ((_, _, path),) = database.execute("PRAGMA database_list", {}).fetchall()
    database.release_connection()
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("poison_json", 1, _poison_json)
        for table in ALL_TABLES:
            for field in table._meta.sorted_fields:
                if _is_free(table._meta.table_name, field):
                    connection.execute(_build_update(table._meta.table_name, field))
        connection.commit()


def _is_free(table: str, field: Any) -> bool:
    is_checked = (
        field.name in CHECKED_COLUMNS
        or field.name.endswith(CHECKED_SUFFIXES)
        or (table, field.name) in CHECKED_IN_TABLES
    )
    return isinstance(field, TextField) and not is_checked


def _build_update(table: str, field: Any) -> str:
    name = field.name
    is_json = isinstance(field, JsonTextField)
    value = f"poison_json({name})" if is_json else f"'{SCRIPT}' || {name}"
    return f"UPDATE {table} SET {name} = {value} WHERE {name} <> ''"


def _poison_json(text: str) -> str:
    return json.dumps(_poison(json.loads(text)))


def _poison(value: Any) -> Any:
    """Return a JSON value with other texts; the names of members stay."""
    if isinstance(value, dict):
        return {name: _poison(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_poison(item) for item in value]
    return SCRIPT + value if isinstance(value, str) else value
