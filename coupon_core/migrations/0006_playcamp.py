"""Keys of other systems' SDKs."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "time": "timestamptz",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "time": "TEXT",
}

STATEMENTS = (
    """
    CREATE TABLE client_key (
        tenant_id {text} REFERENCES tenant (tenant_id),
        key_id {text},
        kind {text} CHECK (kind IN ('playcamp_server', 'playcamp_client', 'mambo')),
        name {text},
        secret_sha256 {text},
        secret_sealed {text},
        created_at {time} NOT NULL,
        expires_at {time},
        revoked_at {time},
        PRIMARY KEY (tenant_id, key_id)
    )
    """,
    "CREATE UNIQUE INDEX client_key_key_id ON client_key (key_id)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables of other systems' dialects."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
