"""Batches that workers generate, their chunks, and code patterns."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid",
    "time": "timestamptz",
    "bool": "boolean NOT NULL",
    "no": "false",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL",
    "no": "0",
}

STATEMENTS = (
    """
    CREATE TABLE batch (
        tenant_id {text},
        batch_id {uuid} NOT NULL,
        definition_id {uuid} NOT NULL,
        kind {text},
        state {text} CHECK (
            state IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
        requested_count integer NOT NULL CHECK (requested_count > 0),
        generated_count integer NOT NULL CHECK (generated_count >= 0),
        chunk_count integer NOT NULL CHECK (chunk_count > 0),
        finished_chunk_count integer NOT NULL CHECK (finished_chunk_count >= 0),
        expires_at {time},
        error {text},
        created_at {time} NOT NULL,
        started_at {time},
        updated_at {time} NOT NULL,
        finished_at {time},
        PRIMARY KEY (tenant_id, batch_id),
        CHECK (generated_count <= requested_count),
        CHECK (finished_chunk_count <= chunk_count)
    )
    """,
    """
    CREATE INDEX batch_tenant_id_definition_id_batch_id
        ON batch (tenant_id, definition_id, batch_id)
    """,
    """
    CREATE INDEX batch_unfinished ON batch (tenant_id, updated_at)
        WHERE state IN ('pending', 'running')
    """,
    """
    CREATE TABLE chunk (
        tenant_id {text},
        batch_id {uuid} NOT NULL,
        chunk_number integer NOT NULL CHECK (chunk_number > 0),
        coupon_count integer NOT NULL CHECK (coupon_count > 0),
        user_ids {text},
        finished_at {time},
        PRIMARY KEY (tenant_id, batch_id, chunk_number),
        FOREIGN KEY (tenant_id, batch_id) REFERENCES batch (tenant_id, batch_id)
    )
    """,
    "ALTER TABLE coupon ADD COLUMN batch_id {uuid}",
    """
    CREATE INDEX coupon_of_batch ON coupon (tenant_id, batch_id, coupon_id)
        WHERE batch_id IS NOT NULL
    """,
    "ALTER TABLE definition ADD COLUMN code_pattern {text} DEFAULT ''",
    "ALTER TABLE definition ADD COLUMN code_check {bool} DEFAULT {no}",
)


def up(migrator: Any, db: Any) -> None:
    """Create batches and chunks; add batches to coupons, patterns to definitions."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
