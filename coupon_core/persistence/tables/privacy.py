"""The tables for the erasure of people and the deletion of tenants."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import BaseTable, UtcTimestampField


class TenantKeyTable(BaseTable):
    """A secret key of a tenant that never leaves the system, by its purpose."""

    tenant_id = TextField()
    purpose = TextField()
    key_sealed = TextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "tenant_key"
        primary_key = CompositeKey("tenant_id", "purpose")


class ErasedUserTable(BaseTable):
    """A pseudonym that has replaced a user ID; unfinished until all texts are done."""

    tenant_id = TextField()
    pseudonym = TextField()
    started_at = UtcTimestampField()
    finished_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "erased_user"
        primary_key = CompositeKey("tenant_id", "pseudonym")


class TenantDeletionTable(BaseTable):
    """A tenant that is being deleted; the row is removed with the last of its data."""

    tenant_id = TextField(primary_key=True)
    requested_at = UtcTimestampField()

    class Meta:
        table_name = "tenant_deletion"
