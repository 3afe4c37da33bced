"""The number of uses under a total limit, also of hot definitions.

On PostgreSQL a hot definition counts in slots: one row of its own would be locked by
each redemption until its commit. `coupon_core/persistence/tables/definitions.py`
describes how the rows say so.
"""

from collections.abc import Sequence
from dataclasses import replace

from coupon_core.domain.models import Definition
from coupon_core.domain.rules.usage_slots import divide, is_hot
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.row_mapping import USED_COUNT_EXPRESSION
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables.definitions import SLOTTED_COUNT

# Only definitions with a total limit maintain a counter: counting every redemption in
# one row would halve the throughput.
INCREMENT_TOTAL_USAGE = """
    UPDATE definition SET used_count = used_count + 1
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND used_count < total_limit
"""
# The slot of the user or, if it is full, the next one that is not. COALESCE reads the
# others only then.
INCREMENT_SLOT_USAGE = """
    UPDATE definition_usage_slot SET used_count = used_count + 1
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND used_count < max_count AND slot = COALESCE(
        (SELECT s.slot FROM definition_usage_slot s
        WHERE s.tenant_id = :tenant_id AND s.definition_id = :definition_id
        AND s.slot = :user_slot AND s.used_count < s.max_count),
        (SELECT s.slot FROM definition_usage_slot s
        WHERE s.tenant_id = :tenant_id AND s.definition_id = :definition_id
        AND s.used_count < s.max_count
        ORDER BY s.slot < :user_slot, s.slot LIMIT 1))
"""
SET_USED_COUNT = """
    UPDATE definition SET used_count = :used_count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
LOWER_USED_COUNT = """
    UPDATE definition SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
DELETE_SLOTS = """
    DELETE FROM definition_usage_slot
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
LOCK_SLOTS = """
    SELECT used_count FROM definition_usage_slot
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    ORDER BY slot FOR UPDATE
"""
SELECT_USED_COUNT = f"""
    SELECT {USED_COUNT_EXPRESSION} FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
"""
STORE_SLOTS = """
    INSERT INTO definition_usage_slot (tenant_id, definition_id, slot, used_count,
        max_count)
    SELECT :tenant_id, :definition_id, r.slot, r.used_count, r.max_count
    FROM {rows} WHERE true
    ON CONFLICT (tenant_id, definition_id, slot) DO UPDATE
    SET used_count = excluded.used_count, max_count = excluded.max_count
"""
SLOT_COLUMNS = "slot smallint, used_count integer, max_count integer"


def get_total_increment(definition: Definition) -> str:
    """Return the statement that counts a use under the total limit of a definition."""
    if definition.has_usage_slots:
        return INCREMENT_SLOT_USAGE
    return INCREMENT_TOTAL_USAGE


def store_count(definition: Definition) -> None:
    """Store the number of uses, in slots if the definition is hot.

    The caller has just inserted the definition or holds `lock_coupons_exclusively`.
    """
    key, used_count = _get_key(definition), definition.used_count
    if is_postgresql() and is_hot(definition):
        execute(SET_USED_COUNT, {**key, "used_count": SLOTTED_COUNT})
        left_count = definition.total_limit - used_count
        _store_slots(definition, divide(used_count), divide(left_count))
    else:
        execute(SET_USED_COUNT, {**key, "used_count": used_count})
        execute(DELETE_SLOTS, key)


def lock(definition: Definition) -> Definition:
    """Lock the slots of a definition that is locked, and return it with their count.

    They are locked before coupons, because redemptions do that as well.
    """
    if not definition.has_usage_slots:
        return definition
    _lock_slots(definition)
    return replace(definition, used_count=_read_used_count(definition))


def lower(definition: Definition, slots: Sequence[int | None]) -> None:
    """Give uses back; `slots` has the slot that each of them raised, or None.

    The caller has locked the definition.
    """
    if not definition.has_usage_slots:
        execute(LOWER_USED_COUNT, {**_get_key(definition), "count": len(slots)})
        return
    used_counts = _lock_slots(definition)
    for slot in slots:
        # A change of the limit divides the uses again, so that the use may be counted
        # in another slot.
        if slot is None or not used_counts[slot]:
            slot = used_counts.index(max(used_counts))
        used_counts[slot] -= 1
    used_count = _read_used_count(definition) - len(slots)
    shares = divide(definition.total_limit - used_count)
    _store_slots(definition, used_counts, shares)


def _lock_slots(definition: Definition) -> list[int]:
    rows = execute(LOCK_SLOTS, _get_key(definition)).fetchall()
    return [used_count for (used_count,) in rows]


def _read_used_count(definition: Definition) -> int:
    return int(execute(SELECT_USED_COUNT, _get_key(definition)).fetchone()[0])


def _store_slots(
    definition: Definition, used_counts: Sequence[int], left_counts: Sequence[int]
) -> None:
    rows = [
        {"slot": slot, "used_count": used_count, "max_count": used_count + left_count}
        for slot, (used_count, left_count) in enumerate(
            zip(used_counts, left_counts, strict=True)
        )
    ]
    execute_for_rows(STORE_SLOTS, SLOT_COLUMNS, rows, _get_key(definition))


def _get_key(definition: Definition) -> dict[str, str]:
    return {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
