"""`couponctl definition`: definitions, the templates of coupons."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    DEFINITION,
    api_command,
    build_query,
    campaign_filter_option,
    page_options,
)
from admin_gateway.cli.definition_options import (
    build_body,
    definition_field_options,
)
from admin_gateway.cli.options import EnumChoice, metadata_filter_option
from admin_gateway.cli.suspension_commands import add_suspension_commands
from coupon_core.domain.models import DefinitionStatus

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

definition_argument = click.argument("definition_id", type=DEFINITION)


@click.group()
def definition() -> None:
    """Definitions: create, list, get, update, pause, suspend, archive, stats."""


add_suspension_commands(definition, definition_argument, "coupons")


@api_command(definition, definition_field_options)
def create(admin: "CouponsAdmin", **options: Any) -> Any:
    """Create an active definition from options, a file, or both.

    Example: `couponctl definition create --tenant acme --name Welcome
    --reward "100 points" --prefix WELCOME --per-user 1 --json`
    """
    if options["body_file"] is None and options["reward"] is None:
        raise click.UsageError("Missing option '--reward'.")
    return admin.call("POST", "coupons", body=build_body(**options))


@api_command(
    definition,
    click.option(
        "--status",
        type=EnumChoice(DefinitionStatus),
        help="Only definitions with this status.",
    ),
    click.option("--name", help="Part of the name, case-insensitive."),
    metadata_filter_option,
    campaign_filter_option,
    page_options,
    name="list",
    columns=(
        "id",
        "name",
        "status",
        "config.code_format",
        "config.usage_limit.max_uses",
        "suspended_at",
    ),
)
def list_(admin: "CouponsAdmin", **filters: Any) -> Any:
    """List definitions, newest first.

    Example: `couponctl definition list --tenant acme --status active`
    """
    return admin.call("GET", "coupons", query=build_query(**filters))


@api_command(definition, definition_argument)
def get(admin: "CouponsAdmin", definition_id: str) -> Any:
    """Show a definition.

    Example: `couponctl definition get --tenant acme Welcome`
    """
    return admin.call("GET", "coupons", definition_id)


@api_command(definition, definition_argument, definition_field_options)
def update(admin: "CouponsAdmin", definition_id: str, **options: Any) -> Any:
    """Change a definition; omitted options keep their values.

    Example: `couponctl definition update --tenant acme Welcome --total 5000`
    """
    body = build_body(**options)
    limits = body.get("config", {}).get("limits")
    if limits and not options["body_file"]:  # the API replaces all limits
        stored = admin.call("GET", "coupons", definition_id)
        body["config"]["limits"] = {**stored["config"]["limits"], **limits}
    return admin.call("PATCH", "coupons", definition_id, body=body)


@api_command(definition, definition_argument)
def stats(admin: "CouponsAdmin", definition_id: str) -> Any:
    """Count a definition's coupons by status, and their redemptions.

    Example: `couponctl definition stats --tenant acme Welcome`
    """
    return admin.call("GET", "coupons", definition_id, "stats")


@api_command(definition, definition_argument)
def capacity(admin: "CouponsAdmin", definition_id: str) -> Any:
    """Show the usage of the code space and the chance of guessing a valid code.

    Example: `couponctl definition capacity --tenant acme Welcome`
    """
    return admin.call("GET", "coupons", definition_id, "capacity")


STATUS_COMMANDS = {
    "pause": "Stop generating coupons; existing coupons remain valid.",
    "activate": "Allow coupons to be generated and redeemed again.",
    "archive": "Refuse the codes of a definition from now on; its history remains.",
}


def _add_status_command(name: str, help_text: str) -> None:
    def set_status(admin: "CouponsAdmin", definition_id: str) -> Any:
        return admin.call("POST", "coupons", definition_id, name)

    set_status.__doc__ = (
        f"{help_text}\n\nExample: `couponctl definition {name} --tenant acme 01…`"
    )
    api_command(definition, definition_argument, name=name)(set_status)


for _name, _help_text in STATUS_COMMANDS.items():
    _add_status_command(_name, _help_text)
