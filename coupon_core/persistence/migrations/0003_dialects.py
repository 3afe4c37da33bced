"""Three APIs: creator codes, awards, copies of codes, and refunds."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "time": "timestamptz",
    "bool": "boolean NOT NULL",
    "no": "false",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL",
    "no": "0",
}

FORMATS = "('random', 'custom', 'shared', 'listed')"
FORMATS_OF_POSTGRESQL = (
    "ALTER TABLE definition DROP CONSTRAINT definition_code_format_check",
    f"""
    ALTER TABLE definition ADD CONSTRAINT definition_code_format_check
        CHECK (code_format IN {FORMATS})
    """,
)
# SQLite cannot change a CHECK constraint, so both tables are created again. The table
# that refers to the other is dropped first, so that no reference lacks its row.
FORMATS_OF_SQLITE = (
    f"""
    CREATE TABLE new_definition (
        tenant_id {{text}},
        definition_id {{uuid}},
        name {{text}},
        description {{text}},
        status {{text}} CHECK (status IN ('active', 'paused', 'archived')),
        reward_item_id {{uuid}},
        code_format {{text}} CHECK (code_format IN {FORMATS}),
        code_alphabet {{text}},
        code_prefix {{text}},
        code_length integer NOT NULL CHECK (code_length BETWEEN 4 AND 32),
        custom_code {{text}},
        case_sensitive {{bool}},
        claimable {{bool}},
        starts_at {{time}},
        expires_at {{time}},
        per_code_limit integer NOT NULL CHECK (per_code_limit >= 0),
        total_limit integer NOT NULL CHECK (total_limit >= 0),
        used_count integer NOT NULL CHECK (used_count >= 0),
        trigger_kind text,
        trigger_enabled {{bool}},
        trigger_source {{text}},
        trigger_threshold integer NOT NULL,
        created_at {{time}} NOT NULL,
        updated_at {{time}} NOT NULL,
        PRIMARY KEY (tenant_id, definition_id),
        FOREIGN KEY (tenant_id, reward_item_id)
            REFERENCES reward_item (tenant_id, item_id),
        CHECK (total_limit = 0 OR used_count <= total_limit),
        CHECK (starts_at IS NULL OR expires_at IS NULL OR starts_at < expires_at),
        CHECK ((code_format = 'custom') = (custom_code <> ''))
    )
    """,
    "INSERT INTO new_definition SELECT * FROM definition",
    """
    CREATE TABLE new_shared_code (
        tenant_id {text},
        code_key {text},
        code_exact {text},
        code {text},
        definition_id {uuid},
        PRIMARY KEY (tenant_id, code_key, code_exact),
        FOREIGN KEY (tenant_id, definition_id)
            REFERENCES new_definition (tenant_id, definition_id)
    )
    """,
    "INSERT INTO new_shared_code SELECT * FROM shared_code",
    "DROP TABLE shared_code",
    "DROP TABLE definition",
    "ALTER TABLE new_definition RENAME TO definition",
    "ALTER TABLE new_shared_code RENAME TO shared_code",
    "CREATE UNIQUE INDEX definition_tenant_id_name ON definition (tenant_id, name)",
    """
    CREATE INDEX definition_tenant_id_reward_item_id
        ON definition (tenant_id, reward_item_id)
    """,
    """
    CREATE INDEX definition_of_trigger
        ON definition (tenant_id, trigger_kind, trigger_source)
        WHERE trigger_kind IS NOT NULL
    """,
    """
    CREATE INDEX shared_code_tenant_id_definition_id
        ON shared_code (tenant_id, definition_id)
    """,
)

STATEMENTS = (
    """
    ALTER TABLE definition ADD COLUMN per_user_limit integer NOT NULL DEFAULT 0
        CHECK (per_user_limit >= 0)
    """,
    "ALTER TABLE definition ADD COLUMN awarded_only {bool} DEFAULT {no}",
    "ALTER TABLE shared_code ADD COLUMN creator_key {text} DEFAULT ''",
    "ALTER TABLE shared_code ADD COLUMN revoked_at {time}",
    """
    CREATE INDEX shared_code_of_creator ON shared_code (tenant_id, creator_key)
        WHERE creator_key <> ''
    """,
    """
    ALTER TABLE coupon ADD COLUMN refund_count integer NOT NULL DEFAULT 0
        CHECK (refund_count >= 0)
    """,
    "ALTER TABLE coupon ADD COLUMN returned_at {time}",
    """
    ALTER TABLE coupon ADD COLUMN copy_number integer NOT NULL DEFAULT 1
        CHECK (copy_number > 0)
    """,
    "DROP INDEX coupon_tenant_id_code_key_code_scope",
    """
    CREATE UNIQUE INDEX coupon_tenant_id_code_key_code_scope_copy_number
        ON coupon (tenant_id, code_key, code_scope, copy_number)
    """,
    "ALTER TABLE redemption ADD COLUMN refunded_at {time}",
    """
    CREATE TABLE user_usage (
        tenant_id {text},
        definition_id {uuid},
        user_id {text},
        used_count integer NOT NULL CHECK (used_count >= 0),
        PRIMARY KEY (tenant_id, definition_id, user_id)
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add columns to definitions, codes, coupons, redemptions; count uses per user."""
    on_postgresql = isinstance(db, PostgresqlDatabase)
    words = POSTGRESQL if on_postgresql else SQLITE
    formats = FORMATS_OF_POSTGRESQL if on_postgresql else FORMATS_OF_SQLITE
    for statement in (*formats, *STATEMENTS):
        db.execute_sql(statement.format(**words))
