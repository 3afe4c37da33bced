"""`couponctl key`: the API keys of a tenant's admins."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID,
    given,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering, say
from admin_gateway.requests import ApiKeyBody
from admin_gateway.responses.serializers import api_key
from coupon_core.domain.models import Scope, utc_now
from coupon_core.services.access import tenants


@click.group()
def key() -> None:
    """API keys of admins: create, list, revoke."""


@key.command()
@of_tenant
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; again for more. Without any: everything.",
)
@click.option("--expires", "expires_at", help="Until when, as 2030-01-31T12:00:00Z.")
@answering()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Make an API key. Its plain text is shown only here.

    Example: `couponctl key create --tenant acme --name crm --scope read --json`
    """
    body = {name: _plain(value) for name, value in given(**options).items()}
    new = {"scopes": list(Scope), "expires_at": None, **ApiKeyBody().load(body)}
    made, plain = tenants.create_key(
        None, tenant_id, new["name"], set(new["scopes"]), new["expires_at"], utc_now()
    )
    say("Keep the API key: this is the only time that it is shown.")
    return {**api_key(made), "api_key": plain}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@key.command("list")
@of_tenant
@paged
@answering("key_id", "name", "scopes", "created_at", "expires_at", "revoked_at")
def list_(tenant_id: str, limit: int, offset: int) -> dict[str, Any]:
    """List a tenant's API keys, newest first.

    Example: `couponctl key list --tenant acme`
    """
    tenants.require(tenant_id)
    rows, total = tenants.keys(tenant_id, page(limit, offset))
    return {"api_keys": [api_key(row) for row in rows], "total": total}


@key.command()
@of_tenant
@click.argument("key_id", type=UUID)
@answering()
def revoke(tenant_id: str, key_id: str) -> dict[str, Any]:
    """Make an API key worthless at once; again changes nothing.

    Example: `couponctl key revoke --tenant acme 0198c0de-…`
    """
    return api_key(tenants.revoke_key(tenant_id, key_id, utc_now()))
