"""`couponctl coupon`: list, show and correct coupons."""

from itertools import islice
from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.names import Admin, coupon_filter_options
from admin_gateway.cli.options import (
    combine_options,
    enum_filter_option,
    metadata_option,
    new_expiry_options,
    page_options,
    read_new_expiry,
)
from coupon_core.domain.models import CouponStatus
from coupons_sdk.errors import Conflict, NotFound

COLUMNS = ("code", "status", "user_id", "definition_name", "redemption_count", "id")
SEVERAL_MESSAGE = "user_id: missing; expected, because several users hold this code"


@click.group()
def coupon() -> None:
    """Coupons: list, show, update, revoke, restore, expiry, reissue."""


holder_option = click.option(
    "--user", "user_id", help="User ID, to select one coupon of a shared code."
)
# The options that select one coupon.
coupon_selection_options = combine_options(
    click.option("--id", "coupon_id", help="Coupon ID."),
    click.option("--code", help="Coupon code."),
    holder_option,
)


def find_coupon(
    admin: Admin, code: str | None, user_id: str | None, coupon_id: str | None = None
) -> Any:
    """Return the only coupon that the options select.

    Raises:
        click.UsageError: Neither or both of --id and --code were given.
        ApiError: No coupon or several coupons have the code.
    """
    if (coupon_id is None) == (code is None):
        raise click.UsageError("Use either --id or --code.")
    if coupon_id:
        return admin.codes.get(coupon_id)
    found = [*islice(admin.codes.list(code=code, user_id=user_id, limit=2), 2)]
    if not found:
        raise NotFound(404, "Coupon not found", code="COUPON_NOT_FOUND")
    if found[1:]:
        raise Conflict(409, SEVERAL_MESSAGE, code="SEVERAL_COUPONS")
    return found[0]


def call_coupon(
    admin: Admin,
    method: str,
    *action: str,
    body: dict[str, Any] | None = None,
    **selection: str | None,
) -> Any:
    """Send a request about the coupon that the options select."""
    selected = find_coupon(admin, **selection)
    path = "coupons", selected.definition_id, "coupons", selected.id, *action
    return admin.call(method, *path, body=body)


@api_command(
    coupon,
    coupon_filter_options,
    enum_filter_option("status", CouponStatus),
    page_options,
    click.option("--cursor", help="`next` of the previous page, instead of --offset."),
    name="list",
    columns=COLUMNS,
)
def list_(
    admin: Admin,
    definition_id: str | None,
    offset: int,
    cursor: str | None,
    **query: Any,
) -> Any:
    """List coupons, newest first.

    The coupons of a definition are counted, and have pages by --offset; others have
    pages by --cursor.

    Example: `couponctl coupon list --tenant acme --user user_123
    --status active`
    """
    if definition_id and not cursor:
        query["offset"] = offset
        return admin.call("GET", "coupons", definition_id, "coupons", query=query)
    if offset:
        raise click.UsageError("Use --offset with --definition; otherwise --cursor.")
    query |= {"definition_id": definition_id, "cursor": cursor}
    document = admin.call("GET", "codes", query=query)
    is_complete = not (cursor or document["next"])
    return {**document, "total": len(document["coupons"])} if is_complete else document


@api_command(coupon, coupon_selection_options, metadata_option)
def update(admin: Admin, metadata: dict[str, Any] | None, **selection: Any) -> Any:
    """Replace the metadata of a coupon.

    Example: `couponctl coupon update --tenant acme --code WELCOME8X4F2K9P
    --metadata '{"wave": 2}'`
    """
    if metadata is None:
        raise click.UsageError("Use --metadata.")
    return call_coupon(admin, "PATCH", body={"metadata": metadata}, **selection)


@api_command(coupon, coupon_selection_options, new_expiry_options)
def expiry(
    admin: Admin, expires_at: str | None, follow_definition: bool, **selection: Any
) -> Any:
    """Move the expiry of a coupon, to an earlier or a later time.

    Example: `couponctl coupon expiry --tenant acme --code WELCOME8X4F2K9P
    --expires 2030-01-31T12:00:00Z`
    """
    body = {"expires_at": read_new_expiry(expires_at, follow_definition)}
    return call_coupon(admin, "PATCH", body=body, **selection)


def _add_action(name: str, about: str, method: str = "POST") -> None:
    def send(admin: Admin, **selection: Any) -> Any:
        action = () if method == "GET" else (name,)
        return call_coupon(admin, method, *action, **selection)

    words = f"couponctl coupon {name} --tenant acme --code WELCOME8X4F2K9P"
    send.__doc__ = f"{about}\n\nExample: `{words}`"
    api_command(coupon, coupon_selection_options, name=name)(send)


_add_action("show", "Show a coupon.", method="GET")
_add_action("revoke", "Revoke a coupon (idempotent).")
_add_action(
    "restore", "Undo the revocation of a coupon (idempotent); it is as valid as before."
)
_add_action(
    "reissue",
    "Revoke a coupon and give its user another code of the definition (idempotent).\n\n"
    "Prints the new coupon. A coupon whose uses are all redeemed is not revoked.",
)
