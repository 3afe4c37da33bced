"""`couponctl client-key`: keys for PlayCamp and Mambo SDKs."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    pagination_options,
    tenant_option,
    to_page,
    without_unset,
)
from admin_gateway.cli.output import json_command, print_secret_notice
from admin_gateway.requests.client_keys import CreateClientKeySchema
from admin_gateway.responses.client_keys import (
    serialize_client_key,
    serialize_new_client_key,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys, tenants

KIND_CHOICE = click.Choice([kind.value for kind in ClientKeyKind])


@click.group("client-key")
def client_key() -> None:
    """Keys for PlayCamp and Mambo SDKs: create, list, revoke."""


@client_key.command()
@tenant_option
@click.option("--kind", type=KIND_CHOICE, required=True, help="SDK that uses the key.")
@click.option("--name", required=True, help="Purpose of the key.")
@click.option(
    "--expires",
    "expires_at",
    help="Valid until, for example 2030-01-31T12:00:00Z. Default: no expiry.",
)
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


@client_key.command("list")
@tenant_option
@click.option("--kind", type=KIND_CHOICE, help="Only keys of this kind.")
@pagination_options
@json_command("key_id", "kind", "name", "created_at", "expires_at", "revoked_at")
def list_(tenant_id: str, kind: str | None, limit: int, offset: int) -> dict[str, Any]:
    """List a tenant's SDK keys, newest first.

    Example: `couponctl client-key list --tenant acme --kind mambo`
    """
    tenants.require(tenant_id)
    kind_filter = ClientKeyKind(kind) if kind else None
    rows, total = client_keys.list_client_keys(
        tenant_id, to_page(limit, offset), kind=kind_filter
    )
    return {"client_keys": [serialize_client_key(row) for row in rows], "total": total}


@client_key.command()
@tenant_option
@click.argument("key_id")
@json_command()
def revoke(tenant_id: str, key_id: str) -> dict[str, Any]:
    """Revoke a key immediately (idempotent).

    Example: `couponctl client-key revoke --tenant acme ak_server_3f9a…`
    """
    return serialize_client_key(client_keys.revoke(tenant_id, key_id, now=utc_now()))
