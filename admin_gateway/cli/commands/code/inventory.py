"""Single codes: look them through, tell what became of one, give one to a user."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    CODE,
    OURSELVES,
    TIME,
    USER,
    UUID,
    limit,
    of_tenant,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import cursor_of, place_of
from admin_gateway.responses.serializers import stocked, told
from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter, Place
from coupon_core.services.access import tenants
from coupon_core.services.codes import inventory

COLUMNS = ("code", "status", "user_id", "definition_name", "batch_id", "id")
MOST_SHOWN = 20

FILTERS = (
    click.option("--before", "generated_before", type=TIME, help="Made before then."),
    click.option("--from", "generated_from", type=TIME, help="Made from then on."),
    click.option("--status", type=click.Choice([one.value for one in CouponStatus])),
    click.option("--batch", "batch_id", type=UUID, help="Only of this batch."),
    click.option("--definition", "definition_id", type=UUID, help="Only of this one."),
    click.option("--user", "user_id", type=USER, help="Only this user's."),
    click.option("--code", type=CODE, help="Only of this code."),
)


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the ways of choosing codes."""
    for option in FILTERS:
        command = option(command)
    return command


def chosen(status: str | None, **filters: Any) -> CouponFilter:
    """What the options of `filtered` choose."""
    return CouponFilter(status=CouponStatus(status) if status else None, **filters)


@click.command("list")
@of_tenant
@filtered
@limit
@click.option("--cursor", help="Where to go on: `next` of the answer before.")
@answering(*COLUMNS)
def list_(
    tenant_id: str, limit: int, cursor: str | None, **filters: Any
) -> dict[str, Any]:
    """List codes, newest first, a page at a time.

    Example: `couponctl code list --tenant acme --status active --limit 20 --json`
    """
    tenants.require(tenant_id)
    now, which = utc_now(), chosen(**filters)
    place = place_of(cursor, limit, which)
    rows, last = inventory.listed(tenant_id, which, place, now)
    following = cursor_of(last, which) if last else None
    return {"coupons": [stocked(row, now) for row in rows], "next": following}


@click.command()
@of_tenant
@click.argument("code", type=CODE)
@click.option("--user", "user_id", type=USER, help="Whose, of a shared code.")
@answering("code", "status", "user_id", "events", "id")
def show(tenant_id: str, code: str, user_id: str | None) -> dict[str, Any]:
    """Show who holds a code and all that became of it.

    Example: `couponctl code show --tenant acme WELCOME8X4F2K9P --json`
    """
    now, which = utc_now(), CouponFilter(code=codes.normalize(code), user_id=user_id)
    rows, _ = inventory.listed(tenant_id, which, Place(MOST_SHOWN), now)
    if not rows:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    ids = [row.issued.coupon.coupon_id for row in rows]
    found = [told(*inventory.timeline(tenant_id, one, now), now) for one in ids]
    return {"coupons": [one | {"events": _events(one)} for one in found]}


def _events(coupon: dict[str, Any]) -> list[str]:
    return [f"{entry['event']} {entry['at']}" for entry in coupon["timeline"]]


@click.command()
@of_tenant
@click.argument("code", type=CODE)
@click.argument("user_id", type=USER)
@answering()
def assign(tenant_id: str, code: str, user_id: str) -> dict[str, Any]:
    """Put a code that nobody holds into a user's hands; again changes nothing.

    Example: `couponctl code assign --tenant acme WELCOME8X4F2K9P user_123`
    """
    now = utc_now()
    issued = inventory.assign(tenant_id, code, user_id, OURSELVES, now)
    return serialization.coupon(issued, now)
