"""`couponctl demo`: a realistic tenant for trying out all features."""

from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.core import started_core
from admin_gateway.cli.demo import credentials, seed, welcome_document, welcome_message
from admin_gateway.cli.demo.phoenix_definitions import DEMO_TENANT_ID
from admin_gateway.cli.demo.welcome_message import render_document
from admin_gateway.cli.errors import NOT_FOUND, CommandError
from admin_gateway.cli.output import json_command, print_status
from admin_gateway.cli.server.addresses import wait_until_healthy
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.services.privacy import tenant_deletion
from coupon_core.settings import loader

START_TIMEOUT_SECONDS = 60.0
LOADED_MESSAGE = f'Created demo data for tenant "{DEMO_TENANT_ID}": {{}}.'
COMPLETE_MESSAGE = f'The demo data of tenant "{DEMO_TENANT_ID}" is complete already.'


@click.group()
def demo() -> None:
    """The demo tenant: load, show, delete."""


@demo.command()
@click.option(
    "--if-enabled",
    is_flag=True,
    help="Do nothing unless COUPON_DEMO enables the demo tenant, as `make run` does.",
)
@json_command(starts_core=False)
def load(if_enabled: bool) -> dict[str, Any]:
    """Create missing demo data in the tenant `demo`; existing data is kept.

    Example: `couponctl demo load`
    """
    added: list[str] = []
    with started_core() as settings:
        if settings.is_demo_enabled or not if_enabled:
            added = seed.load(utc_now())
            credentials.get_or_create_api_key(settings.data_dir, utc_now())
            print_status(
                LOADED_MESSAGE.format(", ".join(added)) if added else COMPLETE_MESSAGE
            )
        if text := welcome_message.describe_exposure(settings):
            print_status(text)
    return {"tenant_id": DEMO_TENANT_ID, "added": added}


@demo.command("show")
@click.option("--wait", is_flag=True, help="Wait until both gateways answer.")
@json_command(render=lambda shown: click.echo(render_document(shown)))
def show_(wait: bool) -> dict[str, Any]:
    """Show addresses, credentials, and curl commands that you can paste.

    Example: `couponctl demo show --json`
    """
    settings = loader.load()
    if wait and not wait_until_healthy(settings, START_TIMEOUT_SECONDS):
        raise CommandError("The gateways do not answer. Run `couponctl doctor`.")
    _require_demo_tenant()
    return welcome_document.build_document(settings)


def _require_demo_tenant() -> None:
    if not welcome_message.has_demo_tenant():
        raise CommandError(
            "There is no demo tenant. Create it with `couponctl demo load`.",
            code="TENANT_NOT_FOUND",
            exit_status=NOT_FOUND,
        )


@demo.command()
@confirmation_options
@json_command(starts_core=False)
def delete(yes: bool, dry_run: bool) -> dict[str, Any]:
    """Delete the demo tenant with all its data.

    Without --yes it asks first.

    Example: `couponctl demo delete --yes`
    """
    with started_core() as settings:
        _require_demo_tenant()
        if dry_run:
            rows = tenant_deletion.count_rows(DEMO_TENANT_ID)
            return {"dry_run": True, "tenant_id": DEMO_TENANT_ID, "rows": rows}
        confirm(f"Remove the tenant {DEMO_TENANT_ID} with all its data?", yes)
        tenants.erase(DEMO_TENANT_ID)
        credentials.delete_file(settings.data_dir)
    return {"dropped": DEMO_TENANT_ID}
