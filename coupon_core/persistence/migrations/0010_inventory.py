"""Inventory: code jobs, imports, coupon events and expiry sweeps."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid",
    "time": "timestamptz",
}
SQLITE = {"text": "TEXT NOT NULL", "uuid": "TEXT", "time": "TEXT"}

# Only coupons with their own expiry have an entry in `coupon_to_sweep`. The others are
# swept along the index of their definition.
STATEMENTS = (
    """
    CREATE TABLE code_job (
        tenant_id {text},
        job_id {uuid} NOT NULL,
        kind {text} CHECK (kind IN ('revoke', 'extend', 'import')),
        state {text} CHECK (state IN ('receiving', 'running', 'completed')),
        definition_id {uuid},
        batch_id {uuid},
        user_id {text},
        expires_at {time},
        actor {text},
        chunk_number integer NOT NULL CHECK (chunk_number > 0),
        after_key {text},
        total_count integer NOT NULL CHECK (total_count >= 0),
        done_count integer NOT NULL CHECK (done_count >= 0),
        skipped_count integer NOT NULL CHECK (skipped_count >= 0),
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        finished_at {time},
        PRIMARY KEY (tenant_id, job_id)
    )
    """,
    """
    CREATE INDEX code_job_of_batch ON code_job (tenant_id, batch_id)
        WHERE batch_id IS NOT NULL
    """,
    """
    CREATE INDEX code_job_unfinished ON code_job (tenant_id, updated_at)
        WHERE state IN ('receiving', 'running')
    """,
    """
    CREATE TABLE import_row (
        tenant_id {text},
        code_key {text},
        job_id {uuid} NOT NULL,
        line integer NOT NULL,
        code {text},
        coupon_id {uuid} NOT NULL,
        user_id {text},
        expires_at {time},
        PRIMARY KEY (tenant_id, code_key)
    )
    """,
    """
    CREATE INDEX import_row_tenant_id_job_id_code_key
        ON import_row (tenant_id, job_id, code_key)
    """,
    """
    CREATE TABLE coupon_event (
        tenant_id {text},
        coupon_id {uuid} NOT NULL,
        event_id {uuid} NOT NULL,
        kind {text},
        actor {text},
        user_id {text},
        occurred_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, coupon_id, event_id)
    )
    """,
    """
    CREATE TABLE definition_sweep (
        tenant_id {text},
        definition_id {uuid} NOT NULL,
        expires_at {time} NOT NULL,
        after_id {text},
        PRIMARY KEY (tenant_id, definition_id)
    )
    """,
    "ALTER TABLE coupon ADD COLUMN swept_at {time}",
    """
    CREATE INDEX coupon_to_sweep ON coupon (tenant_id, expires_at)
        WHERE expires_at IS NOT NULL AND swept_at IS NULL
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables; add the time at which the expiry of a coupon was processed."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
