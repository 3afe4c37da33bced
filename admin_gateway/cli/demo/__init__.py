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
from coupon_core.domain.models import Refused, utc_now
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
        print_status(
            f'Created demo data for tenant "{DEMO_TENANT_ID}": {", ".join(added)}.'
        )
    else:
        print_status(f'Tenant "{DEMO_TENANT_ID}" already has all demo data.')
    return {"tenant_id": DEMO_TENANT_ID, "added": added}


@demo.command("show")
@click.option("--wait", is_flag=True, help="Wait until both gateways answer.")
@json_option
def show_(wait: bool, as_json: bool) -> None:
    """Show addresses, credentials, and curl commands that you can paste.

    Example: `couponctl demo show --json`
    """
    with started_core() as settings:
        if wait and not wait_until_healthy(settings, START_TIMEOUT_SECONDS):
            raise CommandError("The gateways do not answer. Run `couponctl doctor`.")
        _require_demo_tenant()
        demo_document = welcome_document.build_document(settings)
    if as_json:
        print_document(demo_document, as_json)
    else:
        click.echo(welcome_message.render_document(demo_document))


def _require_demo_tenant() -> None:
    try:
        tenants.require(DEMO_TENANT_ID)
    except Refused:
        raise CommandError(
            "There is no demo tenant. Create it with `couponctl demo load`."
        ) from None


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_command(starts_core=False)
def drop(yes: bool) -> dict[str, Any]:
    """Delete the demo tenant with all its data.

    Example: `couponctl demo drop --yes`
    """
    if not yes:
        question = f"Remove the tenant {DEMO_TENANT_ID} with all its data?"
        click.confirm(question, abort=True, err=True)
    with started_core() as settings:
        _require_demo_tenant()
        tenants.erase(DEMO_TENANT_ID)
        credentials.delete_file(settings.data_dir)
    return {"dropped": DEMO_TENANT_ID}
