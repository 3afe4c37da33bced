"""`couponctl key`: API keys for the admin API."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID_PARAM,
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
from admin_gateway.requests.api_keys import CreateApiKeySchema
from admin_gateway.responses.core import serialize_api_key
from coupon_core.domain.models import Page, Scope, utc_now
from coupon_core.services.access import tenants


@click.group()
def key() -> None:
    """API keys for the admin API: create, list, revoke."""


@key.command()
@tenant_option
@click.option("--name", required=True, help="Purpose of the key.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=EnumChoice(Scope),
    help="Permitted scope (repeatable). Default: all scopes.",
)
@key_expiry_option
@json_command()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Create an API key. The key is shown only once.

    Example: `couponctl key create --tenant acme --name crm --scope read --json`
    """
    body = without_unset(**options)
    new = {"scopes": list(Scope), "expires_at": None, **CreateApiKeySchema().load(body)}
    created_key, plain_text = tenants.create_key(
        None,
        tenant_id,
        name=new["name"],
        scopes=set(new["scopes"]),
        expires_at=new["expires_at"],
        now=utc_now(),
    )
    print_secret_notice("API key")
    return {**serialize_api_key(created_key), "api_key": plain_text}


@list_command(
    key,
    "api_keys",
    serialize=serialize_api_key,
    columns=("key_id", "name", "scopes", "created_at", "expires_at", "revoked_at"),
)
def list_(tenant_id: str, page: Page) -> Rows:
    """List a tenant's API keys, newest first.

    Example: `couponctl key list --tenant acme`
    """
    return tenants.list_keys(tenant_id, page)


@key.command()
@tenant_option
@click.argument("key_id", type=UUID_PARAM)
@json_command()
def revoke(tenant_id: str, key_id: str) -> dict[str, Any]:
    """Revoke an API key immediately (idempotent).

    Example: `couponctl key revoke --tenant acme 0198c0de-…`
    """
    return serialize_api_key(tenants.revoke_key(tenant_id, key_id, now=utc_now()))
