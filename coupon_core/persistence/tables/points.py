"""The tables of registered users, their wallets and the ledger of points."""

from peewee import BigIntegerField, BooleanField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class KnownUserTable(BaseTable):
    """A user that the tenant has registered."""

    tenant_id = TextField()
    user_id = TextField()
    is_member = BooleanField()
    details = JsonTextField()
    tags = JsonTextField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()

    class Meta:
        table_name = "known_user"
        primary_key = CompositeKey("tenant_id", "user_id")


class WalletTable(BaseTable):
    """The balance of a user in one kind of points; never negative."""

    tenant_id = TextField()
    user_id = TextField()
    point_id = TextField()
    balance = BigIntegerField()
    updated_at = UtcTimestampField()

    class Meta:
        table_name = "wallet"
        primary_key = CompositeKey("tenant_id", "user_id", "point_id")


class PointEntryTable(BaseTable):
    """The ledger: one entry per change of a balance; append-only."""

    tenant_id = TextField()
    entry_id = UuidTextField()
    user_id = TextField()
    point_id = TextField()
    amount = BigIntegerField()
    balance = BigIntegerField()
    kind = TextField()
    reference = TextField()
    reason = TextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "point_entry"
        primary_key = CompositeKey("tenant_id", "entry_id")
        indexes = ((("tenant_id", "user_id", "point_id", "entry_id"), False),)


PointEntryTable.add_index(
    PointEntryTable.tenant_id,
    PointEntryTable.reference,
    PointEntryTable.kind,
    unique=True,
    where=PointEntryTable.kind.in_(["buy", "refund"]),
    name="point_entry_once",
)
