"""Where a command goes: to a server, or beside the database."""

import os
from collections.abc import Mapping
from typing import Any

import rich_click as click
from click import get_current_context

from admin_gateway.cli import profiles
from admin_gateway.cli.errors import NOT_AUTHORIZED, CommandError
from admin_gateway.cli.options import combine_options
from admin_gateway.cli.profiles import LOCAL, Profile


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value == "":  # perhaps of a variable that is not set
        raise click.BadParameter("it is empty.")
    if value is not None:
        context.meta[f"coupons.{parameter.name}"] = value


# They may stand before the command or behind it.
server_options = combine_options(
    click.option(
        "--server",
        expose_value=False,
        callback=_remember,
        help="Address of an admin gateway to call. Default: COUPON_SERVER.",
    ),
    click.option(
        "--profile",
        expose_value=False,
        callback=_remember,
        help="Stored profile. Default: that of `profile use`; local: the database.",
    ),
)


def find_given(name: str) -> str | None:
    """Return the value of --server or --profile."""
    context = get_current_context(silent=True)
    value: str | None = context.meta.get(f"coupons.{name}") if context else None
    return value


def find_connection(environment: Mapping[str, str] = os.environ) -> Profile | None:
    """Return the server to call, or None for commands beside the database.

    Raises:
        click.UsageError: Both --server and --profile were given.
        CommandError: There is no such profile, or no API key.
    """
    name, server = find_given("profile"), find_given("server")
    if server and name:
        raise click.UsageError("Use either --server or --profile.")
    server = server or (None if name else environment.get("COUPON_SERVER"))
    if server:
        key = environment.get("COUPON_API_KEY")
        if not key:
            raise CommandError(
                f"There is no API key for {server}: set COUPON_API_KEY, or store a key "
                f"with `couponctl login` and name its profile with --profile.",
                "NO_API_KEY",
                NOT_AUTHORIZED,
            )
        return Profile(server, environment.get("COUPON_TENANT", ""), key)
    if name == LOCAL:
        return None
    stored = profiles.load()
    name = name or stored.current
    return None if name == LOCAL else stored.require(name)


def require_tenant(given: str | None, connection: Profile | None = None) -> str:
    """Return the tenant of --tenant, or else that of the server.

    Raises:
        click.UsageError: There is none, or --tenant is empty, as an unset variable is.
    """
    tenant_id = connection.tenant_id if given is None and connection else given
    if not tenant_id:
        raise click.UsageError(
            "Missing option '--tenant'. Give the ID of a tenant, set COUPON_TENANT, or "
            "use a profile: `couponctl profile list` shows yours."
        )
    return tenant_id


def find_query_server(
    environment: Mapping[str, str] = os.environ,
) -> tuple[str, str] | None:
    """Return the query gateway to call and the tenant's secret; None: the database.

    Raises:
        click.UsageError: Only an admin gateway is set, which cannot redeem.
        CommandError: There is no secret.
    """
    server = environment.get("COUPON_QUERY_SERVER")
    if not server or find_given("profile") == LOCAL:
        require_no_server(
            "This command works with a query gateway or beside the database",
            "Set COUPON_QUERY_SERVER",
        )
        return None
    secret = environment.get("COUPON_TENANT_SECRET")
    if not secret:
        raise CommandError(
            f"There is no secret for {server}: set COUPON_TENANT_SECRET to the secret "
            f"of the tenant, with which requests are signed.",
            "NO_TENANT_SECRET",
            NOT_AUTHORIZED,
        )
    return server, secret


def require_no_server(
    rule: str = "This command works only beside the database",
    remedy: str = "Run it there",
) -> None:
    """Refuse a command that does not work with an admin gateway, by a rule.

    Raises:
        click.UsageError: A server is set.
    """
    if connection := find_connection():
        raise click.UsageError(
            f"{rule}, not with the server {connection.server}. {remedy}, or use "
            f"--profile {LOCAL}."
        )
