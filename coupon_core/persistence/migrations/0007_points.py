"""Points: users, wallets, offers, purchases and activities."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "uuid_or_none": "uuid",
    "time": "timestamptz",
    "bool": "boolean NOT NULL",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "uuid_or_none": "TEXT",
    "time": "TEXT",
    "bool": "INTEGER NOT NULL",
}

STATEMENTS = (
    """
    CREATE TABLE known_user (
        tenant_id {text} REFERENCES tenant (tenant_id),
        user_id {text},
        is_member {bool},
        details {text},
        tags {text},
        created_at {time} NOT NULL,
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, user_id)
    )
    """,
    # The maximum is 2^53 - 1, the greatest integer that JavaScript holds exactly.
    """
    CREATE TABLE wallet (
        tenant_id {text},
        user_id {text},
        point_id {text},
        balance bigint NOT NULL CHECK (balance BETWEEN 0 AND 9007199254740991),
        updated_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, user_id, point_id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES known_user (tenant_id, user_id)
    )
    """,
    """
    CREATE TABLE point_entry (
        tenant_id {text},
        entry_id {uuid},
        user_id {text},
        point_id {text},
        amount bigint NOT NULL CHECK (amount <> 0),
        balance bigint NOT NULL CHECK (balance >= 0),
        kind {text} CHECK (kind IN ('credit', 'debit', 'buy', 'refund')),
        reference {text},
        reason {text},
        created_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, entry_id)
    )
    """,
    """
    CREATE INDEX point_entry_of_user
        ON point_entry (tenant_id, user_id, point_id, entry_id)
    """,
    # A coupon is paid for once and refunded once, even if the application has a fault.
    """
    CREATE UNIQUE INDEX point_entry_once ON point_entry (tenant_id, reference, kind)
        WHERE kind IN ('buy', 'refund')
    """,
    """
    CREATE TABLE offer (
        tenant_id {text},
        definition_id {uuid},
        point_id {text},
        points bigint NOT NULL CHECK (points BETWEEN 0 AND 9007199254740991),
        mode {text} CHECK (mode IN ('OneStep', 'TwoStep')),
        usage {text} CHECK (usage IN ('single', 'multi')),
        refundable {bool},
        period_type {text}
            CHECK (period_type IN ('', 'days', 'weeks', 'months', 'years')),
        period_value integer NOT NULL CHECK (period_value >= 0),
        PRIMARY KEY (tenant_id, definition_id),
        FOREIGN KEY (tenant_id, definition_id)
            REFERENCES definition (tenant_id, definition_id),
        CHECK (points = 0 OR point_id <> '')
    )
    """,
    """
    CREATE TABLE mambo_coupon (
        tenant_id {text},
        definition_id {uuid},
        coupon_type {text},
        amount {text},
        custom {text},
        help_message {text},
        tags {text},
        translations {text},
        deleted_at {time},
        PRIMARY KEY (tenant_id, definition_id),
        FOREIGN KEY (tenant_id, definition_id)
            REFERENCES definition (tenant_id, definition_id)
    )
    """,
    """
    CREATE TABLE mambo_tag (
        tenant_id {text},
        tag {text},
        definition_id {uuid},
        PRIMARY KEY (tenant_id, tag, definition_id)
    )
    """,
    """
    CREATE INDEX mambo_tag_of_definition ON mambo_tag (tenant_id, definition_id)
    """,
    """
    CREATE TABLE purchase (
        tenant_id {text},
        coupon_id {uuid},
        definition_id {uuid},
        user_id {text},
        point_id {text},
        points bigint NOT NULL CHECK (points > 0),
        bought_at {time} NOT NULL,
        refunded_at {time},
        PRIMARY KEY (tenant_id, coupon_id)
    )
    """,
    "CREATE INDEX purchase_of_definition ON purchase (tenant_id, definition_id)",
    """
    CREATE TABLE activity (
        tenant_id {text},
        activity_id {uuid},
        user_id {text},
        action {text} CHECK (action IN ('buy', 'redeem', 'refund')),
        code {text},
        coupon_id {uuid_or_none},
        definition_id {uuid_or_none},
        status {text} CHECK (status IN ('completed', 'failed', 'rejected')),
        exception {text},
        reason {text},
        attributes {text},
        created_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, activity_id)
    )
    """,
    """
    CREATE INDEX activity_of_user ON activity (tenant_id, user_id, activity_id)
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables of users, points and purchases."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
