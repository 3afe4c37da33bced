"""Operators of the console: accounts, sessions, one-time links and memberships.

An operator can work for several tenants, so only memberships belong to one. The other
tables are read before the tenant is known.
"""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {"text": 'text COLLATE "C"', "uuid": "uuid", "time": "timestamptz"}
SQLITE = {"text": "TEXT", "uuid": "TEXT", "time": "TEXT"}

CREATE_OPERATOR = """
    CREATE TABLE operator (
        operator_id {uuid} NOT NULL PRIMARY KEY,
        email {text} NOT NULL,
        email_key {text} NOT NULL,
        password_hash {text} NOT NULL DEFAULT '',
        totp_sealed {text},
        totp_last_step bigint NOT NULL DEFAULT 0,
        recovery_hashes {text} NOT NULL DEFAULT '[]',
        created_at {time} NOT NULL,
        disabled_at {time}
    )
"""
CREATE_SESSION = """
    CREATE TABLE operator_session (
        session_hash {text} NOT NULL PRIMARY KEY,
        operator_id {uuid} NOT NULL,
        created_at {time} NOT NULL,
        last_seen_at {time} NOT NULL,
        expires_at {time} NOT NULL,
        address {text} NOT NULL,
        user_agent {text} NOT NULL
    )
"""
CREATE_INVITATION = """
    CREATE TABLE operator_invitation (
        token_hash {text} NOT NULL PRIMARY KEY,
        operator_id {uuid} NOT NULL,
        purpose {text} NOT NULL,
        target_tenant {text} NOT NULL,
        role {text},
        created_at {time} NOT NULL,
        expires_at {time} NOT NULL
    )
"""
CREATE_MEMBERSHIP = """
    CREATE TABLE operator_membership (
        tenant_id {text} NOT NULL,
        operator_id {uuid} NOT NULL,
        role {text} NOT NULL,
        created_at {time} NOT NULL,
        PRIMARY KEY (tenant_id, operator_id)
    )
"""
INDEXES = (
    "CREATE UNIQUE INDEX operator_email_key ON operator (email_key)",
    "CREATE INDEX operator_session_operator ON operator_session (operator_id)",
    "CREATE INDEX operator_invitation_operator ON operator_invitation (operator_id)",
    "CREATE INDEX operator_membership_operator ON operator_membership (operator_id)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    db.execute_sql(CREATE_OPERATOR.format(**words))
    place_table(db, "operator")
    db.execute_sql(CREATE_SESSION.format(**words))
    place_table(db, "operator_session")
    db.execute_sql(CREATE_INVITATION.format(**words))
    place_table(db, "operator_invitation")
    db.execute_sql(CREATE_MEMBERSHIP.format(**words))
    place_table(db, "operator_membership")
    for statement in INDEXES:
        db.execute_sql(statement)
