"""The one guarded write of an earned coupon: all of it happens, or nothing.

The statements are written once, as those of `redemptions`: SQLite runs them one by
one, PostgreSQL as a single one.
"""

from functools import cache

from peewee import IntegrityError

from coupon_core.model import Definition, Event, IssuedCoupon, Milestone, RewardItem
from coupon_core.store.coupons import new_row
from coupon_core.store.database import execute, is_postgresql
from coupon_core.store.rows import (
    DEFINITION_COLUMNS,
    REWARD_ITEM_COLUMNS,
    definition_of,
    reward_item_of,
)
from coupon_core.tables import as_stored_time

WATCHING = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM definition d
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    WHERE d.tenant_id = :tenant_id AND d.trigger_kind = :kind
    AND d.trigger_source = :source_id ORDER BY d.definition_id
"""
# Holds only while the definition is what the decision was made on, and no shared code
# is the one that was drawn.
EARN = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    SELECT :tenant_id, :definition_id, :user_id, :occurrence, :milestone_id,
        :generated_at
    WHERE EXISTS (SELECT 1 FROM definition d
        WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
        AND d.status = 'active' AND d.trigger_enabled AND d.code_format = 'random'
        AND d.updated_at = :definition_updated_at)
    AND NOT EXISTS (SELECT 1 FROM shared_code s
        WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key)
    ON CONFLICT DO NOTHING
"""
MAKE = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, 0, :code_key, :code_scope
"""
ANNOUNCE = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state)
    SELECT :tenant_id, :event_id, :event_type, :user_id, :generated_at,
        :data, 'pending'
"""
HAS_EARNED = """
    SELECT 1 FROM earned_coupon
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id AND occurrence = :occurrence
"""


def watching(milestone: Milestone) -> list[tuple[Definition, RewardItem]]:
    """The definitions that watch for this trigger, with what they grant."""
    parameters = {
        "tenant_id": milestone.tenant_id,
        "kind": milestone.trigger_kind.value,
        "source_id": milestone.source_id,
    }
    rows = execute(WATCHING, parameters).fetchall()
    end = -len(REWARD_ITEM_COLUMNS.split(","))
    return [(definition_of(row[:end]), reward_item_of(row[end:])) for row in rows]


def has_earned(definition: Definition, milestone: Milestone) -> bool:
    """True when this occurrence has earned its coupon already."""
    parameters = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "user_id": milestone.user_id,
        "occurrence": milestone.occurrence,
    }
    return execute(HAS_EARNED, parameters).fetchone() is not None


def record(issued: IssuedCoupon, milestone: Milestone, event: Event) -> bool:
    """Write an earning with its coupon of a random code and its event.

    False when this occurrence has earned its coupon already, the definition is no
    longer what was seen, or the code is taken; then the caller rolls back.
    """
    coupon, definition = issued.coupon, issued.definition
    parameters = {
        **new_row(coupon, definition),
        "occurrence": milestone.occurrence,
        "milestone_id": milestone.event_id,
        "definition_updated_at": as_stored_time(definition.updated_at),
        "event_id": event.event_id,
        "event_type": event.event_type,
        "data": event.data,
    }
    try:
        return all(
            execute(sql, parameters).rowcount == 1
            for sql in _statements(is_postgresql())
        )
    except IntegrityError:  # a coupon has that code
        return False


@cache
def _statements(as_one: bool) -> tuple[str, ...]:
    if not as_one:
        return EARN, MAKE, ANNOUNCE
    sql = f"""
        WITH earned AS ({EARN} RETURNING 1), made AS ({MAKE} FROM earned RETURNING 1)
        {ANNOUNCE} FROM made
    """
    return (sql,)
