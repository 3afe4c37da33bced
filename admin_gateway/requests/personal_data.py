"""Request to erase the personal data of a user."""

from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictBoolean


class ErasureRequestSchema(StrictSchema):
    """How to erase; the body may be absent."""

    allow_empty_body = True

    dry_run = StrictBoolean(
        load_default=False,
        metadata={"description": "Only count what would change."},
    )
