"""The table of API keys for the SDKs of other systems."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import BaseTable, UtcTimestampField


class ClientKeyTable(BaseTable):
    """A client key, looked up by its public part.

    The secret is stored both hashed and encrypted, because some keys sign requests.
    """

    tenant_id = TextField()
    key_id = TextField(unique=True)
    kind = TextField()
    name = TextField()
    secret_sha256 = TextField()
    secret_sealed = TextField()
    created_at = UtcTimestampField()
    expires_at = UtcTimestampField(null=True)
    revoked_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "client_key"
        primary_key = CompositeKey("tenant_id", "key_id")
