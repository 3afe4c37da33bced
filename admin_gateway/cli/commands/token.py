"""`couponctl token`: issue tokens as a tenant's own server would."""

import rich_click as click

from admin_gateway.cli.field_params import USER_PARAM
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import tenant_option
from admin_gateway.cli.output import json_command
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
    "--server", is_flag=True, help="Token for the tenant's server, valid for all users."
)
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
    tenant_id: str, user_id: str | None, server: bool, seconds: int
) -> dict[str, str]:
    """Issue a token for a user or for the tenant's server.

    Example: `couponctl token mint --tenant acme --user user_123 --ttl 600 --json`
    """
    if server == (user_id is not None):
        raise click.UsageError("Use either --user or --server.")
    return {
        "token": tokens.mint(
            tenant_id, user_id, lifetime_seconds=seconds, now=utc_now()
        )
    }
