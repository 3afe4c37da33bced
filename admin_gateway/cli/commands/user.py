"""`couponctl user`: users who can buy coupons with points, and personal data."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command, page_options
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.options import JsonObjectParam, combine_options, without_unset

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

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


@click.group()
def user() -> None:
    """Users of a tenant: create, list, get, update, export, erase."""


@api_command(user, user_argument, user_field_options)
def create(admin: "CouponsAdmin", user_id: str, **options: Any) -> Any:
    """Register a user, by default as a member.

    Example: `couponctl user create --tenant acme john@doe.com --json`
    """
    body = {"user_id": user_id, **without_unset(**options)}
    return admin.call("POST", "users", body=body)


@api_command(
    user,
    page_options,
    name="list",
    columns=("user_id", "is_member", "tags", "created_at"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List registered users, sorted by ID.

    Example: `couponctl user list --tenant acme`
    """
    return admin.call("GET", "users", query=query)


@api_command(user, user_argument)
def get(admin: "CouponsAdmin", user_id: str) -> Any:
    """Show a registered user.

    Example: `couponctl user get --tenant acme john@doe.com`
    """
    return admin.call("GET", "users", user_id)


@api_command(user, user_argument, user_field_options)
def update(admin: "CouponsAdmin", user_id: str, **options: Any) -> Any:
    """Change a registered user; omitted options keep their values.

    Example: `couponctl user update --tenant acme john@doe.com --not-member`
    """
    return admin.call("PATCH", "users", user_id, body=without_unset(**options))


@api_command(user, user_argument)
def export(admin: "CouponsAdmin", user_id: str) -> Any:
    """Export everything that is stored about a user; the export is audited.

    Example: `couponctl user export --tenant acme john@doe.com --json`
    """
    return admin.call("GET", "users", user_id, "export")


@api_command(user, user_argument, confirmation_options)
def erase(admin: "CouponsAdmin", user_id: str, yes: bool, dry_run: bool) -> Any:
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
        total = sum(preview["rows"].values())
        confirm(
            f"Erase user {user_id} from {total:,} rows? This cannot be undone.", yes
        )
    return admin.call("POST", *path)
