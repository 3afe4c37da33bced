"""`couponctl definition`: definitions, the templates of coupons."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.definition_options import (
    build_definition,
    definition_field_options,
)
from admin_gateway.cli.names import Admin, campaign_filter_option, id_argument
from admin_gateway.cli.options import enum_filter_option, metadata_filter_option
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models import DefinitionStatus

definition = RequestGroup(
    "definition",
    "coupons",
    "Definitions: create, list, show, update, pause, suspend, archive, stats.",
)
definition.add_suspension("definition_id")


@api_command(definition, definition_field_options)
def create(admin: Admin, **options: Any) -> Any:
    """Create an active definition from options, a file, or both.

    Example: `couponctl definition create --tenant acme --name Welcome
    --reward "100 points" --prefix WELCOME --per-user 1 --json`
    """
    if options["body_file"] is None and options["reward_item_id"] is None:
        raise click.UsageError("Missing option '--reward'.")
    return admin.call("POST", "coupons", body=build_definition(**options))


definition.add_request(
    "list --status active",
    "GET",
    "List definitions, newest first.",
    enum_filter_option("status", DefinitionStatus),
    click.option("--name", help="Part of the name, case-insensitive."),
    metadata_filter_option,
    campaign_filter_option,
    columns=(
        *("id", "name", "status", "config.code_format"),
        *("config.usage_limit.max_uses", "suspended_at"),
    ),
)
definition.add_request("show Welcome", "GET {definition_id}", "Show a definition.")


@api_command(definition, id_argument("definition_id"), definition_field_options)
def update(admin: Admin, definition_id: str, **options: Any) -> Any:
    """Change a definition; omitted options keep their values.

    Example: `couponctl definition update --tenant acme Welcome --total 5000`
    """
    body = build_definition(**options)
    limits = body.get("config", {}).get("limits")
    if limits and not options["body_file"]:  # the API replaces all limits
        stored = admin.call("GET", "coupons", definition_id)
        body["config"]["limits"] = {**stored["config"]["limits"], **limits}
    return admin.call("PATCH", "coupons", definition_id, body=body)


for _name, _method, _about in (
    ("stats", "GET", "Count a definition's coupons by status, and their redemptions."),
    (
        "capacity",
        "GET",
        "Show the usage of the code space and the chance of guessing a valid code.",
    ),
    ("pause", "POST", "Stop generating coupons; existing coupons remain valid."),
    ("activate", "POST", "Allow coupons to be generated and redeemed again."),
    (
        "archive",
        "POST",
        "Refuse the codes of a definition from now on; its history remains.",
    ),
):
    _request = f"{_method} {{definition_id}}/{_name}"
    definition.add_request(f"{_name} Welcome", _request, _about)
