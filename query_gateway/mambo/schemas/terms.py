"""On what terms Mambo's coupons are had: their price, their end, how many there are."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from coupon_core.domain.models.points import MOST_POINTS
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import (
    Choice,
    StrictInteger,
    StrictNested,
    StrictString,
    UtcDateTime,
)

MOST_SCARCE = 1_000_000_000
# A hundred years of each.
LONGEST_PERIODS = {"days": 36_500, "weeks": 5_200, "months": 1_200, "years": 100}


class MamboPointsToBuy(Strict):
    """What a coupon costs."""

    pointId = StrictString(
        most=64,
        required=True,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        expected="1 to 64 letters, digits, _, - or ., first a letter or digit",
    )
    points = StrictInteger(required=True, least=1, most=MOST_POINTS)


class MamboPeriodBody(Strict):
    """For how long a coupon is good once awarded."""

    type = Choice(*LONGEST_PERIODS, required=True)
    value = StrictInteger(required=True, least=1, most=36_500)

    @validates_schema
    def bound(self, members: dict[str, Any], **_: Any) -> None:
        """Refuse more than a hundred years."""
        most = LONGEST_PERIODS[members["type"]]
        if members["value"] > most:
            raise ValidationError(f"expected at most {most} {members['type']}", "value")


NEEDED = {"never": set(), "fixed_date": {"date"}, "variable_period": {"period"}}


class MamboExpiration(Strict):
    """When a coupon ends: never, at a date, or a period after it was awarded."""

    type = Choice(*NEEDED, required=True)
    date = UtcDateTime()
    period = StrictNested(MamboPeriodBody)

    @validates_schema
    def fit(self, members: dict[str, Any], **_: Any) -> None:
        """Each type has its own member, and no other."""
        needed, given = NEEDED[members["type"]], members.keys() - {"type"}
        for name in needed - given:
            raise ValidationError(f"missing; expected for {members['type']}", name)
        for name in given - needed:
            raise ValidationError(f"not expected for {members['type']}", name)


class MamboScarcity(Strict):
    """How many there are of a limited series; the counter is ours."""

    limit = StrictInteger(required=True, least=1, most=MOST_SCARCE)
    counter = StrictInteger(metadata={"description": "Ignored: we count."})
