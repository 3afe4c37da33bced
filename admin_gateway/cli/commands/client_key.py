"""`couponctl client-key`: keys for PlayCamp and Mambo SDKs."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command, page_options
from admin_gateway.cli.options import EnumChoice, key_expiry_option, without_unset
from admin_gateway.cli.output import print_secret_notice
from coupon_core.domain.models.client_keys import ClientKeyKind

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

KIND_CHOICE = EnumChoice(ClientKeyKind)


@click.group("client-key")
def client_key() -> None:
    """Keys for PlayCamp and Mambo SDKs: create, list, revoke."""


@api_command(
    client_key,
    click.option(
        "--kind", type=KIND_CHOICE, required=True, help="SDK that uses the key."
    ),
    click.option("--name", required=True, help="Purpose of the key."),
    key_expiry_option,
)
def create(admin: "CouponsAdmin", **options: Any) -> Any:
    """Create a key. Its secret is shown only once; pass `credential` to the SDK.

    Example: `couponctl client-key create --tenant acme --kind playcamp_server
    --name game-server --json`
    """
    created = admin.call("POST", "client-keys", body=without_unset(**options))
    print_secret_notice("secret")
    return created


@api_command(
    client_key,
    click.option("--kind", type=KIND_CHOICE, help="Only keys of this kind."),
    page_options,
    name="list",
    columns=("key_id", "kind", "name", "created_at", "expires_at", "revoked_at"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List a tenant's SDK keys, newest first.

    Example: `couponctl client-key list --tenant acme --kind mambo`
    """
    return admin.call("GET", "client-keys", query=query)


@api_command(client_key, click.argument("key_id"))
def revoke(admin: "CouponsAdmin", key_id: str) -> Any:
    """Revoke a key immediately (idempotent).

    Example: `couponctl client-key revoke --tenant acme ak_server_3f9a…`
    """
    return admin.call("POST", "client-keys", key_id, "revoke")
