"""`couponctl key`: API keys for the admin API."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import API_KEY, api_command, page_options
from admin_gateway.cli.options import EnumChoice, key_expiry_option, without_unset
from admin_gateway.cli.output import print_secret_notice
from coupon_core.domain.models import Scope

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin


@click.group()
def key() -> None:
    """API keys for the admin API: create, list, revoke."""


@api_command(
    key,
    click.option("--name", required=True, help="Purpose of the key."),
    click.option(
        "--scope",
        "scopes",
        multiple=True,
        type=EnumChoice(Scope),
        help="Permitted scope (repeatable). Default: all scopes of the caller.",
    ),
    key_expiry_option,
)
def create(admin: "CouponsAdmin", **options: Any) -> Any:
    """Create an API key. The key is shown only once.

    Example: `couponctl key create --tenant acme --name crm --scope read --json`
    """
    created = admin.call("POST", "api-keys", body=without_unset(**options))
    print_secret_notice("API key")
    return created


@api_command(
    key,
    page_options,
    name="list",
    columns=("key_id", "name", "scopes", "created_at", "expires_at", "revoked_at"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List a tenant's API keys, newest first.

    Example: `couponctl key list --tenant acme`
    """
    return admin.call("GET", "api-keys", query=query)


@api_command(key, click.argument("key_id", type=API_KEY))
def revoke(admin: "CouponsAdmin", key_id: str) -> Any:
    """Revoke an API key immediately (idempotent).

    Example: `couponctl key revoke --tenant acme crm`
    """
    return admin.call("POST", "api-keys", key_id, "revoke")
