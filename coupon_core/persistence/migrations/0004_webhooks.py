"""Webhooks: subscriptions, deliveries and attempts."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "time": "timestamptz",
    "bool": "boolean NOT NULL",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL",
}

STATEMENTS = (
    """
    CREATE TABLE webhook (
        tenant_id {text},
        webhook_id bigint NOT NULL,
        event_type {text},
        url {text},
        signature {text}
            CHECK (signature IN ('playcamp', 'playcamp_timestamped', 'standard')),
        retry_count integer NOT NULL CHECK (retry_count BETWEEN 0 AND 10),
        timeout_ms integer NOT NULL CHECK (timeout_ms BETWEEN 1000 AND 30000),
        is_active {bool},
        inactive_reason {text},
        failure_count integer NOT NULL CHECK (failure_count >= 0),
        failing_since {time},
        next_turn_at {time} NOT NULL,
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        secret_sealed {text},
        former_sealed {text},
        rotated_at {time},
        PRIMARY KEY (tenant_id, webhook_id)
    )
    """,
    """
    CREATE TABLE webhook_delivery (
        tenant_id {text},
        webhook_id bigint NOT NULL,
        event_id {uuid},
        event_type {text},
        payload {text},
        attempt_count integer NOT NULL CHECK (attempt_count >= 0),
        created_at {time} NOT NULL,
        state {text} CHECK (state IN ('pending', 'delivered', 'failed')),
        due_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, webhook_id, event_id),
        FOREIGN KEY (tenant_id, webhook_id)
            REFERENCES webhook (tenant_id, webhook_id) ON DELETE CASCADE
    )
    """,
    """
    CREATE INDEX webhook_delivery_pending
        ON webhook_delivery (tenant_id, webhook_id, due_at) WHERE state = 'pending'
    """,
    "CREATE INDEX webhook_delivery_event_id ON webhook_delivery (event_id)",
    """
    CREATE TABLE webhook_attempt (
        tenant_id {text},
        webhook_id bigint NOT NULL,
        event_id {uuid},
        number integer NOT NULL CHECK (number > 0),
        status {text},
        response_status integer,
        response_body {text},
        error {text},
        created_at {time} NOT NULL,
        completed_at {time} NOT NULL,
        next_retry_at {time},
        PRIMARY KEY (tenant_id, webhook_id, event_id, number),
        FOREIGN KEY (tenant_id, webhook_id, event_id)
            REFERENCES webhook_delivery (tenant_id, webhook_id, event_id)
            ON DELETE CASCADE
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables of webhooks."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
