"""`couponctl user`: the users who may buy coupons with points."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    USER,
    JsonObject,
    given,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import UserBody, UserChanges
from admin_gateway.responses.points import user as document
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.services.points import users

user_argument = click.argument("user_id", type=USER)


def members(command: Any) -> Any:
    """Give a command the options that say what is known of a user."""
    for option in (
        click.option("--tag", "tags", multiple=True, help="A tag; again for more."),
        click.option("--details", type=JsonObject(), help='{"firstName": "John"}'),
        click.option("--member/--not-member", "is_member", default=None),
    ):
        command = option(command)
    return command


def _body(options: dict[str, Any]) -> dict[str, Any]:
    body = given(**options)
    return {**body, "tags": list(body["tags"])} if "tags" in body else body


@click.group()
def user() -> None:
    """Users known to a tenant: create, list, get, update."""


@user.command()
@of_tenant
@user_argument
@members
@answering()
def create(tenant_id: str, user_id: str, **options: Any) -> dict[str, Any]:
    """Make a user known; a member unless told otherwise.

    Example: `couponctl user create --tenant acme john@doe.com --json`
    """
    tenants.require(tenant_id)
    fields = UserBody().load({"user_id": user_id, **_body(options)})
    return document(users.create(tenant_id, fields, utc_now()))


@user.command("list")
@of_tenant
@paged
@answering("user_id", "is_member", "tags", "created_at")
def list_(tenant_id: str, limit: int, offset: int) -> dict[str, Any]:
    """List known users, by id.

    Example: `couponctl user list --tenant acme`
    """
    tenants.require(tenant_id)
    rows, total = users.listed(tenant_id, page(limit, offset))
    return {"users": [document(row) for row in rows], "total": total}


@user.command()
@of_tenant
@user_argument
@answering()
def get(tenant_id: str, user_id: str) -> dict[str, Any]:
    """Show a known user.

    Example: `couponctl user get --tenant acme john@doe.com`
    """
    return document(users.get(tenant_id, user_id))


@user.command()
@of_tenant
@user_argument
@members
@answering()
def update(tenant_id: str, user_id: str, **options: Any) -> dict[str, Any]:
    """Change what is known of a user.

    Example: `couponctl user update --tenant acme john@doe.com --not-member`
    """
    changes = UserChanges().load(_body(options))
    return document(users.update(tenant_id, user_id, changes, utc_now()))
