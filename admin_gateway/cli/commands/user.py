"""`couponctl user`: users who can buy coupons with points, and personal data."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.names import Admin
from admin_gateway.cli.options import combine_options
from admin_gateway.cli.output import describe_count
from admin_gateway.cli.param_types import JsonObjectParam
from admin_gateway.cli.request_groups import RequestGroup

user_argument = click.argument("user_id")
# The options that describe a user.
user_field_options = combine_options(
    click.option(
        "--member/--not-member",
        "is_member",
        default=None,
        help="Whether the user is a member.",
    ),
    click.option(
        "--details",
        type=JsonObjectParam(),
        help='Details, for example {"firstName": "John"}.',
    ),
    click.option("--tag", "tags", multiple=True, help="Tag (repeatable)."),
)

user = RequestGroup(
    "user", "users", "Users of a tenant: create, list, show, update, export, erase."
)
user.add_request(
    "create john@doe.com --json",
    "POST",
    "Register a user, by default as a member.",
    user_argument,
    user_field_options,
)
user.add_request(
    "list",
    "GET",
    "List registered users, sorted by ID.",
    columns=("user_id", "is_member", "tags", "created_at"),
)
user.add_request("show john@doe.com", "GET {user_id}", "Show a registered user.")
user.add_request(
    "update john@doe.com --not-member",
    "PATCH {user_id}",
    "Change a registered user; omitted options keep their values.",
    user_field_options,
)
user.add_request(
    "export john@doe.com --json",
    "GET {user_id}/export",
    "Export everything that is stored about a user; the export is audited.",
)


@api_command(user, user_argument, confirmation_options)
def erase(admin: Admin, user_id: str, yes: bool, dry_run: bool) -> Any:
    """Replace a user's ID by a pseudonym everywhere. This cannot be undone.

    Counts and limits stay exact. Metadata, references and details of the user are
    deleted. Afterwards the same ID is a new user.

    Example: `couponctl user erase --tenant acme john@doe.com --dry-run`
    """
    path = "users", user_id, "erase"
    if dry_run or not yes:
        preview = admin.call("POST", *path, body={"dry_run": True})
        if dry_run:
            return preview
        rows = describe_count(sum(preview["rows"].values()), "row")
        confirm(f"Erase user {user_id} from {rows}? This cannot be undone.", yes)
    return admin.call("POST", *path)
