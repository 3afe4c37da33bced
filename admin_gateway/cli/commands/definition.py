"""`couponctl definition`: definitions, the templates of coupons."""

from typing import Any

import rich_click as click

from admin_gateway.cli.definition_options import (
    build_body,
    definition_field_options,
)
from admin_gateway.cli.limit_options import without_omitted_limits
from admin_gateway.cli.options import (
    UUID_PARAM,
    EnumChoice,
    metadata_filter_option,
    tenant_option,
)
from admin_gateway.cli.output import Rows, json_command, list_command, tenant_command
from admin_gateway.cli.suspension_commands import add_suspension_commands
from admin_gateway.requests.definitions import (
    CreateDefinitionSchema,
    UpdateDefinitionSchema,
)
from admin_gateway.responses.core import serialize_definition_for_admin
from admin_gateway.responses.serializers import (
    serialize_code_capacity,
    serialize_definition_stats,
)
from coupon_core.domain.models import DefinitionStatus, Page, utc_now
from coupon_core.services import suspension
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definition_status, definitions
from coupon_core.services.coupons import code_capacity

definition_argument = click.argument("definition_id", type=UUID_PARAM)


@click.group()
def definition() -> None:
    """Definitions: create, list, get, update, pause, suspend, archive, stats."""


add_suspension_commands(
    definition,
    definition_argument,
    suspension.DEFINITIONS,
    serialize=serialize_definition_for_admin,
)


@tenant_command(definition, definition_field_options)
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Create an active definition from options, a file, or both.

    Example: `couponctl definition create --tenant acme --name Welcome
    --reward 0198c0de-… --prefix WELCOME --per-user 1 --json`
    """
    if options["body_file"] is None and options["reward"] is None:
        raise click.UsageError("Missing option '--reward'.")
    tenants.require(tenant_id)
    fields = CreateDefinitionSchema().load(build_body(**options))
    return serialize_definition_for_admin(
        definitions.create(tenant_id, fields, now=utc_now())
    )


@list_command(
    definition,
    "definitions",
    click.option(
        "--status",
        type=EnumChoice(DefinitionStatus),
        help="Only definitions with this status.",
    ),
    click.option("--name", help="Part of the name, case-insensitive."),
    metadata_filter_option,
    click.option(
        "--campaign", "campaign_id", help="Only definitions of this campaign."
    ),
    serialize=serialize_definition_for_admin,
    columns=(
        "id",
        "name",
        "status",
        "config.code_format",
        "config.usage_limit.max_uses",
        "suspended_at",
    ),
)
def list_(tenant_id: str, page: Page, **filters: Any) -> Rows:
    """List definitions, newest first.

    Example: `couponctl definition list --tenant acme --status active`
    """
    return definitions.list_definitions(tenant_id, page, **filters)


@tenant_command(definition, definition_argument)
def get(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Show a definition.

    Example: `couponctl definition get --tenant acme 0198c0de-…`
    """
    return serialize_definition_for_admin(definitions.get(tenant_id, definition_id))


@tenant_command(definition, definition_argument, definition_field_options)
def update(tenant_id: str, definition_id: str, **options: Any) -> dict[str, Any]:
    """Change a definition; omitted options keep their values.

    Example: `couponctl definition update --tenant acme 0198c0de-… --total 5000`
    """
    changes = without_omitted_limits(
        UpdateDefinitionSchema().load(build_body(**options)), **options
    )
    changed = definitions.update(
        tenant_id, definition_id, changes=changes, now=utc_now()
    )
    return serialize_definition_for_admin(changed)


@tenant_command(definition, definition_argument)
def stats(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Count a definition's coupons by status, and their redemptions.

    Example: `couponctl definition stats --tenant acme 0198c0de-…`
    """
    definition_stats = definitions.get_stats(tenant_id, definition_id, now=utc_now())
    return serialize_definition_stats(definition_id, definition_stats)


@tenant_command(definition, definition_argument)
def capacity(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Show the usage of the code space and the chance of guessing a valid code.

    Example: `couponctl definition capacity --tenant acme 0198c0de-…`
    """
    return serialize_code_capacity(
        definition_id, code_capacity.get_capacity(tenant_id, definition_id)
    )


# Command name, resulting status, help text.
STATUS_COMMANDS = (
    (
        "pause",
        DefinitionStatus.PAUSED,
        "Stop generating coupons; existing coupons remain valid.",
    ),
    (
        "activate",
        DefinitionStatus.ACTIVE,
        "Allow coupons to be generated and redeemed again.",
    ),
    (
        "archive",
        DefinitionStatus.ARCHIVED,
        "Refuse the codes of a definition from now on; its history remains.",
    ),
)


def _add_status_command(name: str, status: DefinitionStatus, help_text: str) -> None:
    @definition.command(
        name,
        help=f"{help_text}\n\nExample: `couponctl definition {name} --tenant acme 01…`",
    )
    @tenant_option
    @definition_argument
    @json_command()
    def set_status(tenant_id: str, definition_id: str) -> dict[str, Any]:
        changed = definition_status.set_status(
            tenant_id, definition_id, status=status, now=utc_now()
        )
        return serialize_definition_for_admin(changed)


for _name, _status, _help_text in STATUS_COMMANDS:
    _add_status_command(_name, _status, help_text=_help_text)
