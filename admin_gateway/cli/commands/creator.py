"""`couponctl creator`: creators and the codes assigned to them."""

from typing import Any, BinaryIO

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.confirmation import confirm, confirmation_options, dry_run_option
from admin_gateway.cli.csv_options import csv_options, to_upload_options
from admin_gateway.cli.names import (
    Admin,
    campaign_filter_option,
    campaign_option,
    id_argument,
)
from admin_gateway.cli.options import body_file_option, combine_options
from admin_gateway.cli.output import describe_count, print_status
from admin_gateway.cli.param_types import EnumChoice
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models.creators import CreatorStatus
from coupon_core.schemas.strict_json import parse_object

codes_option = click.option("--code", "codes", multiple=True, help="Code (repeatable).")
# The options that describe a creator.
creator_field_options = combine_options(
    body_file_option,
    click.option("--name", help="Name of the creator."),
    click.option("--genre", help="Genre of the creator."),
    click.option(
        "--status",
        type=EnumChoice(CreatorStatus),
        help="Status; an INACTIVE creator gets no new codes.",
    ),
)

creator = RequestGroup(
    "creator",
    "creators",
    "Creators: create, import, list, show, update, give, codes, revoke, stats.",
)
creator.add_request(
    "create ABC12 --name Jun --json",
    "POST",
    "Create a creator. CREATOR_KEY: 5 uppercase letters or digits.",
    click.argument("creator_key"),
    creator_field_options,
)


@api_command(
    creator,
    click.argument("file", type=click.File("rb")),
    campaign_option,
    csv_options,
    dry_run_option,
    name="import",
    columns=("creator_key", "name", "status", "codes"),
)
def import_(
    admin: Admin, file: BinaryIO, campaign_id: str, dry_run: bool, **csv: Any
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


creator.add_request(
    "list --keyword jun",
    "GET",
    "List creators, sorted by name.",
    click.option("--keyword", help="Part of the name or key, case-insensitive."),
    campaign_filter_option,
    columns=("creator_key", "name", "genre", "status", "created_at"),
)
creator.add_request("show ABC12", "GET {creator_key}", "Show a creator.")
creator.add_request(
    "update ABC12 --status INACTIVE",
    "PATCH {creator_key}",
    "Change a creator; omitted options keep their values.",
    creator_field_options,
)
creator.add_request(
    "give ABC12 --package 2451717 --count 10 --pattern 'GO-{creator}-{random}' --json",
    "POST {creator_key}/codes",
    "Give a creator codes of a package: the codes of --code, or generated ones.",
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
creator.add_request(
    "codes ABC12",
    "GET {creator_key}/codes",
    "List a creator's codes with their status.",
    columns=("code", "campaign_id", "package_no", "status", "revoked_at"),
)
creator.add_request(
    "stats ABC12",
    "GET {creator_key}/stats",
    "Count the redemptions of a creator's codes by package.",
)


@api_command(
    creator,
    id_argument("creator_key"),
    codes_option,
    click.option("--all", "all_codes", is_flag=True, help="All codes of the creator."),
    confirmation_options,
)
def revoke(
    admin: Admin,
    creator_key: str,
    codes: tuple[str, ...],
    all_codes: bool,
    yes: bool,
    dry_run: bool,
) -> Any:
    """Revoke codes of a creator (idempotent); with --all it asks for confirmation.

    Example: `couponctl creator revoke --tenant acme ABC12 --code CREATOR-ABC12-001`
    """
    if bool(codes) == all_codes:
        raise click.UsageError("Use either --code or --all.")
    path = "creators", creator_key, "codes"
    if all_codes or dry_run:
        total = admin.call("GET", *path, query={"limit": 1})["total"]
        count = total if all_codes else len(codes)
        if dry_run:
            return {"dry_run": True, "revoked": count}
        found = describe_count(count, "code")
        confirm(f"Revoke {found} of creator {creator_key}?", yes)
    body = {} if all_codes else {"codes": codes}
    return admin.call("POST", *path, "revoke", body=body)
