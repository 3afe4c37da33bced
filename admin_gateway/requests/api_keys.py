"""Request schemas for API keys (docs/api-contracts.md 0.11)."""

from datetime import datetime

from marshmallow import ValidationError

from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.rules.expiry import describe_past_time
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import StrictList
from coupon_core.schemas.names import NameField


def require_future(moment: datetime | None) -> None:
    """Refuse an expiry in the past, which is most likely a mistyped year.

    Raises:
        ValidationError: The time is not in the future.
    """
    if problem := describe_past_time(moment, utc_now()):
        raise ValidationError(problem)


class CreateApiKeySchema(StrictSchema):
    """Create an API key."""

    name = NameField(required=True)
    scopes = StrictList(
        EnumField(Scope),
        min_length=1,
        max_length=len(Scope),
        metadata={
            "description": "Scopes of the key; default: the scopes of your own key. "
            "`export` exports all codes, `support` acts on one coupon and is contained "
            "in `coupons`."
        },
    )
    expires_at = EnteredTimeField(
        "Expiry of the key; null means none.",
        is_end=True,
        in_utc=True,
        allow_none=True,
        validator=require_future,
    )
