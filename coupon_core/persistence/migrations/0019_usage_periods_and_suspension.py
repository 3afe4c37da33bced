"""Limits per user and period, and the suspension of definitions, batches, campaigns.

Counters of periods have a table of their own, because the previous release raises
those of `user_usage` by its present key.
"""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {
    "text": 'text COLLATE "C"',
    "uuid": "uuid",
    "time": "timestamptz",
}
SQLITE = {"text": "TEXT", "uuid": "TEXT", "time": "TEXT"}

STATEMENTS = (
    """
    ALTER TABLE definition ADD COLUMN user_period_limit integer NOT NULL DEFAULT 0
        CHECK (user_period_limit >= 0)
    """,
    """
    ALTER TABLE definition ADD COLUMN user_period {text}
        CHECK (user_period IN ('day', 'week', 'month'))
    """,
    "ALTER TABLE definition ADD COLUMN suspended_at {time}",
    "ALTER TABLE batch ADD COLUMN suspended_at {time}",
    "ALTER TABLE campaign ADD COLUMN suspended_at {time}",
    "ALTER TABLE redemption ADD COLUMN period_key {text} NOT NULL DEFAULT ''",
    """
    CREATE TABLE user_period_usage (
        tenant_id {text} NOT NULL,
        definition_id {uuid} NOT NULL,
        user_id {text} NOT NULL,
        period_key {text} NOT NULL,
        used_count integer NOT NULL CHECK (used_count >= 0),
        PRIMARY KEY (tenant_id, definition_id, user_id, period_key)
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns and the counters of uses per user and period."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
    place_table(db, "user_period_usage")
