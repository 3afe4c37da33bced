"""Baseline: tenants, keys, rewards, definitions, coupons, redemptions, outbox."""

from typing import Any

from peewee import PostgresqlDatabase

# PostgreSQL: "C" collation compares bytes, which is all that ids and codes need.
# Coupons leave a tenth of each page free, so that redemptions update rows in place.
POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "time": "timestamptz",
    "bool": "boolean NOT NULL",
    "no": "false",
    "roomy": "WITH (fillfactor = 90)",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL",
    "no": "0",
    "roomy": "",
}

STATEMENTS = (
    """
    CREATE TABLE tenant (
        tenant_id {text} PRIMARY KEY,
        created_at {time} NOT NULL
    )
    """,
    """
    CREATE TABLE tenant_secret (
        tenant_id {text} REFERENCES tenant (tenant_id),
        secret_id {uuid},
        secret_sealed {text},
        created_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, secret_id)
    )
    """,
    """
    CREATE TABLE api_key (
        tenant_id {text} REFERENCES tenant (tenant_id),
        key_id {uuid},
        name {text},
        scopes {text},
        key_sha256 {text},
        key_sealed {text},
        created_at {time} NOT NULL,
        expires_at {time},
        revoked_at {time},
        PRIMARY KEY (tenant_id, key_id)
    )
    """,
    "CREATE UNIQUE INDEX api_key_key_id ON api_key (key_id)",
    "CREATE UNIQUE INDEX api_key_key_sha256 ON api_key (key_sha256)",
    """
    CREATE TABLE reward_item (
        tenant_id {text} REFERENCES tenant (tenant_id),
        item_id {uuid},
        name {text},
        description {text},
        reward_type {text},
        payload {text},
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, item_id)
    )
    """,
    """
    CREATE TABLE definition (
        tenant_id {text},
        definition_id {uuid},
        name {text},
        description {text},
        status {text} CHECK (status IN ('active', 'paused', 'archived')),
        reward_item_id {uuid},
        code_format {text} CHECK (code_format IN ('random', 'custom')),
        code_alphabet {text},
        code_prefix {text},
        code_length integer NOT NULL CHECK (code_length BETWEEN 4 AND 32),
        custom_code {text},
        case_sensitive {bool},
        claimable {bool},
        starts_at {time},
        expires_at {time},
        per_code_limit integer NOT NULL CHECK (per_code_limit >= 0),
        total_limit integer NOT NULL CHECK (total_limit >= 0),
        used_count integer NOT NULL CHECK (used_count >= 0),
        trigger_kind text,
        trigger_enabled {bool},
        trigger_source {text},
        trigger_threshold integer NOT NULL,
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, definition_id),
        FOREIGN KEY (tenant_id, reward_item_id)
            REFERENCES reward_item (tenant_id, item_id),
        CHECK (total_limit = 0 OR used_count <= total_limit),
        CHECK (starts_at IS NULL OR expires_at IS NULL OR starts_at < expires_at),
        CHECK ((code_format = 'custom') = (custom_code <> ''))
    )
    """,
    "CREATE UNIQUE INDEX definition_tenant_id_name ON definition (tenant_id, name)",
    """
    CREATE INDEX definition_tenant_id_reward_item_id
        ON definition (tenant_id, reward_item_id)
    """,
    """
    CREATE TABLE shared_code (
        tenant_id {text},
        code_key {text},
        code_exact {text},
        code {text},
        definition_id {uuid},
        PRIMARY KEY (tenant_id, code_key, code_exact),
        FOREIGN KEY (tenant_id, definition_id)
            REFERENCES definition (tenant_id, definition_id)
    )
    """,
    """
    CREATE INDEX shared_code_tenant_id_definition_id
        ON shared_code (tenant_id, definition_id)
    """,
    """
    CREATE TABLE coupon (
        tenant_id {text},
        coupon_id {uuid},
        definition_id {uuid},
        user_id {text},
        code {text},
        generated_at {time} NOT NULL,
        expires_at {time},
        redeemed_at {time},
        redemption_count integer NOT NULL CHECK (redemption_count >= 0),
        revoked_at {time},
        code_key {text},
        code_scope {text},
        PRIMARY KEY (tenant_id, coupon_id)
    ) {roomy}
    """,
    """
    CREATE UNIQUE INDEX coupon_tenant_id_code_key_code_scope
        ON coupon (tenant_id, code_key, code_scope)
    """,
    """
    CREATE INDEX coupon_tenant_id_definition_id_coupon_id
        ON coupon (tenant_id, definition_id, coupon_id)
    """,
    """
    CREATE INDEX coupon_of_user ON coupon (tenant_id, user_id, coupon_id)
        WHERE user_id <> ''
    """,
    """
    CREATE TABLE redemption (
        tenant_id {text},
        coupon_id {uuid},
        use_number integer NOT NULL CHECK (use_number > 0),
        redemption_id bigint NOT NULL,
        definition_id {uuid},
        user_id {text},
        dialect {text},
        redeemed_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, coupon_id, use_number)
    )
    """,
    """
    CREATE TABLE outbox (
        tenant_id {text},
        event_id {uuid},
        event_type {text},
        subject {text},
        occurred_at {time} NOT NULL,
        data {text},
        state {text} CHECK (state IN ('pending', 'sent')),
        claimed_until {time},
        PRIMARY KEY (tenant_id, event_id)
    )
    """,
    "CREATE INDEX outbox_pending ON outbox (event_id) WHERE state = 'pending'",
)


def up(migrator: Any, db: Any) -> None:
    """Create the baseline schema."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
