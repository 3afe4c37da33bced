"""`couponctl user`: users who can buy coupons with points, and personal data."""

from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.field_params import USER_PARAM
from admin_gateway.cli.options import JsonObjectParam, combine_options, without_unset
from admin_gateway.cli.output import Rows, list_command, tenant_command
from admin_gateway.requests.points import CreateUserSchema, UpdateUserSchema
from admin_gateway.responses.personal_data import to_erasure_document
from admin_gateway.responses.points import serialize_user
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.services.access import tenants
from coupon_core.services.points import users
from coupon_core.services.privacy import personal_data

user_argument = click.argument("user_id", type=USER_PARAM)


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


@tenant_command(user, user_argument, user_field_options)
def create(tenant_id: str, user_id: str, **options: Any) -> dict[str, Any]:
    """Register a user, by default as a member.

    Example: `couponctl user create --tenant acme john@doe.com --json`
    """
    tenants.require(tenant_id)
    fields = CreateUserSchema().load({"user_id": user_id, **without_unset(**options)})
    return serialize_user(users.create(tenant_id, fields, now=utc_now()))


@list_command(
    user,
    "users",
    serialize=serialize_user,
    columns=("user_id", "is_member", "tags", "created_at"),
)
def list_(tenant_id: str, page: Page) -> Rows:
    """List registered users, sorted by ID.

    Example: `couponctl user list --tenant acme`
    """
    return users.list_users(tenant_id, page)


@tenant_command(user, user_argument)
def get(tenant_id: str, user_id: str) -> dict[str, Any]:
    """Show a registered user.

    Example: `couponctl user get --tenant acme john@doe.com`
    """
    return serialize_user(users.get(tenant_id, user_id))


@tenant_command(user, user_argument, user_field_options)
def update(tenant_id: str, user_id: str, **options: Any) -> dict[str, Any]:
    """Change a registered user; omitted options keep their values.

    Example: `couponctl user update --tenant acme john@doe.com --not-member`
    """
    changes = UpdateUserSchema().load(without_unset(**options))
    return serialize_user(
        users.update(tenant_id, user_id, changes=changes, now=utc_now())
    )


@tenant_command(user, user_argument)
def export(tenant_id: str, user_id: str) -> dict[str, Any]:
    """Export everything that is stored about a user; the export is audited.

    Example: `couponctl user export --tenant acme john@doe.com --json`
    """
    tenants.require(tenant_id)
    rows = personal_data.export(tenant_id, user_id)
    exported_at = format_timestamp(utc_now())
    return {"user_id": user_id, "exported_at": exported_at, "data": rows}


@tenant_command(user, user_argument, confirmation_options)
def erase(tenant_id: str, user_id: str, yes: bool, dry_run: bool) -> dict[str, Any]:
    """Replace a user's ID by a pseudonym everywhere. This cannot be undone.

    Counts and limits stay exact. Metadata, references and details of the user are
    deleted. Afterwards the same ID is a new user.

    Example: `couponctl user erase --tenant acme john@doe.com --dry-run`
    """
    tenants.require(tenant_id)
    counts = personal_data.preview_erasure(tenant_id, user_id)
    if dry_run:
        return {"dry_run": True, "rows": counts}
    total = sum(counts.values())
    confirm(f"Erase user {user_id} from {total:,} rows? This cannot be undone.", yes)
    return to_erasure_document(personal_data.erase(tenant_id, user_id, utc_now()))
