"""`couponctl demo`: a tenant that looks real, to try everything with."""

from typing import Any

import rich_click as click

from admin_gateway.cli.demo import credentials, seed, welcome_message
from admin_gateway.cli.demo.phoenix_definitions import TENANT
from admin_gateway.cli.errors import Failed
from admin_gateway.cli.output import (
    answering,
    core,
    json_option,
    say,
    show,
)
from admin_gateway.cli.server.addresses import wait_until_healthy
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants

SECONDS_TO_START = 60.0


@click.group()
def demo() -> None:
    """The demo tenant: load, show, drop."""


@demo.command()
@answering(start=False)
def load() -> dict[str, Any]:
    """Fill the tenant `demo` with campaigns and points; what is there stays.

    Example: `couponctl demo load`
    """
    with core() as settings:
        added = seed.load(utc_now())
        credentials.current(settings.data_dir, utc_now())
    if added:
        say(f"The demo tenant was given: {', '.join(added)}.")
    return {"tenant_id": TENANT, "added": added}


@demo.command("show")
@click.option("--wait", is_flag=True, help="First wait until both gateways answer.")
@json_option
def show_(wait: bool, as_json: bool) -> None:
    """Show addresses, credentials, and two curl lines that work.

    Example: `couponctl demo show --json`
    """
    with core() as settings:
        if wait and not wait_until_healthy(settings, SECONDS_TO_START):
            raise Failed("The gateways did not answer: see `couponctl doctor`.")
        known = welcome_message.document(settings)
    if as_json:
        show(known, as_json)
    else:
        click.echo(welcome_message.rendered(known))


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@answering(start=False)
def drop(yes: bool) -> dict[str, Any]:
    """Remove the demo tenant and all that is its.

    Example: `couponctl demo drop --yes`
    """
    if not yes:
        question = f"Remove the tenant {TENANT} with all its coupons and history?"
        click.confirm(question, abort=True, err=True)
    with core() as settings:
        tenants.erase(TENANT)
        credentials.forget(settings.data_dir)
    return {"dropped": TENANT}
