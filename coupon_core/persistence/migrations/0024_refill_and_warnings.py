"""Refill of definitions, and what was announced about them.

Unassigned codes have an index of their own, so that it takes as long to find out
whether ten are left of ten million as of ten. A code leaves it when it gets a user.
"""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {"text": 'text COLLATE "C"', "uuid": "uuid", "time": "timestamptz"}
SQLITE = {"text": "TEXT", "uuid": "TEXT", "time": "TEXT"}

CREATE_STATEMENTS = (
    """
    ALTER TABLE definition ADD COLUMN refill_count integer NOT NULL DEFAULT 0
        CHECK (refill_count >= 0)
    """,
    """
    ALTER TABLE definition ADD COLUMN refill_below integer NOT NULL DEFAULT 0
        CHECK (refill_below >= 0)
    """,
    """
    CREATE INDEX coupon_available ON coupon (tenant_id, definition_id, expires_at)
        WHERE user_id = '' AND revoked_at IS NULL
    """,
    """
    CREATE TABLE definition_notice (
        tenant_id {text} NOT NULL,
        definition_id {uuid} NOT NULL,
        has_stock boolean NOT NULL DEFAULT false,
        exhausted_at {time},
        announced_expiry {time},
        refill_batch_id {uuid},
        PRIMARY KEY (tenant_id, definition_id)
    )
    """,
)
# What ran out before this release is not announced.
FILL_STATEMENTS = (
    """
    INSERT INTO definition_notice (tenant_id, definition_id, has_stock)
    SELECT DISTINCT tenant_id, definition_id, true FROM coupon
    WHERE user_id = '' AND revoked_at IS NULL
    """,
    """
    INSERT INTO definition_notice (tenant_id, definition_id, exhausted_at)
    SELECT tenant_id, definition_id, updated_at FROM definition
    WHERE total_limit > 0 AND used_count >= total_limit
    ON CONFLICT (tenant_id, definition_id) DO UPDATE
    SET exhausted_at = excluded.exhausted_at
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, the index and the table, and fill the table."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in CREATE_STATEMENTS:
        db.execute_sql(statement.format(**words))
    place_table(db, "definition_notice")
    for statement in FILL_STATEMENTS:
        db.execute_sql(statement)
