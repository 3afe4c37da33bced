"""API keys, client keys and tenant secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import Scope, Time
from coupons_sdk.models.access import (
    ApiKey,
    ClientKey,
    NewApiKey,
    NewClientKey,
    NewTenantSecret,
    OwnApiKey,
    TenantSecret,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged

ClientKeyKind = Literal["playcamp_server", "playcamp_client", "mambo"]


class ApiKeys(AdminResource[Mode], Generic[Mode]):
    """API keys of the admin gateway."""

    @operation
    def create(
        self,
        name: str,
        *,
        scopes: Sequence[Scope] | Omit = OMIT,
        expires_at: Time | Omit | None = OMIT,
    ) -> Call[NewApiKey]:
        """Create an API key; its text is shown only here.

        >>> admin.api_keys.create("Reports", scopes=["read"]).scopes
        ('read',)
        """
        body = {"name": name, "scopes": scopes, "expires_at": expires_at}
        return request("POST", NewApiKey.from_json, self._path("api-keys"), body=body)

    @paged
    def list(self, *, limit: int | None = None) -> PageCall[ApiKey]:
        """List the API keys.

        >>> key_id in {key.key_id for key in admin.api_keys.list(limit=500)}
        True
        """
        return PageCall(ApiKey, "api_keys", self._path("api-keys"), {"limit": limit})

    @operation
    def get(self, key_id: str) -> Call[ApiKey]:
        """Return an API key, without its text.

        >>> admin.api_keys.get(key_id).name
        'spare'
        """
        return request("GET", ApiKey.from_json, self._path("api-keys", key_id))

    @operation
    def get_own(self) -> Call[OwnApiKey]:
        """Return the API key of this client, with its tenant; it needs no scope.

        >>> admin.api_keys.get_own().tenant_id == tenant_id
        True
        """
        return request("GET", OwnApiKey.from_json, ("v1", "api-keys", "self"))

    @operation
    def revoke(self, key_id: str) -> Call[ApiKey]:
        """Revoke an API key immediately.

        >>> admin.api_keys.revoke(key_id).revoked_at is not None
        True
        """
        path = self._path("api-keys", key_id, "revoke")
        return request("POST", ApiKey.from_json, path)

    @operation
    def delete(self, key_id: str) -> Call[None]:
        """Revoke an API key.

        >>> admin.api_keys.delete(key_id)
        """
        return request("DELETE", parse_nothing, self._path("api-keys", key_id))


class ClientKeys(AdminResource[Mode], Generic[Mode]):
    """Keys for PlayCamp's and Mambo's SDKs."""

    @operation
    def create(
        self, kind: ClientKeyKind, name: str, *, expires_at: Time | Omit | None = OMIT
    ) -> Call[NewClientKey]:
        """Create a client key; its secret is shown only here.

        >>> admin.client_keys.create("playcamp_client", "Game").kind
        'playcamp_client'
        """
        body = {"kind": kind, "name": name, "expires_at": expires_at}
        path = self._path("client-keys")
        return request("POST", NewClientKey.from_json, path, body=body)

    @paged
    def list(
        self, *, kind: ClientKeyKind | None = None, limit: int | None = None
    ) -> PageCall[ClientKey]:
        """List the client keys.

        >>> client_key_id in {key.key_id for key in admin.client_keys.list(limit=500)}
        True
        """
        query = {"kind": kind, "limit": limit}
        return PageCall(ClientKey, "client_keys", self._path("client-keys"), query)

    @operation
    def get(self, client_key_id: str) -> Call[ClientKey]:
        """Return a client key, without its secret.

        >>> admin.client_keys.get(client_key_id).kind
        'playcamp_server'
        """
        path = self._path("client-keys", client_key_id)
        return request("GET", ClientKey.from_json, path)

    @operation
    def revoke(self, client_key_id: str) -> Call[ClientKey]:
        """Revoke a client key immediately.

        >>> admin.client_keys.revoke(client_key_id).revoked_at is not None
        True
        """
        path = self._path("client-keys", client_key_id, "revoke")
        return request("POST", ClientKey.from_json, path)

    @operation
    def delete(self, client_key_id: str) -> Call[None]:
        """Revoke a client key.

        >>> admin.client_keys.delete(client_key_id)
        """
        path = self._path("client-keys", client_key_id)
        return request("DELETE", parse_nothing, path)


class Secrets(AdminResource[Mode], Generic[Mode]):
    """Tenant secrets, with which tokens and requests are signed."""

    @paged
    def list(self) -> PageCall[TenantSecret]:
        """List the one or two secrets that are valid, without their text.

        >>> secret_id in {secret.secret_id for secret in admin.secrets.list()}
        True
        """
        return PageCall(TenantSecret, "secrets", self._path("secrets"), {})

    @operation
    def rotate(self) -> Call[NewTenantSecret]:
        """Create a secret; the previous one stays valid until the next rotation.

        >>> admin.secrets.rotate().tenant_secret != tenant_secret
        True
        """
        path = self._path("secrets", "rotate")
        return request("POST", NewTenantSecret.from_json, path)

    @operation
    def delete(self, secret_id: str) -> Call[None]:
        """Make a secret invalid immediately.

        >>> admin.secrets.delete(secret_id)
        """
        return request("DELETE", parse_nothing, self._path("secrets", secret_id))
