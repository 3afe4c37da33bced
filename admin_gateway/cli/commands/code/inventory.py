"""List codes, show the history of a code, and assign a code to a user."""

from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.field_params import (
    CODE_PARAM,
    TIME_PARAM,
    USER_PARAM,
    UUID_PARAM,
)
from admin_gateway.cli.options import (
    CLI_ACTOR,
    EnumChoice,
    combine_options,
    id_option,
    limit_option,
    tenant_option,
)
from admin_gateway.cli.output import json_command
from admin_gateway.cli.tables import get_member, print_members
from admin_gateway.requests.codes import format_cursor, parse_cursor
from admin_gateway.responses.explanation_documents import serialize_explanation
from admin_gateway.responses.serializers import (
    serialize_coupon_with_batch,
    serialize_coupon_with_timeline,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    IssuedCoupon,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import packages
from coupon_core.services.codes import inventory, timeline
from coupon_core.services.insight.explain import explain_coupon

# Name on the screen and member of the document.
SHOWN_MEMBERS = (
    ("code", "code"),
    ("status", "effective_status"),
    ("state", "state"),
    ("user", "user_id"),
    ("expires", "expires_at"),
    ("definition", "definition_name"),
    ("definition_id", "definition_id"),
    ("reward", "reward_item.name"),
    ("reward_payload", "reward_item.payload"),
    ("campaign", "campaign_id"),
    ("creator", "creator_key"),
    ("batch", "batch_id"),
    ("redemptions", "redemption_count"),
    ("id", "id"),
    ("history", "timeline"),
)
COLUMNS = ("code", "status", "user_id", "definition_name", "batch_id", "id")
MAX_MATCHES = 20


filter_options = combine_options(
    click.option("--code", type=CODE_PARAM, help="Only this code."),
    click.option(
        "--user", "user_id", type=USER_PARAM, help="Only codes of this user ID."
    ),
    id_option("definition", "Only codes of this definition ID."),
    click.option(
        "--batch", "batch_id", type=UUID_PARAM, help="Only codes of this batch ID."
    ),
    click.option(
        "--status", type=EnumChoice(CouponStatus), help="Only codes with this status."
    ),
    click.option(
        "--from",
        "generated_from",
        type=TIME_PARAM,
        help="Generated at or after this time.",
    ),
    click.option(
        "--before",
        "generated_before",
        type=TIME_PARAM,
        help="Generated before this time.",
    ),
)


def to_coupon_filter(status: CouponStatus | None, **filters: Any) -> CouponFilter:
    """Build the filter from the options of `filter_options`."""
    return CouponFilter(status=status, **filters)


def print_coupons(document: dict[str, Any]) -> None:
    """Print coupons with their history for people."""
    for coupon in document["coupons"]:
        print_members({name: get_member(coupon, path) for name, path in SHOWN_MEMBERS})


@click.command("list")
@tenant_option
@filter_options
@limit_option
@click.option("--cursor", help="`next` of the previous page.")
@json_command(*COLUMNS)
def list_(
    tenant_id: str, limit: int, cursor: str | None, **filters: Any
) -> dict[str, Any]:
    """List codes page by page, newest first.

    Example: `couponctl code list --tenant acme --status active --limit 20
    --json`
    """
    tenants.require(tenant_id)
    now = utc_now()
    coupon_filter = to_coupon_filter(**filters)
    page_cursor = parse_cursor(cursor, limit, coupon_filter=coupon_filter)
    rows, last = inventory.list_codes(
        tenant_id, coupon_filter, cursor=page_cursor, now=now
    )
    next_cursor = format_cursor(last, coupon_filter) if last else None
    return {
        "coupons": [serialize_coupon_with_batch(row, now) for row in rows],
        "next": next_cursor,
    }


@click.command()
@tenant_option
@click.argument("code", type=CODE_PARAM)
@id_option("user", "User ID, to select one coupon of a shared code.")
@json_command(render=print_coupons)
def show(tenant_id: str, code: str, user_id: str | None) -> dict[str, Any]:
    """Show a code: its user, state, expiry, reward, campaign and history.

    `state` says whether it can be redeemed, as `couponctl code explain` explains it.
    `effective_status` is `archived` for an active coupon whose definition is archived.
    Of a shared code, the newest 20 coupons are shown.

    Example: `couponctl code show --tenant acme WELCOME8X4F2K9P --json`
    """
    tenants.require(tenant_id)
    now, coupon_filter = utc_now(), CouponFilter(code=code, user_id=user_id)
    rows, _ = inventory.list_codes(
        tenant_id, coupon_filter, cursor=PageCursor(MAX_MATCHES), now=now
    )
    if not rows:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    return {"coupons": [_serialize_history(row.issued, now) for row in rows]}


def _serialize_history(issued: IssuedCoupon, now: datetime) -> dict[str, Any]:
    tenant_id, coupon_id = issued.coupon.tenant_id, issued.coupon.coupon_id
    coupon, entries = timeline.get_timeline(tenant_id, coupon_id, now=now)
    attribution = packages.get_attribution(tenant_id, issued.coupon.code)
    document = serialize_coupon_with_timeline(coupon, entries, now=now)
    explanation = explain_coupon(issued, now)
    violation = explanation.violation
    is_active = document["status"] == CouponStatus.ACTIVE
    return {
        **document,
        "effective_status": violation.reason.value
        if violation and violation.reason and is_active
        else document["status"],
        "state": serialize_explanation(explanation)["state"],
        "campaign_id": attribution.package.campaign_id
        if attribution.package
        else issued.definition.campaign_id or None,
        "creator_key": attribution.creator_key or None,
        "events": [f"{entry['event']} {entry['at']}" for entry in document["timeline"]],
    }


@click.command()
@tenant_option
@click.argument("code", type=CODE_PARAM)
@click.argument("user_id", type=USER_PARAM)
@json_command()
def assign(tenant_id: str, code: str, user_id: str) -> dict[str, Any]:
    """Assign an unassigned code to a user (idempotent).

    Example: `couponctl code assign --tenant acme WELCOME8X4F2K9P user_123`
    """
    now = utc_now()
    issued = inventory.assign(
        tenant_id, code, user_id=user_id, actor=CLI_ACTOR, now=now
    )
    return serialization.serialize_coupon(issued, now)
