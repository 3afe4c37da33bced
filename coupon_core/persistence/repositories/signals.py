"""Signals: what happened suspiciously often within an hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models.attempts import Signal, SignalKind
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.id_generation import (
    get_min_id_at,
    get_min_integer_id_at,
)
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables import to_datetime

# All IDs contain their time.
COUNT_USER_FAILURES = """
    SELECT user_id, count(*), min(attempted_at), max(attempted_at) FROM attempt
    WHERE tenant_id = :tenant_id AND user_id {among}
    AND attempt_id >= :since AND attempt_id < :until
    GROUP BY user_id HAVING count(*) >= :threshold
"""
COUNT_CODE_USERS = """
    SELECT code_hash, count(DISTINCT user_id), min(attempted_at), max(attempted_at)
    FROM attempt
    WHERE tenant_id = :tenant_id AND code_hash {among}
    AND attempt_id >= :since AND attempt_id < :until
    AND user_id <> '' AND user_id <> :owner_id
    GROUP BY code_hash HAVING count(DISTINCT user_id) >= :threshold
"""
COUNT_REFERENCE_USES = """
    SELECT reference, count(*), min(redeemed_at), max(redeemed_at) FROM redemption
    WHERE tenant_id = :tenant_id AND reference {among}
    AND redemption_id >= :since AND redemption_id < :until
    GROUP BY reference HAVING count(*) >= :threshold
"""
SIGNAL_COLUMNS = "hour_at, kind, subject, count, first_at, last_at"
# In the order of the key: otherwise two transactions could deadlock.
INSERT_NEW_SIGNALS = f"""
    INSERT INTO signal (tenant_id, {SIGNAL_COLUMNS})
    SELECT :tenant_id, r.hour_at, r.kind, r.subject, r.count, r.first_at, r.last_at
    FROM {{rows}} WHERE true ORDER BY r.hour_at, r.kind, r.subject
    ON CONFLICT (tenant_id, hour_at, kind, subject) DO NOTHING
    RETURNING kind, subject
"""
UPDATE_SIGNALS = f"""
    INSERT INTO signal (tenant_id, {SIGNAL_COLUMNS})
    SELECT :tenant_id, r.hour_at, r.kind, r.subject, r.count, r.first_at, r.last_at
    FROM {{rows}} WHERE true ORDER BY r.hour_at, r.kind, r.subject
    ON CONFLICT (tenant_id, hour_at, kind, subject) DO UPDATE
    SET count = excluded.count, last_at = excluded.last_at
"""
SIGNAL_ROW_COLUMNS = """hour_at timestamptz, kind text, subject text, count bigint,
    first_at timestamptz, last_at timestamptz"""
SELECT_SIGNALS = f"SELECT {SIGNAL_COLUMNS} FROM signal WHERE tenant_id = :tenant_id"
CONDITIONS = {
    "kind": "kind = :kind",
    "since": "hour_at >= :since",
    "until": "hour_at < :until",
    "before": """(hour_at, kind, subject) <
        (:before_hour, :before_kind, :before_subject)""",
}


def count_user_failures(
    tenant_id: str, user_ids: Sequence[str], hour_at: datetime, threshold: int
) -> list[Signal]:
    """Return the signals of users with at least `threshold` failures in an hour."""
    parameters = {"threshold": threshold, **_build_id_range(hour_at, get_min_id_at)}
    cursor = execute_for_values(
        COUNT_USER_FAILURES, "text", user_ids, {"tenant_id": tenant_id, **parameters}
    )
    return _to_signals(SignalKind.USER_FAILURES, hour_at, cursor)


def count_code_users(
    tenant_id: str,
    code_hashes: Sequence[str],
    hour_at: datetime,
    threshold: int,
    owner_id: str = "",
) -> list[Signal]:
    """Return the signals of codes that at least `threshold` users tried in an hour.

    Their subjects are the hashes of the codes. The owner of the code does not count.
    """
    parameters = {
        "tenant_id": tenant_id,
        "threshold": threshold,
        "owner_id": owner_id,
        **_build_id_range(hour_at, get_min_id_at),
    }
    cursor = execute_for_values(COUNT_CODE_USERS, "text", code_hashes, parameters)
    return _to_signals(SignalKind.CODE_SHARED, hour_at, cursor)


def count_reference_uses(
    tenant_id: str, references: Sequence[str], hour_at: datetime, threshold: int
) -> list[Signal]:
    """Return the signals of references with at least `threshold` uses in an hour."""
    parameters = {
        "tenant_id": tenant_id,
        "threshold": threshold,
        **_build_id_range(hour_at, get_min_integer_id_at),
    }
    cursor = execute_for_values(COUNT_REFERENCE_USES, "text", references, parameters)
    return _to_signals(SignalKind.REFERENCE_REUSED, hour_at, cursor)


def _build_id_range(hour_at: datetime, get_min: Any) -> dict[str, Any]:
    return {"since": get_min(hour_at), "until": get_min(hour_at + timedelta(hours=1))}


def _to_signals(kind: SignalKind, hour_at: datetime, cursor: Any) -> list[Signal]:
    return [
        Signal(
            hour_at,
            kind.value,
            subject=subject,
            count=count,
            first_at=to_datetime(first_at),
            last_at=to_datetime(last_at),
        )
        for subject, count, first_at, last_at in cursor.fetchall()
    ]


def raise_signals(tenant_id: str, signals: Sequence[Signal]) -> list[Signal]:
    """Store signals of one hour, and return those that the hour did not have yet."""
    rows = {(signal.kind, signal.subject): _to_row(signal) for signal in signals}
    parameters = {"tenant_id": tenant_id}
    inserted = {
        tuple(key)
        for key in execute_for_rows(
            INSERT_NEW_SIGNALS, SIGNAL_ROW_COLUMNS, rows.values(), parameters
        ).fetchall()
    }
    known = [row for key, row in rows.items() if key not in inserted]
    if known:
        execute_for_rows(UPDATE_SIGNALS, SIGNAL_ROW_COLUMNS, known, parameters)
    return [one for one in signals if (one.kind, one.subject) in inserted]


def _to_row(signal: Signal) -> dict[str, Any]:
    return {
        "hour_at": format_timestamp_milliseconds(signal.hour_at),
        "kind": signal.kind,
        "subject": signal.subject,
        "count": signal.count,
        "first_at": format_timestamp_milliseconds(signal.first_at),
        "last_at": format_timestamp_milliseconds(signal.last_at),
    }


def list_signals(
    tenant_id: str, filters: Mapping[str, Any], before: Signal | None, limit: int
) -> list[Signal]:
    """Return up to `limit` signals, those of the newest hour first.

    `filters` are of `CONDITIONS`. `before` is the last signal of the previous page.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    parameters: dict[str, Any] = {
        name: format_timestamp_milliseconds(value)
        if isinstance(value, datetime)
        else value
        for name, value in given.items()
    }
    if before:
        given["before"] = before
        parameters["before_hour"] = format_timestamp_milliseconds(before.hour_at)
        parameters |= {"before_kind": before.kind, "before_subject": before.subject}
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in given)
    sql = f"""{SELECT_SIGNALS}{conditions}
        ORDER BY hour_at DESC, kind DESC, subject DESC LIMIT :limit"""
    parameters |= {"tenant_id": tenant_id, "limit": limit}
    return [
        Signal(
            to_datetime(hour_at),
            kind,
            subject=subject,
            count=count,
            first_at=to_datetime(first_at),
            last_at=to_datetime(last_at),
        )
        for hour_at, kind, subject, count, first_at, last_at in execute(
            sql, parameters
        ).fetchall()
    ]
