"""Schemas of a Mambo coupon's terms: price, expiration and scarcity."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from coupon_core.domain.models.points import MAX_POINTS
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictInteger,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.nested_fields import StrictNested
from query_gateway.mambo.schemas.base import MamboBodySchema

MAX_SCARCITY_LIMIT = 1_000_000_000
# The largest value of each unit is 100 years.
MAX_PERIODS = {"days": 36_500, "weeks": 5_200, "months": 1_200, "years": 100}


class MamboPointsToBuySchema(MamboBodySchema):
    """The price of a coupon."""

    pointId = StrictString(
        max_length=64,
        required=True,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        expectation="1 to 64 letters, digits, _, - or ., "
        "starting with a letter or digit",
    )
    points = StrictInteger(required=True, min_value=1, max_value=MAX_POINTS)


class MamboPeriodBodySchema(MamboBodySchema):
    """The period for which a coupon is valid after it was awarded."""

    type = ChoiceField(*MAX_PERIODS, required=True)
    value = StrictInteger(required=True, min_value=1, max_value=36_500)

    @validates_schema
    def check_period(self, members: dict[str, Any], **_: Any) -> None:
        """Refuse periods of more than 100 years."""
        limit = MAX_PERIODS[members["type"]]
        if members["value"] > limit:
            raise ValidationError(
                f"expected at most {limit} {members['type']}", "value"
            )


REQUIRED_MEMBERS = {
    "never": set(),
    "fixed_date": {"date"},
    "variable_period": {"period"},
}


class MamboExpirationSchema(MamboBodySchema):
    """The expiration of a coupon: never, at a date, or a period after the award."""

    type = ChoiceField(*REQUIRED_MEMBERS, required=True)
    date = UtcDateTime()
    period = StrictNested(MamboPeriodBodySchema)

    @validates_schema
    def check_members(self, members: dict[str, Any], **_: Any) -> None:
        """Require the member that belongs to the type, and refuse all others."""
        required, present = REQUIRED_MEMBERS[members["type"]], members.keys() - {"type"}
        for name in required - present:
            raise ValidationError(f"missing; required for {members['type']}", name)
        for name in present - required:
            raise ValidationError(f"not allowed for {members['type']}", name)


class MamboScarcitySchema(MamboBodySchema):
    """The size of a limited series; a counter in the request is ignored."""

    limit = StrictInteger(required=True, min_value=1, max_value=MAX_SCARCITY_LIMIT)
    counter = StrictInteger(metadata={"description": "Ignored: the service counts."})
