"""`couponctl creator`: creators and the codes assigned to them."""

from typing import TYPE_CHECKING, Any, BinaryIO

import rich_click as click

from admin_gateway.cli.api_commands import (
    CREATOR,
    api_command,
    campaign_filter_option,
    page_options,
)
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.csv_options import csv_options, to_upload_options
from admin_gateway.cli.options import (
    EnumChoice,
    body_file_option,
    build_body,
    combine_options,
    id_option,
    without_unset,
)
from admin_gateway.cli.output import print_status
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.schemas.strict_json import parse_object

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

STATUS_CHOICE = EnumChoice(CreatorStatus)
creator_argument = click.argument("creator_key", type=CREATOR)
codes_option = click.option("--code", "codes", multiple=True, help="Code (repeatable).")


# The options that describe a creator.
creator_field_options = combine_options(
    body_file_option,
    click.option("--name", help="Name of the creator."),
    click.option("--genre", help="Genre of the creator."),
    click.option(
        "--status",
        type=STATUS_CHOICE,
        help="Status; an INACTIVE creator gets no new codes.",
    ),
)


@click.group()
def creator() -> None:
    """Creators: create, import, list, get, update, give, codes, revoke, stats."""


@api_command(creator, click.argument("creator_key"), creator_field_options)
def create(
    admin: "CouponsAdmin", creator_key: str, body_file: Any, **options: Any
) -> Any:
    """Create a creator. CREATOR_KEY: 5 uppercase letters or digits.

    Example: `couponctl creator create --tenant acme ABC12 --name Jun --json`
    """
    body = build_body(body_file, **options, creator_key=creator_key)
    return admin.call("POST", "creators", body=body)


@api_command(
    creator,
    click.argument("file", type=click.File("rb")),
    id_option("campaign", "Campaign ID.", required=True),
    csv_options,
    click.option("--dry-run", is_flag=True, help="Only check the file."),
    name="import",
    columns=("creator_key", "name", "status", "codes"),
)
def import_(
    admin: "CouponsAdmin", file: BinaryIO, campaign_id: str, dry_run: bool, **csv: Any
) -> Any:
    """Create up to 1,000 creators of a campaign with their codes: all or none.

    FILE (- for stdin) is CSV with the columns creator_key, name, and optionally genre,
    status, package_id, codes (separated by blanks), count and pattern; or the JSON body
    of the API. The package is by default the only one of the campaign.

    Example: `couponctl creator import --tenant acme creators.csv
    --campaign campaign_001 --dry-run`
    """
    data = file.read()
    if data.lstrip().startswith(b"{"):
        body = {**parse_object(data), "campaign_id": campaign_id, "dry_run": dry_run}
        document = admin.call("POST", "creators", "bulk", body=body)
    else:
        created = admin.creators.create_from_csv(
            campaign_id, data, dry_run=dry_run, **to_upload_options(**csv)
        )
        document = dict(created.raw)
    if not dry_run:
        return document
    print_status(f"The file is valid: it would create {document['total']} creators.")
    return {"dry_run": True, **document}


@api_command(
    creator,
    click.option("--keyword", help="Part of the name or key, case-insensitive."),
    campaign_filter_option,
    page_options,
    name="list",
    columns=("creator_key", "name", "genre", "status", "created_at"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List creators, sorted by name.

    Example: `couponctl creator list --tenant acme --keyword jun`
    """
    return admin.call("GET", "creators", query=query)


@api_command(creator, creator_argument)
def get(admin: "CouponsAdmin", creator_key: str) -> Any:
    """Show a creator.

    Example: `couponctl creator get --tenant acme ABC12`
    """
    return admin.call("GET", "creators", creator_key.upper())


@api_command(creator, creator_argument, creator_field_options)
def update(
    admin: "CouponsAdmin", creator_key: str, body_file: Any, **options: Any
) -> Any:
    """Change a creator; omitted options keep their values.

    Example: `couponctl creator update --tenant acme ABC12 --status INACTIVE`
    """
    body = build_body(body_file, **options)
    return admin.call("PATCH", "creators", creator_key.upper(), body=body)


@api_command(
    creator,
    creator_argument,
    click.option(
        "--package", "package_id", type=int, required=True, help="Package ID."
    ),
    codes_option,
    click.option(
        "--count", type=int, help="Number of codes to generate, instead of --code."
    ),
    click.option(
        "--pattern", help="Pattern for --count. Default: CREATOR-{creator}-{number}."
    ),
)
def give(admin: "CouponsAdmin", creator_key: str, **options: Any) -> Any:
    """Give a creator codes of a package: the codes of --code, or generated ones.

    Example: `couponctl creator give --tenant acme ABC12 --package 2451717 --count 10
    --pattern 'GO-{creator}-{random}' --json`
    """
    body = without_unset(**options)
    return admin.call("POST", "creators", creator_key.upper(), "codes", body=body)


@api_command(
    creator,
    creator_argument,
    page_options,
    name="codes",
    columns=("code", "campaign_id", "package_no", "status", "revoked_at"),
)
def codes_(admin: "CouponsAdmin", creator_key: str, **query: Any) -> Any:
    """List a creator's codes with their status.

    Example: `couponctl creator codes --tenant acme ABC12`
    """
    return admin.call("GET", "creators", creator_key.upper(), "codes", query=query)


@api_command(
    creator,
    creator_argument,
    codes_option,
    click.option("--all", "all_codes", is_flag=True, help="All codes of the creator."),
    confirmation_options,
)
def revoke(
    admin: "CouponsAdmin",
    creator_key: str,
    codes: tuple[str, ...],
    all_codes: bool,
    yes: bool,
    dry_run: bool,
) -> Any:
    """Revoke codes of a creator (idempotent); with --all it asks for confirmation.

    Example: `couponctl creator revoke --tenant acme ABC12
    --code CREATOR-ABC12-001`
    """
    if bool(codes) == all_codes:
        raise click.UsageError("Use either --code or --all.")
    path = "creators", creator_key.upper(), "codes"
    if all_codes or dry_run:
        total = admin.call("GET", *path, query={"limit": 1})["total"]
        count = total if all_codes else len(codes)
        if dry_run:
            return {"dry_run": True, "revoked": count}
        confirm(f"Revoke all {count:,} codes of creator {path[1]}?", yes)
    body = {} if all_codes else {"codes": codes}
    return admin.call("POST", *path, "revoke", body=body)


@api_command(creator, creator_argument)
def stats(admin: "CouponsAdmin", creator_key: str) -> Any:
    """Count the redemptions of a creator's codes by package.

    Example: `couponctl creator stats --tenant acme ABC12`
    """
    return admin.call("GET", "creators", creator_key.upper(), "stats")
