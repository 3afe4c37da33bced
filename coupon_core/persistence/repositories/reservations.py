"""Reservations: reads, and what ends them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Definition
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values, execute_many
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import user_usage
from coupon_core.persistence.row_mapping import (
    build_conversions,
    convert_row,
    format_columns,
)
from coupon_core.persistence.tables import ReservationTable, parse_json, to_datetime

RESERVATION_COLUMNS = format_columns(Reservation, "r")
# By index: those of the user and of the coupons are few, and ended ones wait for their
# reclaim for a minute at most.
SELECT_HELD = f"""
    SELECT {RESERVATION_COLUMNS} FROM reservation r
    WHERE r.tenant_id = :tenant_id AND r.definition_id = :definition_id
    AND r.state = 'held' AND (r.user_id = :user_id OR r.coupon_id {{among}})
"""
COUNT_ENDED = """
    SELECT count(*) FROM reservation
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND state = 'held' AND expires_at < :now
"""
MARK_EXPIRED = f"""
    UPDATE reservation AS r SET state = 'expired', ended_at = :now
    WHERE r.tenant_id = :tenant_id AND r.reservation_id IN (
        SELECT e.reservation_id FROM reservation e
        WHERE e.tenant_id = :tenant_id AND e.definition_id = :definition_id
        AND e.state = 'held' AND e.expires_at < :now
        ORDER BY e.user_id <> :user_id, e.expires_at LIMIT :limit)
    RETURNING {RESERVATION_COLUMNS.replace("r.", "")}
"""
SELECT_DEFINITIONS_WITH_ENDED = """
    SELECT DISTINCT definition_id FROM reservation
    WHERE tenant_id = :tenant_id AND state = 'held' AND expires_at < :now
"""
LOWER_RESERVED_COUNT = """
    UPDATE coupon SET reserved_count = reserved_count - :count
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
"""
_CONVERSIONS = build_conversions(
    Reservation,
    state=ReservationState,
    reserved_at=to_datetime,
    expires_at=to_datetime,
    ended_at=to_datetime,
    metadata=parse_json,
)


def get(tenant_id: str, reservation_id: str) -> Reservation | None:
    """Return a reservation, or None."""
    key_condition = ReservationTable.match_key(tenant_id, reservation_id)
    return next(iter(_select(key_condition)), None)


def list_by_coupon(
    tenant_id: str, coupon_id: str, limit: int | None = None
) -> list[Reservation]:
    """Return the reservations of a coupon in order, or only the last `limit`."""
    return _select(
        ReservationTable.tenant_id == tenant_id,
        ReservationTable.coupon_id == coupon_id,
        limit=limit,
    )


def list_by_user(
    tenant_id: str, user_id: str, limit: int, before_id: str | None = None
) -> list[Reservation]:
    """Return the reservations of a user, newest first, older than `before_id`."""
    older = [ReservationTable.reservation_id < before_id] if before_id else []
    conditions = [ReservationTable.tenant_id == tenant_id, *older]
    found = _select(*conditions, ReservationTable.user_id == user_id, limit=limit)
    return found[::-1]


def _select(*conditions: Any, limit: int | None = None) -> list[Reservation]:
    columns = [getattr(ReservationTable, field.name) for field in fields(Reservation)]
    query = ReservationTable.select(*columns).where(*conditions)
    query = query.order_by(ReservationTable.reservation_id.desc()).limit(limit)
    return [_to_reservation(row) for row in query.tuples()][::-1]


def _to_reservation(row: Sequence[Any]) -> Reservation:
    return Reservation(*convert_row(row, _CONVERSIONS))


def _to_parameters(definition: Definition, **values: str | None) -> dict[str, Any]:
    key = {"tenant_id": definition.tenant_id}
    return {**key, "definition_id": definition.definition_id, **values}


def list_held(
    definition: Definition, user_id: str, coupon_ids: Sequence[str]
) -> list[Reservation]:
    """Return the held reservations of a user or of coupons, also ended ones."""
    parameters = _to_parameters(definition, user_id=user_id)
    rows = execute_for_values(
        SELECT_HELD, "uuid", values=coupon_ids, parameters=parameters
    )
    return [_to_reservation(row) for row in rows.fetchall()]


def count_ended(definition: Definition, now: datetime) -> int:
    """Count the ended reservations that a total limit still contains."""
    if not total_limit_counts_redemptions(definition):
        return 0
    parameters = _to_parameters(definition, now=format_timestamp_milliseconds(now))
    return int(execute(COUNT_ENDED, parameters).fetchone()[0])


def has_live(tenant_id: str, user_id: str, now: datetime) -> bool:
    """Return True if reservations hold uses for a user."""
    query = ReservationTable.select().where(
        ReservationTable.tenant_id == tenant_id,
        ReservationTable.user_id == user_id,
        ReservationTable.state == ReservationState.HELD,
        ReservationTable.expires_at >= now,
    )
    return bool(query.exists())


def list_definitions_with_ended(tenant_id: str, now: datetime) -> list[str]:
    """Return the definitions whose counters contain ended reservations."""
    parameters = {"tenant_id": tenant_id, "now": format_timestamp_milliseconds(now)}
    rows = execute(SELECT_DEFINITIONS_WITH_ENDED, parameters).fetchall()
    return [definition_id for (definition_id,) in rows]


def set_state(reservation: Reservation, state: ReservationState, now: datetime) -> None:
    """Set the final state of a reservation; the caller lowers what it had raised."""
    ReservationTable.update(state=state, ended_at=now).where(
        ReservationTable.match_key(reservation.tenant_id, reservation.reservation_id)
    ).execute()


def mark_expired(
    definition: Definition, user_id: str, limit: int, now: datetime
) -> list[Reservation]:
    """Mark and return ended reservations, those of a user first.

    The caller must hold the lock of the definition, and lower what they had raised.
    """
    if not definition.has_reservations:
        return []
    parameters = _to_parameters(
        definition, user_id=user_id, now=format_timestamp_milliseconds(now)
    )
    rows = execute(MARK_EXPIRED, {**parameters, "limit": limit}).fetchall()
    return [_to_reservation(row) for row in rows]


def lower_counters(
    definition: Definition,
    reservations: Sequence[Reservation],
    candidate_ids: Sequence[str] = (),
) -> None:
    """Give back what reservations of a definition, which is locked, had raised.

    `candidate_ids` are coupons that the caller locks next. They are locked with those
    of the reservations, because coupons are locked in the order of their IDs.
    """
    uses = [(held.user_id, held.period_key, held.usage_slot) for held in reservations]
    if uses:
        user_usage.lower_usage(definition, uses)
    counts = Counter(reservation.coupon_id for reservation in reservations)
    coupon_repository.lock_in_order(definition.tenant_id, {*candidate_ids, *counts})
    rows = [
        {"tenant_id": definition.tenant_id, "coupon_id": coupon_id, "count": count}
        for coupon_id, count in sorted(counts.items())
    ]
    execute_many(LOWER_RESERVED_COUNT, rows)
