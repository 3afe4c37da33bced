"""Tenants, their secrets and their keys."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class TenantTable(BaseTable):
    """A tenant: who pays, whose users redeem."""

    tenant_id = TextField(primary_key=True)
    created_at = UtcTimestampField()

    class Meta:
        table_name = "tenant"


class TenantSecretTable(BaseTable):
    """The secrets that sign a tenant's tokens and requests; two are active at most."""

    tenant_id = TextField()
    secret_id = UuidTextField()
    secret_sealed = TextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "tenant_secret"
        primary_key = CompositeKey("tenant_id", "secret_id")


class ApiKeyTable(BaseTable):
    """Admins' keys: found by hash; sealed, not hashed, for they sign admin JWTs."""

    tenant_id = TextField()
    key_id = UuidTextField(unique=True)
    name = TextField()
    scopes = JsonTextField()
    key_sha256 = TextField(unique=True)
    key_sealed = TextField()
    created_at = UtcTimestampField()
    expires_at = UtcTimestampField(null=True)
    revoked_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "api_key"
        primary_key = CompositeKey("tenant_id", "key_id")
