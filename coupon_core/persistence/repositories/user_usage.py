"""The number of uses per user, for definitions that limit it, also in a period."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain.models import NO_USAGE, UNASSIGNED, Definition, UserUsage
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_prepared,
    is_postgresql,
)
from coupon_core.persistence.repositories import usage_slots

SELECT_USED_COUNTS = """
    SELECT COALESCE((SELECT used_count FROM user_usage WHERE tenant_id = :tenant_id
        AND definition_id = :definition_id AND user_id = :user_id), 0),
    COALESCE((SELECT used_count FROM user_period_usage WHERE tenant_id = :tenant_id
        AND definition_id = :definition_id AND user_id = :user_id
        AND period_key = :period_key), 0)
"""
DELETE_USAGE = """
    DELETE FROM user_usage
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
INSERT_RECOUNTED_USAGE = """
    INSERT INTO user_usage (tenant_id, definition_id, user_id, used_count)
    SELECT :tenant_id, :definition_id, user_id, sum(uses) FROM (
        SELECT user_id, redemption_count AS uses FROM coupon
        WHERE tenant_id = :tenant_id AND definition_id = :definition_id
        UNION ALL SELECT user_id, 1 FROM reservation
        WHERE tenant_id = :tenant_id AND definition_id = :definition_id
        AND state = 'held') AS by_coupon
    GROUP BY user_id HAVING sum(uses) > 0
"""
# Redemptions are found through their coupons, which an index lists by definition. The
# coupon has the time of its latest redemption.
REDEMPTION_IN_PERIOD_CONDITION = """
    tenant_id = :tenant_id AND refunded_at IS NULL AND redeemed_at >= :since
    AND coupon_id IN (SELECT c.coupon_id FROM coupon c
        WHERE c.tenant_id = :tenant_id AND c.definition_id = :definition_id
        AND c.redeemed_at >= :since)
"""
RESERVATION_IN_PERIOD_CONDITION = """
    tenant_id = :tenant_id AND definition_id = :definition_id AND state = 'held'
    AND reserved_at >= :since
"""
USES_IN_PERIOD = f"""(SELECT user_id FROM redemption
    WHERE {REDEMPTION_IN_PERIOD_CONDITION}
    UNION ALL SELECT user_id FROM reservation
    WHERE {RESERVATION_IN_PERIOD_CONDITION}) AS uses"""
SELECT_MAX_PERIOD_USE_COUNT = f"""
    SELECT COALESCE(max(uses), 0) FROM (SELECT count(*) AS uses FROM {USES_IN_PERIOD}
        GROUP BY user_id) AS by_user
"""
RECOUNT_PERIOD_USAGE = (
    """
    DELETE FROM user_period_usage
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    """,
    f"""
    UPDATE redemption SET period_key = :period_key
    WHERE {REDEMPTION_IN_PERIOD_CONDITION}
    """,
    f"""
    UPDATE reservation SET period_key = :period_key
    WHERE {RESERVATION_IN_PERIOD_CONDITION}
    """,
    f"""
    INSERT INTO user_period_usage (tenant_id, definition_id, user_id, period_key,
        used_count)
    SELECT :tenant_id, :definition_id, user_id, :period_key, count(*)
    FROM {USES_IN_PERIOD} GROUP BY user_id
    """,
)
INCREMENT_USER_USAGE = """
    INSERT INTO user_usage (tenant_id, definition_id, user_id, used_count)
    SELECT :tenant_id, :definition_id, :user_id, 1 {source} WHERE true
    ON CONFLICT (tenant_id, definition_id, user_id) DO UPDATE
    SET used_count = user_usage.used_count + 1
    WHERE user_usage.used_count < :per_user_limit
"""
INCREMENT_PERIOD_USAGE = """
    INSERT INTO user_period_usage (tenant_id, definition_id, user_id, period_key,
        used_count)
    SELECT :tenant_id, :definition_id, :user_id, :period_key, 1 {source} WHERE true
    ON CONFLICT (tenant_id, definition_id, user_id, period_key) DO UPDATE
    SET used_count = user_period_usage.used_count + 1
    WHERE user_period_usage.used_count < :user_period_limit
"""
# A row that does not exist yet is inserted: two transactions that insert it wait for
# each other as well. ON CONFLICT locks the row before it reads the condition.
LOCK_USER_USAGE = """
    INSERT INTO user_usage (tenant_id, definition_id, user_id, used_count)
    VALUES (:tenant_id, :definition_id, :user_id, 0)
    ON CONFLICT (tenant_id, definition_id, user_id) DO UPDATE
    SET used_count = 0 WHERE false
"""
LOCK_PERIOD_USAGE = """
    INSERT INTO user_period_usage (tenant_id, definition_id, user_id, period_key,
        used_count)
    VALUES (:tenant_id, :definition_id, :user_id, :period_key, 0)
    ON CONFLICT (tenant_id, definition_id, user_id, period_key) DO UPDATE
    SET used_count = 0 WHERE false
"""
LOCK_OTHER_PERIODS = """
    SELECT used_count FROM user_period_usage
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id ORDER BY period_key FOR UPDATE
"""
LOWER_USER_USAGE = """
    UPDATE user_usage SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id
"""
LOWER_PERIOD_USAGE = """
    UPDATE user_period_usage SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id AND period_key = :period_key
"""


def get_usage(definition: Definition, user_id: str, period_key: str) -> UserUsage:
    """Return how often a user has used the codes of a definition, if it limits that."""
    if not definition.per_user_limit and not period_key:
        return NO_USAGE
    parameters = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "user_id": user_id,
        "period_key": period_key,
    }
    rows = execute_prepared(SELECT_USED_COUNTS, parameters).fetchall()
    total_count, period_count = map(int, rows[0])
    return UserUsage(total_count, period_count)


def lock(definition: Definition, user_id: str, period_key: str) -> None:
    """Lock the counters of a user that a redemption raises, or its reversal lowers.

    `period_key` is that of the redemption, or "". The caller has locked the definition.
    On SQLite the write transaction itself is the lock.
    """
    if user_id == UNASSIGNED or not is_postgresql():
        return
    parameters = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "user_id": user_id,
        "period_key": period_key,
    }
    statements = {
        LOCK_USER_USAGE: definition.per_user_limit > 0,
        LOCK_PERIOD_USAGE: period_key != "",
        LOCK_OTHER_PERIODS: definition.user_period_limit > 0,
    }
    for sql, is_counted in statements.items():
        if is_counted:
            execute(sql, parameters)


def recount(tenant_id: str, definition_id: str) -> None:
    """Count the uses of a definition again, from its coupons.

    The caller must hold `lock_coupons_exclusively`.
    """
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    execute(DELETE_USAGE, parameters)
    execute(INSERT_RECOUNTED_USAGE, parameters)


def get_max_period_use_count(definition: Definition, since: datetime) -> int:
    """Return the most uses by one user since the start of the current period."""
    parameters = _to_period_parameters(definition, since)
    return int(execute(SELECT_MAX_PERIOD_USE_COUNT, parameters).fetchone()[0])


def recount_period(definition: Definition, period_key: str, since: datetime) -> None:
    """Count the uses in the current period, which began at `since`, again.

    The redemptions then count in this period. Uses in other periods are forgotten. The
    caller must hold `lock_coupons_exclusively`.
    """
    parameters = _to_period_parameters(definition, since)
    for sql in RECOUNT_PERIOD_USAGE:
        execute(sql, {**parameters, "period_key": period_key})


def _to_period_parameters(
    definition: Definition, since: datetime
) -> dict[str, str | None]:
    return {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "since": format_timestamp_milliseconds(since),
    }


def lower_usage(
    definition: Definition, uses: Sequence[tuple[str, str, int | None]]
) -> None:
    """Give uses of a definition back in every counter that they raised.

    `uses` has the user, the `period_key` and the `usage_slot` of each redemption or
    reservation that was undone. The caller must hold the locks of the definition and,
    for redemptions, of the coupon. Rows are locked in the order of a redemption.
    """
    key = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
    if total_limit_counts_redemptions(definition):
        usage_slots.lower(definition, [slot for *_, slot in uses])
    if definition.per_user_limit:
        for user_id, count in sorted(Counter(user for user, *_ in uses).items()):
            execute(LOWER_USER_USAGE, {**key, "user_id": user_id, "count": count})
    period_uses = Counter((user, period) for user, period, _ in uses if period)
    for (user_id, period_key), count in sorted(period_uses.items()):
        period = {"user_id": user_id, "period_key": period_key, "count": count}
        execute(LOWER_PERIOD_USAGE, {**key, **period})
