"""Keys of other systems' SDKs."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import BaseTable, UtcTimestampField


class ClientKeyTable(BaseTable):
    """Found by their public half; sealed besides hashed, for some sign with them."""

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
