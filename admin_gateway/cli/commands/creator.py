"""`couponctl creator`: creators and the codes assigned to them."""

from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.options import (
    body_file_option,
    pagination_options,
    read_body,
    tenant_option,
    to_page,
    without_unset,
)
from admin_gateway.cli.output import json_command
from admin_gateway.requests import (
    AssignCreatorCodesSchema,
    CreateCreatorSchema,
    RevokeCreatorCodesSchema,
    UpdateCreatorSchema,
)
from admin_gateway.responses import campaigns as campaign_responses
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import creators

STATUS_CHOICE = click.Choice([status.value for status in CreatorStatus])
creator_argument = click.argument("creator_key", metavar="CREATOR_KEY")
codes_option = click.option("--code", "codes", multiple=True, help="Code (repeatable).")


def creator_field_options(command: Any) -> Any:
    """Add the options that describe a creator to a command."""
    for option in (
        click.option(
            "--status",
            type=STATUS_CHOICE,
            help="Status; an INACTIVE creator gets no new codes.",
        ),
        click.option("--genre", help="Genre of the creator."),
        click.option("--name", help="Name of the creator."),
        body_file_option,
    ):
        command = option(command)
    return command


@click.group()
def creator() -> None:
    """Creators: create, list, get, update, give, codes, revoke, stats."""


@creator.command()
@tenant_option
@creator_argument
@creator_field_options
@json_command()
def create(
    tenant_id: str, creator_key: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Create a creator. CREATOR_KEY: 5 uppercase letters or digits.

    Example: `couponctl creator create --tenant acme ABC12 --name Jun --json`
    """
    tenants.require(tenant_id)
    body = {
        **read_body(body_file),
        **without_unset(**options),
        "creator_key": creator_key,
    }
    fields = CreateCreatorSchema().load(body)
    created = creators.create(
        tenant_id, fields.pop("creator_key"), fields=fields, now=utc_now()
    )
    return campaign_responses.serialize_creator(created)


@creator.command("list")
@tenant_option
@click.option("--keyword", help="Part of the name or key, case-insensitive.")
@click.option("--campaign", "campaign_id", help="Only creators of this campaign ID.")
@pagination_options
@json_command("creator_key", "name", "genre", "status", "created_at")
def list_(tenant_id: str, limit: int, offset: int, **filters: Any) -> dict[str, Any]:
    """List creators, sorted by name.

    Example: `couponctl creator list --tenant acme --keyword jun`
    """
    tenants.require(tenant_id)
    rows, total = creators.list_creators(tenant_id, to_page(limit, offset), **filters)
    return {
        "creators": [campaign_responses.serialize_creator(row) for row in rows],
        "total": total,
    }


@creator.command()
@tenant_option
@creator_argument
@json_command()
def get(tenant_id: str, creator_key: str) -> dict[str, Any]:
    """Show a creator.

    Example: `couponctl creator get --tenant acme ABC12`
    """
    return campaign_responses.serialize_creator(
        creators.get(tenant_id, creator_key.upper())
    )


@creator.command()
@tenant_option
@creator_argument
@creator_field_options
@json_command()
def update(
    tenant_id: str, creator_key: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a creator; omitted options keep their values.

    Example: `couponctl creator update --tenant acme ABC12 --status INACTIVE`
    """
    changes = UpdateCreatorSchema().load(
        {**read_body(body_file), **without_unset(**options)}
    )
    changed = creators.update(
        tenant_id, creator_key.upper(), changes=changes, now=utc_now()
    )
    return campaign_responses.serialize_creator(changed)


@creator.command()
@tenant_option
@creator_argument
@click.option("--package", "package_id", type=int, required=True, help="Package ID.")
@codes_option
@click.option(
    "--count", type=int, help="Number of codes to generate, instead of --code."
)
@click.option(
    "--pattern", help="Pattern for --count. Default: CREATOR-{creator}-{number}."
)
@json_command()
def give(tenant_id: str, creator_key: str, **options: Any) -> dict[str, Any]:
    """Assign codes of a package to a creator: given codes or generated ones.

    Example: `couponctl creator give --tenant acme ABC12 --package 2451717 --count 10
    --pattern 'GO-{creator}-{random}' --json`
    """
    body = without_unset(**options)
    codes = creators.assign_or_generate_codes(
        tenant_id, creator_key.upper(), **AssignCreatorCodesSchema().load(body)
    )
    return {"codes": list(codes), "total": len(codes)}


@creator.command("codes")
@tenant_option
@creator_argument
@pagination_options
@json_command("code", "campaign_id", "package_no", "status", "revoked_at")
def codes_(tenant_id: str, creator_key: str, limit: int, offset: int) -> dict[str, Any]:
    """List a creator's codes with their status.

    Example: `couponctl creator codes --tenant acme ABC12`
    """
    rows, total = creators.list_codes(
        tenant_id, creator_key.upper(), page=to_page(limit, offset), now=utc_now()
    )
    return {
        "codes": [campaign_responses.serialize_creator_code(row) for row in rows],
        "total": total,
    }


@creator.command()
@tenant_option
@creator_argument
@codes_option
@click.option("--all", "all_codes", is_flag=True, help="All codes of the creator.")
@confirmation_options
@json_command()
def revoke(
    tenant_id: str,
    creator_key: str,
    codes: tuple[str, ...],
    all_codes: bool,
    yes: bool,
    dry_run: bool,
) -> dict[str, Any]:
    """Revoke codes of a creator (idempotent); with --all it asks for confirmation.

    Example: `couponctl creator revoke --tenant acme ABC12
    --code CREATOR-ABC12-001`
    """
    if bool(codes) == all_codes:
        raise click.UsageError("Use either --code or --all.")
    key, now = creator_key.upper(), utc_now()
    body = RevokeCreatorCodesSchema().load({} if all_codes else {"codes": list(codes)})
    if all_codes or dry_run:
        _, total = creators.list_codes(tenant_id, key, page=Page(limit=1), now=now)
        count = total if all_codes else len(codes)
        if dry_run:
            return {"dry_run": True, "revoked": count}
        confirm(f"Revoke all {count:,} codes of creator {key}?", yes)
    revoked_count = creators.revoke_codes(
        tenant_id, key, codes_to_revoke=body.get("codes", ()), now=now
    )
    return {"revoked": revoked_count}


@creator.command()
@tenant_option
@creator_argument
@json_command()
def stats(tenant_id: str, creator_key: str) -> dict[str, Any]:
    """Count the redemptions of a creator's codes by package.

    Example: `couponctl creator stats --tenant acme ABC12`
    """
    return campaign_responses.serialize_campaign_stats(
        creators.get_stats(tenant_id, creator_key.upper())
    )
