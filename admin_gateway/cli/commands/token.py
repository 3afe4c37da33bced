"""`couponctl token`: issue tokens as a tenant's own server would."""

import rich_click as click

from admin_gateway.cli.options import tenant_option
from admin_gateway.cli.output import json_command
from admin_gateway.cli.param_types import USER_PARAM, IntegerRange
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tokens


@click.group()
def token() -> None:
    """Tokens for users and for a tenant's server: mint."""


@token.command()
@tenant_option
@click.option(
    "--user", "user_id", type=USER_PARAM, help="User ID that the token authenticates."
)
@click.option(
    "--for-server",
    is_flag=True,
    help="Token for the tenant's server, valid for all users.",
)
@click.option("--server", "is_former_option", is_flag=True, hidden=True)
@click.option(
    "--ttl",
    "seconds",
    type=IntegerRange(1, tokens.MAX_LIFETIME_SECONDS),
    default=3_600,
    show_default=True,
    help="Lifetime in seconds.",
)
@json_command()
def mint(
    tenant_id: str,
    user_id: str | None,
    for_server: bool,
    is_former_option: bool,
    seconds: int,
) -> dict[str, str]:
    """Issue a token for a user or for the tenant's server.

    Example: `couponctl token mint --tenant acme --user user_123 --ttl 600 --json`
    """
    if (for_server or is_former_option) == (user_id is not None):
        raise click.UsageError("Use either --user or --for-server.")
    return {
        "token": tokens.mint(
            tenant_id, user_id, lifetime_seconds=seconds, now=utc_now()
        )
    }
