"""The number of uses per user, for definitions that limit it."""

from coupon_core.persistence.database import execute, execute_prepared

SELECT_USED_COUNT = """
    SELECT used_count FROM user_usage WHERE tenant_id = :tenant_id
    AND definition_id = :definition_id AND user_id = :user_id
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


def get_used_count(tenant_id: str, definition_id: str, user_id: str) -> int:
    """Return how often a user has used the codes of a definition."""
    parameters = {
        "tenant_id": tenant_id,
        "definition_id": definition_id,
        "user_id": user_id,
    }
    rows = execute_prepared(SELECT_USED_COUNT, parameters).fetchall()
    return int(rows[0][0]) if rows else 0


def recount(tenant_id: str, definition_id: str) -> None:
    """Count the uses of a definition again, from its coupons.

    The caller must hold `lock_coupons_exclusively`.
    """
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    execute(DELETE_USAGE, parameters)
    execute(INSERT_RECOUNTED_USAGE, parameters)
