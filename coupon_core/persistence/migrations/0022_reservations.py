"""Reservations: uses of coupons that are held for a while."""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {
    "text": 'text COLLATE "C"',
    "uuid": "uuid",
    "time": "timestamptz",
    "bool": "boolean NOT NULL DEFAULT false",
}
SQLITE = {
    "text": "TEXT",
    "uuid": "TEXT",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL DEFAULT 0",
}

# Without foreign keys: a distributed database accepts them only once the table is
# distributed.
STATEMENTS = (
    """
    ALTER TABLE coupon ADD COLUMN reserved_count integer NOT NULL DEFAULT 0
        CHECK (reserved_count >= 0)
    """,
    "ALTER TABLE definition ADD COLUMN has_reservations {bool}",
    """
    CREATE TABLE reservation (
        tenant_id {text} NOT NULL,
        reservation_id {uuid} NOT NULL,
        coupon_id {uuid} NOT NULL,
        definition_id {uuid} NOT NULL,
        user_id {text} NOT NULL,
        state {text} NOT NULL
            CHECK (state IN ('held', 'confirmed', 'released', 'expired')),
        reserved_at {time} NOT NULL,
        expires_at {time} NOT NULL,
        ended_at {time},
        period_key {text} NOT NULL DEFAULT '',
        reference {text},
        metadata {text},
        PRIMARY KEY (tenant_id, reservation_id)
    )
    """,
    """
    CREATE INDEX reservation_tenant_id_coupon_id
        ON reservation (tenant_id, coupon_id)
    """,
    """
    CREATE INDEX reservation_held ON reservation (tenant_id, expires_at)
        WHERE state = 'held'
    """,
    "CREATE INDEX reservation_tenant_id_user_id ON reservation (tenant_id, user_id)",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, the table and its indexes."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
    place_table(db, "reservation")
