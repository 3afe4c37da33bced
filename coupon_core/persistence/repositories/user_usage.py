"""The number of uses per user, for definitions that limit it, also in a period."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain.models import NO_USAGE, Coupon, Definition, UserUsage
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_prepared
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
    SELECT tenant_id, definition_id, user_id, sum(redemption_count) FROM coupon
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id AND user_id <> ''
    GROUP BY tenant_id, definition_id, user_id HAVING sum(redemption_count) > 0
"""
# Redemptions are found through their coupons, which an index lists by definition. The
# coupon has the time of its latest redemption.
REDEMPTION_IN_PERIOD_CONDITION = """
    tenant_id = :tenant_id AND refunded_at IS NULL AND redeemed_at >= :since
    AND coupon_id IN (SELECT c.coupon_id FROM coupon c
        WHERE c.tenant_id = :tenant_id AND c.definition_id = :definition_id
        AND c.redeemed_at >= :since)
"""
SELECT_MAX_PERIOD_USE_COUNT = f"""
    SELECT COALESCE(max(uses), 0) FROM (SELECT count(*) AS uses FROM redemption
        WHERE {REDEMPTION_IN_PERIOD_CONDITION} GROUP BY user_id) AS by_user
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
    INSERT INTO user_period_usage (tenant_id, definition_id, user_id, period_key,
        used_count)
    SELECT tenant_id, definition_id, user_id, period_key, count(*) FROM redemption
    WHERE {REDEMPTION_IN_PERIOD_CONDITION}
    GROUP BY tenant_id, definition_id, user_id, period_key
    """,
)
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
    return UserUsage(*map(int, rows[0]))


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
    coupon: Coupon,
    definition: Definition,
    period_keys: Sequence[str],
    slots: Sequence[int | None],
) -> None:
    """Give uses of a coupon back in every counter that they raised.

    `period_keys` and `slots` have the `period_key` and the `usage_slot` of each
    redemption that was undone. The caller must hold the locks of the definition and of
    the coupon.
    """
    parameters = {
        "tenant_id": coupon.tenant_id,
        "definition_id": coupon.definition_id,
        "user_id": coupon.user_id,
        "count": len(period_keys),
    }
    if total_limit_counts_redemptions(definition):
        usage_slots.lower(definition, slots)
    if definition.per_user_limit:
        execute(LOWER_USER_USAGE, parameters)
    for period_key, count in sorted(Counter(filter(None, period_keys)).items()):
        period = {"period_key": period_key, "count": count}
        execute(LOWER_PERIOD_USAGE, {**parameters, **period})
