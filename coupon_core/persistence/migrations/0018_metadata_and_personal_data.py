"""Metadata, references of redemptions, and what erasing people and tenants needs."""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "text_or_none": 'text COLLATE "C"',
    "time": "timestamptz",
}
SQLITE = {"text": "TEXT NOT NULL", "text_or_none": "TEXT", "time": "TEXT"}

STATEMENTS = (
    "ALTER TABLE reward_item ADD COLUMN metadata {text} DEFAULT '{{}}'",
    "ALTER TABLE definition ADD COLUMN metadata {text} DEFAULT '{{}}'",
    "ALTER TABLE campaign ADD COLUMN metadata {text} DEFAULT '{{}}'",
    "ALTER TABLE batch ADD COLUMN metadata {text} DEFAULT '{{}}'",
    # Null for most rows of the two large tables, where it takes no space.
    "ALTER TABLE coupon ADD COLUMN metadata {text_or_none}",
    "ALTER TABLE redemption ADD COLUMN reference {text_or_none}",
    "ALTER TABLE redemption ADD COLUMN metadata {text_or_none}",
    "ALTER TABLE redemption ADD COLUMN reversed_at {time}",
    "ALTER TABLE redemption ADD COLUMN reversal_reason {text_or_none}",
    """
    CREATE INDEX redemption_tenant_id_redemption_id
        ON redemption (tenant_id, redemption_id)
    """,
    """
    CREATE INDEX redemption_of_reference
        ON redemption (tenant_id, reference, redemption_id)
        WHERE reference IS NOT NULL
    """,
    # Without foreign keys to the tenant: a distributed database accepts them only once
    # the table is distributed. The row of a deletion outlives the tenant anyway.
    """
    CREATE TABLE tenant_key (
        tenant_id {text},
        purpose {text},
        key_sealed {text},
        created_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, purpose)
    )
    """,
    """
    CREATE TABLE erased_user (
        tenant_id {text},
        pseudonym {text},
        started_at {time} NOT NULL,
        finished_at {time},
        PRIMARY KEY (tenant_id, pseudonym)
    )
    """,
    """
    CREATE TABLE tenant_deletion (
        tenant_id {text} PRIMARY KEY,
        requested_at {time} NOT NULL
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, indexes and tables."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
    place_table(db, "tenant_key")
    place_table(db, "erased_user")
    place_table(db, "tenant_deletion")
