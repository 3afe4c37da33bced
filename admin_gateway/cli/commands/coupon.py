"""`couponctl coupon`: list, show and correct coupons."""

from collections.abc import Callable, Mapping
from typing import Any

import rich_click as click

from admin_gateway.cli.field_params import CODE_PARAM, USER_PARAM, UUID_PARAM
from admin_gateway.cli.options import (
    CLI_ACTOR,
    EnumChoice,
    combine_options,
    id_option,
    metadata_option,
    new_expiry_options,
    pagination_options,
    read_new_expiry,
    tenant_option,
)
from admin_gateway.cli.output import json_command, tenant_command
from admin_gateway.requests.coupons import UpdateCouponSchema
from admin_gateway.responses.serializers import serialize_coupon_with_batch
from coupon_core.domain import serialization
from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import CouponStatus, IssuedCoupon, Page, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.codes import inventory
from coupon_core.services.coupons import administration, corrections

COLUMNS = ("code", "status", "user_id", "definition_name", "redemption_count", "id")


@click.group()
def coupon() -> None:
    """Coupons: list, get, update, revoke, restore, expiry, reissue."""


# The options that select one coupon.
coupon_selection_options = combine_options(
    click.option("--id", "coupon_id", type=UUID_PARAM, help="Coupon ID."),
    click.option("--code", type=CODE_PARAM, help="Coupon code."),
    id_option("user", "User ID, to select one coupon of a shared code."),
)


def _to_coupon_filter(
    coupon_id: str | None, code: str | None, user_id: str | None
) -> CouponFilter:
    if (coupon_id is None) == (code is None):
        raise click.UsageError("Use either --id or --code.")
    return CouponFilter(coupon_id=coupon_id, code=code, user_id=user_id)


@coupon.command("list")
@tenant_option
@id_option("definition", "Only coupons of this definition ID.")
@click.option(
    "--user", "user_id", type=USER_PARAM, help="Only coupons of this user ID."
)
@click.option("--code", type=CODE_PARAM, help="Only coupons with this code.")
@click.option(
    "--status", type=EnumChoice(CouponStatus), help="Only coupons with this status."
)
@pagination_options
@json_command(*COLUMNS)
def list_(
    tenant_id: str, status: CouponStatus | None, page: Page, **filters: Any
) -> dict[str, Any]:
    """List coupons, newest first.

    Example: `couponctl coupon list --tenant acme --user user_123
    --status active`
    """
    tenants.require(tenant_id)
    coupon_filter = CouponFilter(status=status, **filters)
    now = utc_now()
    rows, total = administration.list_coupons(
        tenant_id, coupon_filter, page=page, now=now
    )
    return serialization.serialize_coupon_list("coupons", rows, total=total, now=now)


@tenant_command(coupon, coupon_selection_options)
def get(tenant_id: str, **selection: Any) -> dict[str, Any]:
    """Show a coupon.

    Example: `couponctl coupon get --tenant acme --code WELCOME8X4F2K9P`
    """
    now = utc_now()
    return serialization.serialize_coupon(
        administration.get(tenant_id, _to_coupon_filter(**selection), now=now), now
    )


@tenant_command(coupon, coupon_selection_options, metadata_option)
def update(
    tenant_id: str, metadata: dict[str, Any] | None, **selection: Any
) -> dict[str, Any]:
    """Replace the metadata of a coupon.

    Example: `couponctl coupon update --tenant acme --code WELCOME8X4F2K9P
    --metadata '{"wave": 2}'`
    """
    if metadata is None:
        raise click.UsageError("Use --metadata.")
    changes = UpdateCouponSchema().load({"metadata": metadata})
    return _change(tenant_id, selection, changes)


@tenant_command(coupon, coupon_selection_options, new_expiry_options)
def expiry(
    tenant_id: str,
    expires_at: EnteredTime | None,
    follow_definition: bool,
    **selection: Any,
) -> dict[str, Any]:
    """Move the expiry of a coupon, to an earlier or a later time.

    Example: `couponctl coupon expiry --tenant acme --code WELCOME8X4F2K9P
    --expires 2030-01-31T12:00:00Z`
    """
    new_expiry = read_new_expiry(expires_at, follow_definition)
    return _change(tenant_id, selection, {"expires_at": new_expiry})


def _change(
    tenant_id: str, selection: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    now, coupon_filter = utc_now(), _to_coupon_filter(**selection)
    changed = inventory.change(
        tenant_id, coupon_filter, changes, now=now, actor=CLI_ACTOR
    )
    return serialize_coupon_with_batch(changed, now)


@tenant_command(coupon, coupon_selection_options)
def revoke(tenant_id: str, **selection: Any) -> dict[str, Any]:
    """Revoke a coupon (idempotent).

    Example: `couponctl coupon revoke --tenant acme --code WELCOME8X4F2K9P
    --json`
    """
    return _correct(administration.revoke, tenant_id, selection)


@tenant_command(coupon, coupon_selection_options)
def restore(tenant_id: str, **selection: Any) -> dict[str, Any]:
    """Undo the revocation of a coupon (idempotent); it is as valid as before.

    Example: `couponctl coupon restore --tenant acme --code WELCOME8X4F2K9P`
    """
    return _correct(corrections.restore, tenant_id, selection)


@tenant_command(coupon, coupon_selection_options)
def reissue(tenant_id: str, **selection: Any) -> dict[str, Any]:
    """Revoke a coupon and give its user another code of the definition (idempotent).

    Prints the new coupon. A coupon whose uses are all redeemed is not revoked.

    Example: `couponctl coupon reissue --tenant acme --code WELCOME8X4F2K9P`
    """
    return _correct(corrections.reissue, tenant_id, selection)


def _correct(
    change: Callable[..., IssuedCoupon], tenant_id: str, selection: Mapping[str, Any]
) -> dict[str, Any]:
    now, coupon_filter = utc_now(), _to_coupon_filter(**selection)
    changed = change(tenant_id, coupon_filter, now=now, actor=CLI_ACTOR)
    return serialization.serialize_coupon(changed, now)
