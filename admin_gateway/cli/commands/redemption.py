"""`couponctl validate`, `redeem`, `history` and `redemption`."""

from typing import Any

import rich_click as click

from admin_gateway.cli.core_errors import reason_message
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import (
    CLI_ACTOR,
    id_option,
    limit_option,
    metadata_option,
    pagination_options,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import exit_with_failure, json_command, tenant_command
from admin_gateway.requests.redemptions import (
    RedemptionQuerySchema,
    ReverseRedemptionSchema,
)
from admin_gateway.responses.redemptions import (
    RedemptionPageSchema,
    serialize_redemption,
    to_redemption_page,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import Page, Reason, Validation, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.schemas.metadata import RedemptionNoteSchema
from coupon_core.services.access import tenants
from coupon_core.services.coupons import (
    administration,
    redemption_records,
    validation,
)
from coupon_core.services.coupons import redemption as redemption_service
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.points import reversals

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


@redemption.command("list")
@tenant_option
@click.option("--user", "user_id", help="Only those of this user ID.")
@click.option("--code", help="Only those of this code.")
@click.option("--definition", "definition_id", help="Only those of this definition ID.")
@click.option("--campaign", "campaign_id", help="Only those of this campaign ID.")
@click.option("--reference", help="Only those with this reference.")
@click.option("--api", "dialect", help="Only those through phoenix, playcamp or mambo.")
@click.option("--from", "from", help="Only those at or after this time.")
@click.option("--to", "to", help="Only those before this time.")
@limit_option
@click.option("--cursor", help="`next` of the previous page.")
@json_command("redeemed_at", "code", "user_id", "dialect", "reference", "redemption_id")
def list_redemptions(tenant_id: str, limit: int, **filters: Any) -> dict[str, Any]:
    """List redemptions, newest first.

    Example: `couponctl redemption list --tenant acme --reference order-4711`
    """
    tenants.require(tenant_id)
    body = without_unset(**filters, limit=str(limit))
    query = RedemptionQuerySchema().load(body)
    page = redemption_records.list_redemptions(tenant_id, **query)
    document: dict[str, Any] = RedemptionPageSchema().dump(to_redemption_page(page))
    return document


redemption_argument = click.argument("redemption_id", type=IntegerRange(1))


@tenant_command(redemption, redemption_argument)
def get(tenant_id: str, redemption_id: int) -> dict[str, Any]:
    """Show a redemption.

    Example: `couponctl redemption get --tenant acme 245883838423042`
    """
    return serialize_redemption(redemption_records.get(tenant_id, redemption_id))


@tenant_command(
    redemption, redemption_argument, click.option("--reason", help="Why, in words.")
)
def reverse(tenant_id: str, redemption_id: int, reason: str | None) -> dict[str, Any]:
    """Give a use back in every limit that counts it (idempotent).

    The coupon stays its user's. A use that was paid for with points gives them back.

    Example: `couponctl redemption reverse --tenant acme 245883838423042
    --reason "Order cancelled"`
    """
    body = ReverseRedemptionSchema().load(without_unset(reason=reason))
    return serialize_redemption(
        reversals.reverse(
            tenant_id, redemption_id, **body, now=utc_now(), actor=CLI_ACTOR
        )
    )
