"""Tenants, their secrets and their keys."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
)


class Tenant(Table):
    """A tenant: who pays, whose users redeem."""

    tenant_id = TextField(primary_key=True)
    created_at = UtcTime()

    class Meta:
        table_name = "tenant"


class TenantSecret(Table):
    """The secrets that sign a tenant's tokens and requests; two are active at most."""

    tenant_id = TextField()
    secret_id = UuidText()
    secret_sealed = TextField()
    created_at = UtcTime()

    class Meta:
        table_name = "tenant_secret"
        primary_key = CompositeKey("tenant_id", "secret_id")


class ApiKey(Table):
    """Admins' keys: found by hash; sealed, not hashed, for they sign admin JWTs."""

    tenant_id = TextField()
    key_id = UuidText(unique=True)
    name = TextField()
    scopes = JsonText()
    key_sha256 = TextField(unique=True)
    key_sealed = TextField()
    created_at = UtcTime()
    expires_at = UtcTime(null=True)
    revoked_at = UtcTime(null=True)

    class Meta:
        table_name = "api_key"
        primary_key = CompositeKey("tenant_id", "key_id")
