"""`couponctl points`: what users buy coupons with."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    USER,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import PointsBody
from admin_gateway.responses.points import entry, wallet
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.points import PointChange, PointEntry
from coupon_core.services.access import tenants
from coupon_core.services.points import wallets as use_cases

of_user = click.option("--user", "user_id", type=USER, required=True, help="Whose.")
of_point = click.option("--point", "point_id", help="Which points, such as gold.")
Write = Callable[[PointChange, datetime], PointEntry]


@click.group()
def points() -> None:
    """Points of users: credit, debit, show, entries."""


def change(command: Any) -> Any:
    """Give a command the options of a change of a balance."""
    for option in (
        click.option("--reason", default="", help="Why, for people."),
        click.option("--reference", default="", help="Your own, such as an order."),
        click.option("--amount", type=int, required=True, help="How many."),
        click.option("--point", "point_id", required=True, help="Such as gold."),
        of_user,
        of_tenant,
    ):
        command = option(command)
    return command


def _write(write: Write, tenant_id: str, body: dict[str, Any]) -> dict[str, Any]:
    tenants.require(tenant_id)
    asked = PointChange(tenant_id, **PointsBody().load(body))
    return entry(write(asked, utc_now()))


@points.command()
@change
@answering()
def credit(tenant_id: str, **body: Any) -> dict[str, Any]:
    """Give a user points.

    Example: `couponctl points credit --tenant acme --user john@doe.com
    --point gold --amount 100 --reason Birthday --json`
    """
    return _write(use_cases.credit, tenant_id, body)


@points.command()
@change
@answering()
def debit(tenant_id: str, **body: Any) -> dict[str, Any]:
    """Take points from a user; a balance never goes below zero.

    Example: `couponctl points debit --tenant acme --user john@doe.com
    --point gold --amount 30`
    """
    return _write(use_cases.debit, tenant_id, body)


@points.command()
@of_tenant
@click.option("--user", "user_id", type=USER, help="Only this user's.")
@of_point
@paged
@answering("user_id", "point_id", "balance", "updated_at")
def show(tenant_id: str, limit: int, offset: int, **chosen: Any) -> dict[str, Any]:
    """Show balances.

    Example: `couponctl points show --tenant acme --user john@doe.com --json`
    """
    tenants.require(tenant_id)
    rows, total = use_cases.wallets(tenant_id, page(limit, offset), **chosen)
    return {"wallets": [wallet(row) for row in rows], "total": total}


@points.command()
@of_tenant
@click.option("--user", "user_id", type=USER, help="Only this user's.")
@of_point
@paged
@answering("created_at", "user_id", "point_id", "amount", "balance", "kind", "reason")
def entries(tenant_id: str, limit: int, offset: int, **chosen: Any) -> dict[str, Any]:
    """List every change of a balance, newest first.

    Example: `couponctl points entries --tenant acme --user john@doe.com`
    """
    tenants.require(tenant_id)
    rows, total = use_cases.entries(tenant_id, page(limit, offset), **chosen)
    return {"entries": [entry(row) for row in rows], "total": total}
