"""`couponctl client-key`: the keys that other systems' SDKs call with."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    given,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering, say
from admin_gateway.requests import ClientKeyBody
from admin_gateway.responses.client_keys import client_key as document
from admin_gateway.responses.client_keys import new_client_key
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys, tenants

KINDS = click.Choice([kind.value for kind in ClientKeyKind])


@click.group("client-key")
def client_key() -> None:
    """Keys of other systems' SDKs: create, list, revoke."""


@client_key.command()
@of_tenant
@click.option("--kind", type=KINDS, required=True, help="Whose SDK, and which side.")
@click.option("--name", required=True, help="What it is for.")
@click.option("--expires", "expires_at", help="Until when, as 2030-01-31T12:00:00Z.")
@answering()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Make a key. Its secret is shown only here; SDKs want `credential`.

    Example: `couponctl client-key create --tenant acme --kind playcamp_server
    --name game-server --json`
    """
    body = ClientKeyBody().load(given(**options))
    asked = body["kind"], body["name"], body.get("expires_at")
    key, secret = client_keys.create(tenant_id, *asked, utc_now())
    say("Keep the secret: this is the only time that it is shown.")
    return new_client_key(key, secret)


@client_key.command("list")
@of_tenant
@click.option("--kind", type=KINDS, help="Only keys of this kind.")
@paged
@answering("key_id", "kind", "name", "created_at", "expires_at", "revoked_at")
def list_(tenant_id: str, kind: str | None, limit: int, offset: int) -> dict[str, Any]:
    """List a tenant's keys, newest first.

    Example: `couponctl client-key list --tenant acme --kind mambo`
    """
    tenants.require(tenant_id)
    chosen = ClientKeyKind(kind) if kind else None
    rows, total = client_keys.listed(tenant_id, page(limit, offset), chosen)
    return {"client_keys": [document(row) for row in rows], "total": total}


@client_key.command()
@of_tenant
@click.argument("key_id")
@answering()
def revoke(tenant_id: str, key_id: str) -> dict[str, Any]:
    """Make a key worthless at once; again changes nothing.

    Example: `couponctl client-key revoke --tenant acme ak_server_3f9a…`
    """
    return document(client_keys.revoke(tenant_id, key_id, utc_now()))
