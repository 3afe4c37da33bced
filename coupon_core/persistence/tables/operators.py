"""The tables of the operators of the console.

Only a membership belongs to a tenant: an operator can work for several.
"""

from peewee import BigIntegerField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class OperatorTable(BaseTable):
    """An operator, found by `email_key`."""

    operator_id = UuidTextField(primary_key=True)
    email = TextField()
    email_key = TextField(unique=True)
    password_hash = TextField(default="")
    provider_account = TextField(null=True, unique=True)
    totp_sealed = TextField(null=True)
    totp_last_step = BigIntegerField(default=0)
    recovery_hashes = JsonTextField(default=list)
    created_at = UtcTimestampField()
    disabled_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "operator"


class OperatorSessionTable(BaseTable):
    """A session of the console."""

    session_hash = TextField(primary_key=True)
    operator_id = UuidTextField(index=True)
    created_at = UtcTimestampField()
    last_seen_at = UtcTimestampField()
    expires_at = UtcTimestampField()
    address = TextField()
    user_agent = TextField()

    class Meta:
        table_name = "operator_session"


class OperatorInvitationTable(BaseTable):
    """A one-time link: an invitation, or to a form for a new password."""

    token_hash = TextField(primary_key=True)
    operator_id = UuidTextField(index=True)
    purpose = TextField()
    target_tenant = TextField()
    role = TextField(null=True)
    invited_by = TextField(default="")
    created_at = UtcTimestampField()
    expires_at = UtcTimestampField()

    class Meta:
        table_name = "operator_invitation"


class OperatorMembershipTable(BaseTable):
    """The role of an operator in a tenant."""

    tenant_id = TextField()
    operator_id = UuidTextField(index=True)
    role = TextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "operator_membership"
        primary_key = CompositeKey("tenant_id", "operator_id")
