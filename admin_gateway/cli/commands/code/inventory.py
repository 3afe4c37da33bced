"""Single codes: look them through, tell what became of one, give one to a user."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    CLI_ACTOR,
    CODE_PARAM,
    TIME_PARAM,
    USER_PARAM,
    UUID_PARAM,
    limit_option,
    tenant_option,
)
from admin_gateway.cli.output import json_command
from admin_gateway.requests import format_cursor, parse_cursor
from admin_gateway.responses.serializers import (
    serialize_coupon_with_batch,
    serialize_coupon_with_timeline,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.services.access import tenants
from coupon_core.services.codes import inventory

COLUMNS = ("code", "status", "user_id", "definition_name", "batch_id", "id")
MAX_MATCHES = 20

FILTER_OPTIONS = (
    click.option(
        "--before", "generated_before", type=TIME_PARAM, help="Made before then."
    ),
    click.option(
        "--from", "generated_from", type=TIME_PARAM, help="Made from then on."
    ),
    click.option("--status", type=click.Choice([one.value for one in CouponStatus])),
    click.option("--batch", "batch_id", type=UUID_PARAM, help="Only of this batch."),
    click.option(
        "--definition", "definition_id", type=UUID_PARAM, help="Only of this one."
    ),
    click.option("--user", "user_id", type=USER_PARAM, help="Only this user's."),
    click.option("--code", type=CODE_PARAM, help="Only of this code."),
)


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the ways of choosing codes."""
    for option in FILTER_OPTIONS:
        command = option(command)
    return command


def to_coupon_filter(status: str | None, **filters: Any) -> CouponFilter:
    """What the options of `filter_options` choose."""
    return CouponFilter(status=CouponStatus(status) if status else None, **filters)


@click.command("list")
@tenant_option
@filter_options
@limit_option
@click.option("--cursor", help="Where to go on: `next` of the answer before.")
@json_command(*COLUMNS)
def list_(
    tenant_id: str, limit: int, cursor: str | None, **filters: Any
) -> dict[str, Any]:
    """List codes, newest first, a page at a time.

    Example: `couponctl code list --tenant acme --status active --limit_option 20 --json`
    """
    tenants.require(tenant_id)
    now, coupon_filter = utc_now(), to_coupon_filter(**filters)
    place = parse_cursor(cursor, limit, coupon_filter)
    rows, last = inventory.list_codes(tenant_id, coupon_filter, place, now)
    next_cursor = format_cursor(last, coupon_filter) if last else None
    return {
        "coupons": [serialize_coupon_with_batch(row, now) for row in rows],
        "next": next_cursor,
    }


@click.command()
@tenant_option
@click.argument("code", type=CODE_PARAM)
@click.option("--user", "user_id", type=USER_PARAM, help="Whose, of a shared code.")
@json_command("code", "status", "user_id", "events", "id")
def show(tenant_id: str, code: str, user_id: str | None) -> dict[str, Any]:
    """Show who holds a code and all that became of it.

    Example: `couponctl code show --tenant acme WELCOME8X4F2K9P --json`
    """
    now, coupon_filter = utc_now(), CouponFilter(code=code, user_id=user_id)
    rows, _ = inventory.list_codes(
        tenant_id, coupon_filter, PageCursor(MAX_MATCHES), now
    )
    if not rows:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    ids = [row.issued.coupon.coupon_id for row in rows]
    found = [
        serialize_coupon_with_timeline(
            *inventory.get_timeline(tenant_id, one, now), now
        )
        for one in ids
    ]
    return {"coupons": [one | {"events": _format_events(one)} for one in found]}


def _format_events(coupon: dict[str, Any]) -> list[str]:
    return [f"{entry['event']} {entry['at']}" for entry in coupon["timeline"]]


@click.command()
@tenant_option
@click.argument("code", type=CODE_PARAM)
@click.argument("user_id", type=USER_PARAM)
@json_command()
def assign(tenant_id: str, code: str, user_id: str) -> dict[str, Any]:
    """Put a code that nobody holds into a user's hands; again changes nothing.

    Example: `couponctl code assign --tenant acme WELCOME8X4F2K9P user_123`
    """
    now = utc_now()
    issued = inventory.assign(tenant_id, code, user_id, CLI_ACTOR, now)
    return serialization.serialize_coupon(issued, now)
