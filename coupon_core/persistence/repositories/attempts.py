"""Failed attempts, and the counts of refusals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models.attempts import Attempt, FailedAttempt
from coupon_core.domain.report_counts import get_midnight
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.id_generation import generate_id_at, get_min_id_at
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables import to_datetime

LOCK_LIVE_TENANT = """
    SELECT 1 FROM tenant t WHERE t.tenant_id = :tenant_id AND NOT EXISTS (
        SELECT 1 FROM tenant_deletion d WHERE d.tenant_id = :tenant_id)
"""
ATTEMPT_COLUMNS = """attempt_id, attempted_at, user_id, masked_code, definition_id,
    action, reason, dialect"""
INSERT_ATTEMPTS = f"""
    INSERT INTO attempt (tenant_id, code_hash, {ATTEMPT_COLUMNS})
    SELECT :tenant_id, r.code_hash, r.attempt_id, r.attempted_at, r.user_id,
        r.masked_code, r.definition_id, r.action, r.reason, r.dialect
    FROM {{rows}}
"""
ATTEMPT_ROW_COLUMNS = """attempt_id uuid, attempted_at timestamptz, user_id text,
    masked_code text, code_hash text, definition_id uuid, action text, reason text,
    dialect text"""
SELECT_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE tenant_id = :tenant_id"
# The ID of an attempt contains its time.
CONDITIONS = {
    "code_hash": "code_hash = :code_hash",
    "user_id": "user_id = :user_id",
    "reason": "reason = :reason",
    "action": "action = :action",
    "definition_id": "definition_id = :definition_id",
    "since": "attempt_id >= :since",
    "until": "attempt_id < :until",
    "before_id": "attempt_id < :before_id",
}
SELECT_OLDEST_KEPT = """
    SELECT attempt_id FROM attempt WHERE tenant_id = :tenant_id
    ORDER BY attempt_id DESC LIMIT 1 OFFSET :newer_count
"""
DELETE_EXCESS = """
    DELETE FROM attempt WHERE tenant_id = :tenant_id AND attempt_id IN (
        SELECT a.attempt_id FROM attempt a
        WHERE a.tenant_id = :tenant_id AND a.attempt_id < :oldest_kept
        ORDER BY a.attempt_id LIMIT :limit)
"""
REFUSAL_KEYS = "resolution, bucket_at, definition_id, action, reason, dialect"
# In the order of the key: otherwise two transactions could deadlock.
RAISE_REFUSALS = f"""
    INSERT INTO refusal_count AS t (tenant_id, {REFUSAL_KEYS}, refused)
    SELECT :tenant_id, r.resolution, r.bucket_at, r.definition_id, r.action, r.reason,
        r.dialect, r.refused
    FROM {{rows}} WHERE true
    ORDER BY r.resolution, r.bucket_at, r.definition_id, r.action, r.reason, r.dialect
    ON CONFLICT (tenant_id, {REFUSAL_KEYS}) DO UPDATE
    SET refused = t.refused + excluded.refused
"""
REFUSAL_ROW_COLUMNS = """bucket_at timestamptz, resolution text, definition_id uuid,
    action text, reason text, dialect text, refused bigint"""
RefusalKey = tuple[datetime, str, str, str, str]
"""Quarter of an hour, definition, action, reason and API of refusals."""


def lock_live_tenant(tenant_id: str) -> bool:
    """Keep a tenant from being erased; return False if it is gone or being deleted."""
    clause = " FOR KEY SHARE OF t" if is_postgresql() else ""
    rows = execute(LOCK_LIVE_TENANT + clause, {"tenant_id": tenant_id}).fetchall()
    return bool(rows)


def insert(
    attempts: Iterable[FailedAttempt],
    tenant_id: str,
    codes: Mapping[str, Mapping[str, str]],
) -> None:
    """Insert failed attempts of a tenant.

    `codes` contains `masked_code` and `code_hash` for each code as it was entered.
    """
    rows = [
        {
            "attempt_id": generate_id_at(attempt.attempted_at),
            "attempted_at": format_timestamp_milliseconds(attempt.attempted_at),
            "user_id": attempt.user_id,
            "definition_id": attempt.definition_id,
            "action": attempt.action,
            "reason": attempt.reason,
            "dialect": attempt.dialect,
            **codes[attempt.code],
        }
        for attempt in attempts
    ]
    parameters = {"tenant_id": tenant_id}
    execute_for_rows(INSERT_ATTEMPTS, ATTEMPT_ROW_COLUMNS, rows, parameters)


def list_attempts(
    tenant_id: str, filters: Mapping[str, Any], limit: int
) -> list[Attempt]:
    """Return up to `limit` attempts, newest first; `filters` are of `CONDITIONS`."""
    given = {name: value for name, value in filters.items() if value is not None}
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in given)
    sql = f"{SELECT_ATTEMPTS}{conditions} ORDER BY attempt_id DESC LIMIT :limit"
    parameters = {
        **{name: _to_parameter(value) for name, value in given.items()},
        "tenant_id": tenant_id,
        "limit": limit,
    }
    return [_to_attempt(row) for row in execute(sql, parameters).fetchall()]


def _to_parameter(value: Any) -> Any:
    return get_min_id_at(value) if isinstance(value, datetime) else value


def _to_attempt(row: Sequence[Any]) -> Attempt:
    attempt_id, attempted_at, *texts = row
    return Attempt(str(attempt_id), to_datetime(attempted_at), *texts)


def delete_excess(tenant_id: str, kept_count: int, limit: int) -> int:
    """Delete up to `limit` of the attempts that are older than the newest ones."""
    parameters: dict[str, Any] = {"tenant_id": tenant_id}
    found = execute(
        SELECT_OLDEST_KEPT, {**parameters, "newer_count": kept_count - 1}
    ).fetchone()
    if found is None:
        return 0
    with transaction():
        parameters |= {"oldest_kept": found[0], "limit": limit}
        return int(execute(DELETE_EXCESS, parameters).rowcount)


def raise_refusals(tenant_id: str, counts: Mapping[RefusalKey, int]) -> None:
    """Add refusals of quarters of an hour to what is stored, and to their days."""
    days: Counter[RefusalKey] = Counter()
    for (quarter_at, definition_id, action, reason, dialect), count in counts.items():
        day_at = get_midnight(quarter_at)
        days[day_at, definition_id, action, reason, dialect] += count
    rows = [
        {
            "resolution": resolution,
            "bucket_at": format_timestamp_milliseconds(bucket_at),
            "definition_id": definition_id,
            "action": action,
            "reason": reason,
            "dialect": dialect,
            "refused": refused,
        }
        for resolution, sums in (("quarter", counts), ("day", days))
        for (bucket_at, definition_id, action, reason, dialect), refused in sums.items()
    ]
    parameters = {"tenant_id": tenant_id}
    execute_for_rows(RAISE_REFUSALS, REFUSAL_ROW_COLUMNS, rows, parameters)
