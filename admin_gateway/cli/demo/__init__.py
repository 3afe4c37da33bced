"""`couponctl demo`: a realistic tenant for trying out all features."""

from typing import Any

import rich_click as click

from admin_gateway.cli.demo import credentials, seed, welcome_document, welcome_message
from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.output import (
    json_command,
    json_option,
    print_document,
    print_status,
    started_core,
)
from admin_gateway.cli.server.addresses import wait_until_healthy
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants

START_TIMEOUT_SECONDS = 60.0


@click.group()
def demo() -> None:
    """The demo tenant: load, show, drop."""


@demo.command()
@json_command(starts_core=False)
def load() -> dict[str, Any]:
    """Create missing demo data in the tenant `demo`; existing data is kept.

    Example: `couponctl demo load`
    """
    with started_core() as settings:
        added = seed.load(utc_now())
        credentials.get_or_create(settings.data_dir, utc_now())
    if added:
        print_status(f"The demo tenant was given: {', '.join(added)}.")
    return {"tenant_id": DEMO_TENANT_ID, "added": added}


@demo.command("show")
@click.option("--wait", is_flag=True, help="First wait until both gateways answer.")
@json_option
def show_(wait: bool, as_json: bool) -> None:
    """Show addresses, credentials, and curl commands that you can paste.

    Example: `couponctl demo show --json`
    """
    with started_core() as settings:
        if wait and not wait_until_healthy(settings, START_TIMEOUT_SECONDS):
            raise CommandError("The gateways did not answer: see `couponctl doctor`.")
        demo_document = welcome_document.build_document(settings)
    if as_json:
        print_document(demo_document, as_json)
    else:
        click.echo(welcome_message.render_document(demo_document))


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_command(starts_core=False)
def drop(yes: bool) -> dict[str, Any]:
    """Delete the demo tenant with all its data.

    Example: `couponctl demo drop --yes`
    """
    if not yes:
        question = (
            f"Remove the tenant {DEMO_TENANT_ID} with all its coupons and history?"
        )
        click.confirm(question, abort=True, err=True)
    with started_core() as settings:
        tenants.erase(DEMO_TENANT_ID)
        credentials.delete_file(settings.data_dir)
    return {"dropped": DEMO_TENANT_ID}
