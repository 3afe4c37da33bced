"""Request schema of the refill of a definition."""

from typing import Any

from marshmallow import ValidationError, post_load

from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictInteger
from coupon_core.services.batches import MAX_COUPONS


class RefillSchema(StrictSchema):
    """The batch that is generated when unassigned codes run out."""

    count = StrictInteger(
        min_value=1,
        max_value=MAX_COUPONS,
        required=True,
        metadata={"description": "Number of codes to generate."},
    )
    below = StrictInteger(
        min_value=1,
        max_value=MAX_COUPONS,
        load_default=1,
        metadata={
            "description": "Generated when fewer unassigned codes than this are left; "
            "at most count. 1 means when none is left."
        },
    )

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, int]:
        """Convert to the flat members that begin with `refill_`."""
        count, below = members["count"], members["below"]
        if below > count:
            # Otherwise a refill would not end the shortage that it was made for.
            message = f"expected at most {count}, the number of codes in count"
            raise ValidationError(message, "below")
        return {"refill_count": count, "refill_below": below}
