"""`couponctl client-key`: keys for PlayCamp and Mambo SDKs."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    EnumChoice,
    key_expiry_option,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import (
    Rows,
    json_command,
    list_command,
    print_secret_notice,
)
from admin_gateway.requests.client_keys import CreateClientKeySchema
from admin_gateway.responses.client_keys import (
    serialize_client_key,
    serialize_new_client_key,
)
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys

KIND_CHOICE = EnumChoice(ClientKeyKind)


@click.group("client-key")
def client_key() -> None:
    """Keys for PlayCamp and Mambo SDKs: create, list, revoke."""


@client_key.command()
@tenant_option
@click.option("--kind", type=KIND_CHOICE, required=True, help="SDK that uses the key.")
@click.option("--name", required=True, help="Purpose of the key.")
@key_expiry_option
@json_command()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Create a key. Its secret is shown only once; pass `credential` to the SDK.

    Example: `couponctl client-key create --tenant acme --kind playcamp_server
    --name game-server --json`
    """
    body = CreateClientKeySchema().load(without_unset(**options))
    key, secret = client_keys.create(
        tenant_id,
        body["kind"],
        name=body["name"],
        expires_at=body.get("expires_at"),
        now=utc_now(),
    )
    print_secret_notice("secret")
    return serialize_new_client_key(key, secret)


@list_command(
    client_key,
    "client_keys",
    click.option("--kind", type=KIND_CHOICE, help="Only keys of this kind."),
    serialize=serialize_client_key,
    columns=("key_id", "kind", "name", "created_at", "expires_at", "revoked_at"),
)
def list_(tenant_id: str, kind: ClientKeyKind | None, page: Page) -> Rows:
    """List a tenant's SDK keys, newest first.

    Example: `couponctl client-key list --tenant acme --kind mambo`
    """
    return client_keys.list_client_keys(tenant_id, page, kind=kind)


@client_key.command()
@tenant_option
@click.argument("key_id")
@json_command()
def revoke(tenant_id: str, key_id: str) -> dict[str, Any]:
    """Revoke a key immediately (idempotent).

    Example: `couponctl client-key revoke --tenant acme ak_server_3f9a…`
    """
    return serialize_client_key(client_keys.revoke(tenant_id, key_id, now=utc_now()))
