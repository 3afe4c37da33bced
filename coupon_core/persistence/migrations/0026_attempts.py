"""Refused calls: their counts, the failed attempts themselves, and what they signal."""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {
    "text": 'text COLLATE "C"',
    "uuid": "uuid",
    "time": "timestamptz",
    "bigint": "bigint",
    "included": "INCLUDE (refused)",
    "storage": """ WITH (autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_scale_factor = 0.02)""",
}
SQLITE = {
    "text": "TEXT",
    "uuid": "TEXT",
    "time": "TEXT",
    "bigint": "INTEGER",
    "included": "",
    "storage": "",
}

# Reports read the index of the counts only, as in `0025_report_counts.py`. Rows of
# unknown definitions contain the UUID of zeros, because keys have no nulls.
STATEMENTS = (
    """
    CREATE TABLE refusal_count (
        tenant_id {text} NOT NULL,
        bucket_at {time} NOT NULL,
        resolution {text} NOT NULL CHECK (resolution IN ('quarter', 'day')),
        definition_id {uuid} NOT NULL,
        action {text} NOT NULL,
        reason {text} NOT NULL,
        dialect {text} NOT NULL,
        refused {bigint} NOT NULL CHECK (refused > 0),
        PRIMARY KEY (tenant_id, resolution, bucket_at, definition_id, action, reason,
            dialect) {included}
    ){storage}
    """,
    """
    CREATE TABLE attempt (
        tenant_id {text} NOT NULL,
        attempt_id {uuid} NOT NULL,
        attempted_at {time} NOT NULL,
        user_id {text} NOT NULL,
        masked_code {text} NOT NULL,
        code_hash {text} NOT NULL,
        definition_id {uuid},
        action {text} NOT NULL,
        reason {text} NOT NULL,
        dialect {text} NOT NULL,
        PRIMARY KEY (tenant_id, attempt_id)
    )
    """,
    "CREATE INDEX attempt_of_code ON attempt (tenant_id, code_hash, attempt_id)",
    "CREATE INDEX attempt_of_user ON attempt (tenant_id, user_id, attempt_id)",
    """
    CREATE TABLE signal (
        tenant_id {text} NOT NULL,
        hour_at {time} NOT NULL,
        kind {text} NOT NULL,
        subject {text} NOT NULL,
        count {bigint} NOT NULL CHECK (count > 0),
        first_at {time} NOT NULL,
        last_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, hour_at, kind, subject)
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the tables and their indexes."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
    place_table(db, "refusal_count")
    place_table(db, "attempt")
    place_table(db, "signal")
