"""`couponctl creator`: who hands out codes, and the codes in their hands."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    body_file,
    given,
    of_tenant,
    page,
    paged,
    read_body,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import (
    CreatorBody,
    CreatorChanges,
    GiveBody,
    RevokeGivenBody,
)
from admin_gateway.responses import campaigns as documents
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import creators

STATUS = click.Choice([one.value for one in CreatorStatus])
creator_argument = click.argument("creator_key", metavar="CREATOR_KEY")
codes_option = click.option(
    "--code", "codes", multiple=True, help="One of the codes; again for more."
)


def members(command: Any) -> Any:
    """Give a command the options that say who a creator is."""
    for option in (
        click.option("--status", type=STATUS, help="An inactive one gets no codes."),
        click.option("--genre", help="What the creator is about."),
        click.option("--name", help="What the creator is called."),
        body_file,
    ):
        command = option(command)
    return command


@click.group()
def creator() -> None:
    """Creators: create, list, get, update, give codes, revoke them, stats."""


@creator.command()
@of_tenant
@creator_argument
@members
@answering()
def create(
    tenant_id: str, creator_key: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Add a creator; the key is 5 capital letters or digits.

    Example: `couponctl creator create --tenant acme ABC12 --name Jun --json`
    """
    tenants.require(tenant_id)
    whole = {**read_body(body_file), **given(**options), "creator_key": creator_key}
    fields = CreatorBody().load(whole)
    ids = tenant_id, fields.pop("creator_key")
    return documents.creator(creators.create(*ids, fields, utc_now()))


@creator.command("list")
@of_tenant
@click.option("--keyword", help="A part of the name or key, in any case.")
@click.option("--campaign", "campaign_id", help="Only who takes part in it.")
@paged
@answering("creator_key", "name", "genre", "status", "created_at")
def list_(tenant_id: str, limit: int, offset: int, **which: Any) -> dict[str, Any]:
    """List creators by name.

    Example: `couponctl creator list --tenant acme --keyword jun`
    """
    tenants.require(tenant_id)
    rows, total = creators.listed(tenant_id, page(limit, offset), **which)
    return {"creators": [documents.creator(row) for row in rows], "total": total}


@creator.command()
@of_tenant
@creator_argument
@answering()
def get(tenant_id: str, creator_key: str) -> dict[str, Any]:
    """Show a creator.

    Example: `couponctl creator get --tenant acme ABC12`
    """
    return documents.creator(creators.get(tenant_id, creator_key.upper()))


@creator.command()
@of_tenant
@creator_argument
@members
@answering()
def update(
    tenant_id: str, creator_key: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a creator; what is not given stays.

    Example: `couponctl creator update --tenant acme ABC12 --status INACTIVE`
    """
    changes = CreatorChanges().load({**read_body(body_file), **given(**options)})
    ids = tenant_id, creator_key.upper()
    return documents.creator(creators.update(*ids, changes, utc_now()))


@creator.command()
@of_tenant
@creator_argument
@click.option(
    "--package", "package_id", type=int, required=True, help="Of which package: its id."
)
@codes_option
@click.option("--count", type=int, help="Instead: make so many.")
@click.option(
    "--pattern", help="What they look like; default CREATOR-{creator}-{number}."
)
@answering()
def give(tenant_id: str, creator_key: str, **options: Any) -> dict[str, Any]:
    """Give a creator codes of a package: named ones, or so many after a pattern.

    Example: `couponctl creator give --tenant acme ABC12 --package 2451717 --count 10
    --pattern 'GO-{creator}-{random}' --json`
    """
    body = {name: _plain(value) for name, value in given(**options).items()}
    made = creators.give(tenant_id, creator_key.upper(), **GiveBody().load(body))
    return {"codes": list(made), "total": len(made)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@creator.command("codes")
@of_tenant
@creator_argument
@paged
@answering("code", "campaign_id", "package_no", "status", "revoked_at")
def codes_(tenant_id: str, creator_key: str, limit: int, offset: int) -> dict[str, Any]:
    """List a creator's codes, and how they stand.

    Example: `couponctl creator codes --tenant acme ABC12`
    """
    ids = tenant_id, creator_key.upper()
    rows, total = creators.codes_of(*ids, page(limit, offset), utc_now())
    return {"codes": [documents.code(row) for row in rows], "total": total}


@creator.command()
@of_tenant
@creator_argument
@codes_option
@click.option("--all", "all_codes", is_flag=True, help="All the codes there are.")
@answering()
def revoke(
    tenant_id: str, creator_key: str, codes: tuple[str, ...], all_codes: bool
) -> dict[str, Any]:
    """Take a creator's codes out of use; again changes nothing.

    Example: `couponctl creator revoke --tenant acme ABC12 --code CREATOR-ABC12-001`
    """
    if bool(codes) == all_codes:
        raise click.UsageError("Expected either --code or --all.")
    body = RevokeGivenBody().load({} if all_codes else {"codes": list(codes)})
    ids = tenant_id, creator_key.upper()
    found = creators.revoke_codes(*ids, body.get("codes", ()), utc_now())
    return {"revoked": found}


@creator.command()
@of_tenant
@creator_argument
@answering()
def stats(tenant_id: str, creator_key: str) -> dict[str, Any]:
    """Count the uses of a creator's codes, by package.

    Example: `couponctl creator stats --tenant acme ABC12`
    """
    return documents.stats(creators.stats(tenant_id, creator_key.upper()))
