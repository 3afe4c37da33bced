"""Users known to a tenant, their wallets, and the ledger of their points."""

from peewee import BigIntegerField, BooleanField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
)


class KnownUser(Table):
    """Users that the tenant has told of."""

    tenant_id = TextField()
    user_id = TextField()
    is_member = BooleanField()
    details = JsonText()
    tags = JsonText()
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        table_name = "known_user"
        primary_key = CompositeKey("tenant_id", "user_id")


class Wallet(Table):
    """A user's points of one kind; never below zero."""

    tenant_id = TextField()
    user_id = TextField()
    point_id = TextField()
    balance = BigIntegerField()
    updated_at = UtcTime()

    class Meta:
        table_name = "wallet"
        primary_key = CompositeKey("tenant_id", "user_id", "point_id")


class PointEntry(Table):
    """Every change of every balance; append only."""

    tenant_id = TextField()
    entry_id = UuidText()
    user_id = TextField()
    point_id = TextField()
    amount = BigIntegerField()
    balance = BigIntegerField()
    kind = TextField()
    reference = TextField()
    reason = TextField()
    created_at = UtcTime()

    class Meta:
        table_name = "point_entry"
        primary_key = CompositeKey("tenant_id", "entry_id")
        indexes = ((("tenant_id", "user_id", "point_id", "entry_id"), False),)


PointEntry.add_index(
    PointEntry.tenant_id,
    PointEntry.reference,
    PointEntry.kind,
    unique=True,
    where=PointEntry.kind.in_(["buy", "refund"]),
    name="point_entry_once",
)
