"""Counters of hot definitions: 16 slots, which concurrent redemptions raise.

While a definition counts in slots, its `used_count` is 2,000,000,000, above every
limit. So the previous release refuses to redeem its codes instead of exceeding the
limit. If that release changes a limit, it counts the uses again and stores their
number, which ends the counting in slots.
"""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

COLUMNS = (
    "ALTER TABLE definition ADD COLUMN hot {bool} NOT NULL DEFAULT {false}",
    "ALTER TABLE redemption ADD COLUMN usage_slot smallint",
    "ALTER TABLE reservation ADD COLUMN usage_slot smallint",
)
# Each redemption writes a new version of its slot's row into the same page.
CREATE_SLOTS = """
    CREATE TABLE definition_usage_slot (
        tenant_id {text} NOT NULL,
        definition_id {uuid} NOT NULL,
        slot smallint NOT NULL,
        used_count integer NOT NULL,
        max_count integer NOT NULL,
        PRIMARY KEY (tenant_id, definition_id, slot),
        CHECK (used_count >= 0 AND used_count <= max_count)
    ){storage}
"""
POSTGRESQL = {
    "text": 'text COLLATE "C"',
    "uuid": "uuid",
    "bool": "boolean",
    "false": "false",
    "storage": " WITH (fillfactor = 30)",
}
SQLITE = {
    "text": "TEXT",
    "uuid": "TEXT",
    "bool": "INTEGER",
    "false": "0",
    "storage": "",
}
# The constraint that `used_count` keeps to the limit now allows 2,000,000,000 as well.
# It is replaced only on PostgreSQL: SQLite has no slots.
SELECT_CHECK = """
    SELECT quote_ident(conname) FROM pg_constraint
    WHERE conrelid = CAST('definition' AS regclass) AND contype = 'c'
    AND position('used_count <= total_limit' IN pg_get_constraintdef(oid)) > 0
"""
ADD_CHECK = """
    ALTER TABLE definition ADD CONSTRAINT definition_used_count_check1
        CHECK (total_limit = 0 OR used_count <= total_limit OR used_count >= 1500000000)
"""


def up(migrator: Any, db: Any) -> None:
    """Add the table, the columns and, on PostgreSQL, the wider constraint."""
    on_postgresql = isinstance(db, PostgresqlDatabase)
    words = POSTGRESQL if on_postgresql else SQLITE
    for statement in (*COLUMNS, CREATE_SLOTS):
        db.execute_sql(statement.format(**words))
    place_table(db, "definition_usage_slot")
    if on_postgresql:
        for (name,) in db.execute_sql(SELECT_CHECK).fetchall():
            db.execute_sql(f"ALTER TABLE definition DROP CONSTRAINT {name}")
        db.execute_sql(ADD_CHECK)
