"""Keys of other systems' SDKs."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import Table, UtcTime


class ClientKey(Table):
    """Found by their public half; sealed besides hashed, for some sign with them."""

    tenant_id = TextField()
    key_id = TextField(unique=True)
    kind = TextField()
    name = TextField()
    secret_sha256 = TextField()
    secret_sealed = TextField()
    created_at = UtcTime()
    expires_at = UtcTime(null=True)
    revoked_at = UtcTime(null=True)

    class Meta:
        table_name = "client_key"
        primary_key = CompositeKey("tenant_id", "key_id")
