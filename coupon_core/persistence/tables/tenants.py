"""The tables of tenants, their signing secrets and their API keys."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class TenantTable(BaseTable):
    """A tenant."""

    tenant_id = TextField(primary_key=True)
    created_at = UtcTimestampField()

    class Meta:
        table_name = "tenant"


class TenantSecretTable(BaseTable):
    """A secret that signs tokens and requests of a tenant; at most two are active."""

    tenant_id = TextField()
    secret_id = UuidTextField()
    secret_sealed = TextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "tenant_secret"
        primary_key = CompositeKey("tenant_id", "secret_id")


class ApiKeyTable(BaseTable):
    """An admin API key, looked up by its hash.

    The key is also stored encrypted, because it signs admin JWTs.
    """

    tenant_id = TextField()
    key_id = UuidTextField(unique=True)
    name = TextField()
    scopes = JsonTextField()
    added_scopes = JsonTextField(default=list)
    key_sha256 = TextField(unique=True)
    key_sealed = TextField()
    created_at = UtcTimestampField()
    expires_at = UtcTimestampField(null=True)
    revoked_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "api_key"
        primary_key = CompositeKey("tenant_id", "key_id")
