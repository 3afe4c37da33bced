"""`couponctl validate`, `redeem`, `history` and `redemption`."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import DEFINITION, api_command, cursor_options
from admin_gateway.cli.core_errors import reason_message
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import (
    id_option,
    metadata_option,
    pagination_options,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import exit_with_failure, json_command
from coupon_core.domain import serialization
from coupon_core.domain.models import Page, Reason, Validation, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.schemas.metadata import RedemptionNoteSchema
from coupon_core.services.access import tenants
from coupon_core.services.coupons import (
    administration,
    validation,
)
from coupon_core.services.coupons import redemption as redemption_service
from coupon_core.services.coupons.redemption import RedeemRequest

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

# Reasons for which validate has another text than redeem (docs/api-contracts.md 0.5).
VALIDATION_MESSAGES = {
    Reason.COUPON_NOT_FOUND: "Coupon code not found",
    Reason.ALREADY_REDEEMED: "Coupon has already been used",
    Reason.USED_UP: "Coupon status: redeemed",
}


@click.command()
@tenant_option
@id_option("user", "User ID. Default: check the code without a user.")
@click.argument("code")
@json_command()
def validate(tenant_id: str, user_id: str | None, code: str) -> dict[str, Any]:
    """Check whether a code can be redeemed. Exit status 1 if it cannot.

    Example: `couponctl validate --tenant acme WELCOME8X4F2K9P --user user_123`
    """
    tenants.require(tenant_id)
    result = validation.validate(tenant_id, code, user_id=user_id, now=utc_now())
    if not result.decision.is_allowed:
        exit_with_failure()
    return _serialize_validation(result)


def _serialize_validation(result: Validation) -> dict[str, Any]:
    reason = result.decision.reason
    issued, definition = (None, None) if reason else (result.issued, result.definition)
    return {
        "valid": result.decision.is_allowed,
        "coupon": serialization.serialize_coupon(issued, utc_now()) if issued else None,
        "definition": serialization.serialize_definition(definition)
        if definition
        else None,
        "error": _validation_message(reason) if reason else None,
    }


def _validation_message(reason: Reason) -> str:
    return VALIDATION_MESSAGES.get(reason) or reason_message(reason)


@click.command()
@tenant_option
@id_option("user", "User ID.", required=True)
@click.option("--reference", help="A reference of your own, such as an order ID.")
@metadata_option
@click.argument("code")
@json_command()
def redeem(
    tenant_id: str,
    user_id: str,
    reference: str | None,
    metadata: dict[str, Any] | None,
    code: str,
) -> dict[str, Any]:
    """Redeem a code once for a user.

    Example: `couponctl redeem --tenant acme WELCOME8X4F2K9P --user user_123 --json`
    """
    tenants.require(tenant_id)
    now = utc_now()
    body = without_unset(reference=reference, metadata=metadata)
    note = RedemptionNoteSchema().load(body)
    redeem_request = RedeemRequest(tenant_id, code, user_id=user_id, **note)
    return serialization.serialize_coupon(
        redemption_service.redeem(redeem_request, now).issued, now
    )


@click.command()
@tenant_option
@id_option("user", "User ID.", required=True)
@pagination_options
@json_command("redeemed_at", "code", "definition_name", "redemption_count", "status")
def history(tenant_id: str, user_id: str, page: Page) -> dict[str, Any]:
    """List the coupons a user has redeemed, newest first.

    Example: `couponctl history --tenant acme --user user_123 --json`
    """
    tenants.require(tenant_id)
    now = utc_now()
    coupon_filter = CouponFilter(user_id=user_id, redeemed=True)
    rows, total = administration.list_coupons(
        tenant_id, coupon_filter, page=page, now=now
    )
    return serialization.serialize_coupon_list(
        "redemptions", rows, total=total, now=now
    )


@click.group()
def redemption() -> None:
    """Redemptions of a tenant: list, get, reverse."""


@api_command(
    redemption,
    click.option("--user", "user_id", help="Only those of this user ID."),
    click.option("--code", help="Only those of this code."),
    click.option(
        "--definition",
        "definition_id",
        type=DEFINITION,
        help="Only those of this definition, by ID or name.",
    ),
    click.option("--campaign", "campaign_id", help="Only those of this campaign ID."),
    click.option("--reference", help="Only those with this reference."),
    click.option(
        "--api", "dialect", help="Only those through phoenix, playcamp or mambo."
    ),
    click.option("--from", "from", help="Only those at or after this time."),
    click.option("--to", "to", help="Only those before this time."),
    cursor_options,
    name="list",
    columns=(
        *("redeemed_at", "code", "user_id", "dialect", "reference", "redemption_id"),
    ),
)
def list_redemptions(admin: "CouponsAdmin", **query: Any) -> Any:
    """List redemptions, newest first.

    Example: `couponctl redemption list --tenant acme --reference order-4711`
    """
    return admin.call("GET", "redemptions", query=query)


redemption_argument = click.argument("redemption_id", type=IntegerRange(1))


@api_command(redemption, redemption_argument)
def get(admin: "CouponsAdmin", redemption_id: int) -> Any:
    """Show a redemption.

    Example: `couponctl redemption get --tenant acme 245883838423042`
    """
    return admin.call("GET", "redemptions", redemption_id)


@api_command(
    redemption, redemption_argument, click.option("--reason", help="Why, in words.")
)
def reverse(admin: "CouponsAdmin", redemption_id: int, reason: str | None) -> Any:
    """Give a use back in every limit that counts it (idempotent).

    The coupon stays its user's. A use that was paid for with points gives them back.

    Example: `couponctl redemption reverse --tenant acme 245883838423042
    --reason "Order cancelled"`
    """
    body = without_unset(reason=reason)
    return admin.call("POST", "redemptions", redemption_id, "reverse", body=body)
