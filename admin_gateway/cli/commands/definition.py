"""`couponctl definition`: the templates of coupons."""

from typing import Any

import rich_click as click

from admin_gateway.cli.definition_options import body, members
from admin_gateway.cli.options import (
    UUID,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import DefinitionBody, DefinitionChanges
from admin_gateway.responses.serializers import room as room_document
from admin_gateway.responses.serializers import stats as stats_document
from coupon_core.domain.models import DefinitionStatus, utc_now
from coupon_core.domain.serialization import whole_definition
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import code_capacity

definition_argument = click.argument("definition_id", type=UUID)


@click.group()
def definition() -> None:
    """Definitions: make them, look at them, change them, end them."""


@definition.command()
@of_tenant
@members
@answering()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Add an active definition, from options or from a file or both.

    Example: `couponctl definition create --tenant acme --name Welcome
    --reward 0198c0de-… --prefix WELCOME --per-user 1 --json`
    """
    tenants.require(tenant_id)
    fields = DefinitionBody().load(body(**options))
    return whole_definition(definitions.create(tenant_id, fields, utc_now()))


@definition.command("list")
@of_tenant
@click.option("--status", type=click.Choice([one.value for one in DefinitionStatus]))
@click.option("--name", help="A part of the name, in any case.")
@paged
@answering("id", "name", "status", "config.code_format", "config.usage_limit.max_uses")
def list_(
    tenant_id: str, status: str | None, name: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """List definitions, newest first.

    Example: `couponctl definition list --tenant acme --status active`
    """
    tenants.require(tenant_id)
    chosen = DefinitionStatus(status) if status else None
    rows, total = definitions.listed(tenant_id, page(limit, offset), chosen, name)
    return {"definitions": [whole_definition(row) for row in rows], "total": total}


@definition.command()
@of_tenant
@definition_argument
@answering()
def get(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Show a definition.

    Example: `couponctl definition get --tenant acme 0198c0de-…`
    """
    return whole_definition(definitions.get(tenant_id, definition_id))


@definition.command()
@of_tenant
@definition_argument
@members
@answering()
def update(tenant_id: str, definition_id: str, **options: Any) -> dict[str, Any]:
    """Change a definition; what is not given stays.

    Example: `couponctl definition update --tenant acme 0198c0de-… --total 5000`
    """
    changes = DefinitionChanges().load(body(**options))
    changed = definitions.update(tenant_id, definition_id, changes, utc_now())
    return whole_definition(changed)


@definition.command()
@of_tenant
@definition_argument
@answering()
def stats(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Count a definition's coupons by status, and their redemptions.

    Example: `couponctl definition stats --tenant acme 0198c0de-…`
    """
    found = definitions.stats(tenant_id, definition_id, utc_now())
    return stats_document(definition_id, found)


@definition.command()
@of_tenant
@definition_argument
@answering()
def capacity(tenant_id: str, definition_id: str) -> dict[str, Any]:
    """Tell how full the code space is, and how likely a guess hits a code.

    Example: `couponctl definition capacity --tenant acme 0198c0de-…`
    """
    return room_document(definition_id, code_capacity.room(tenant_id, definition_id))


# Name of the command, what it makes of the definition, what that means.
LIVES = (
    ("pause", DefinitionStatus.PAUSED, "Stop making coupons; existing ones stay good."),
    ("activate", DefinitionStatus.ACTIVE, "Let coupons be made, and used, again."),
    ("archive", DefinitionStatus.ARCHIVED, "End it; its history stays readable."),
)


def _add_life(name: str, status: DefinitionStatus, about: str) -> None:
    @definition.command(
        name,
        help=f"{about}\n\nExample: `couponctl definition {name} --tenant acme 01…`",
    )
    @of_tenant
    @definition_argument
    @answering()
    def set_status(tenant_id: str, definition_id: str) -> dict[str, Any]:
        changed = definitions.set_status(tenant_id, definition_id, status, utc_now())
        return whole_definition(changed)


for _life in LIVES:
    _add_life(*_life)
