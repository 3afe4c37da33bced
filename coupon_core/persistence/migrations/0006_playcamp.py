"""PlayCamp: client keys, campaigns, creators and packages."""

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
    """
    CREATE TABLE campaign (
        tenant_id {text} REFERENCES tenant (tenant_id),
        campaign_id {text},
        names {text},
        description {text},
        status {text} CHECK (status IN ('PENDING_EXPOSURE', 'EXPOSED', 'IN_PROGRESS',
            'COMPLETED', 'CANCELLED')),
        starts_at {time},
        ends_at {time},
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, campaign_id),
        CHECK (starts_at IS NULL OR ends_at IS NULL OR starts_at < ends_at)
    )
    """,
    """
    CREATE TABLE creator (
        tenant_id {text} REFERENCES tenant (tenant_id),
        creator_key {text},
        creator_id bigint NOT NULL,
        name {text},
        genre text,
        status {text} CHECK (status IN ('ACTIVE', 'INACTIVE')),
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, creator_key)
    )
    """,
    """
    CREATE TABLE campaign_creator (
        tenant_id {text},
        campaign_id {text},
        creator_key {text},
        PRIMARY KEY (tenant_id, campaign_id, creator_key),
        FOREIGN KEY (tenant_id, campaign_id)
            REFERENCES campaign (tenant_id, campaign_id),
        FOREIGN KEY (tenant_id, creator_key)
            REFERENCES creator (tenant_id, creator_key)
    )
    """,
    """
    CREATE INDEX campaign_creator_tenant_id_creator_key
        ON campaign_creator (tenant_id, creator_key)
    """,
    """
    CREATE TABLE package (
        tenant_id {text},
        package_id bigint NOT NULL,
        definition_id {uuid},
        campaign_id {text},
        package_no integer NOT NULL CHECK (package_no > 0),
        item_name {text},
        item_description {text},
        rewards {text},
        is_active {bool},
        starts_at {time},
        ends_at {time},
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, package_id),
        FOREIGN KEY (tenant_id, definition_id)
            REFERENCES definition (tenant_id, definition_id),
        FOREIGN KEY (tenant_id, campaign_id)
            REFERENCES campaign (tenant_id, campaign_id)
    )
    """,
    """
    CREATE UNIQUE INDEX package_tenant_id_definition_id
        ON package (tenant_id, definition_id)
    """,
    """
    CREATE UNIQUE INDEX package_tenant_id_campaign_id_package_no
        ON package (tenant_id, campaign_id, package_no)
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables of client keys, campaigns, creators and packages."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
