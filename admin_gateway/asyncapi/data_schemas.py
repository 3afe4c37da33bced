"""The data of the outgoing events."""

from marshmallow import fields

from admin_gateway.responses.attempts import (
    COUNT_METADATA,
    KIND_METADATA,
    SUBJECT_METADATA,
)
from admin_gateway.responses.codes import CodeJobSchema
from coupon_core.domain.models import Dialect
from coupon_core.domain.models.attempts import SignalKind
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.metadata import MetadataField, reference_field
from coupon_core.schemas.phoenix_documents import CouponSchema
from coupon_core.schemas.response_fields import NullableString


class CouponDataSchema(LenientSchema):
    """The coupon that the event concerns, in its state after the event."""

    coupon = fields.Nested(CouponSchema, required=True)


def creator_key_field() -> fields.String:
    """Return the field of the creator of a code."""
    description = "Key of the creator who hands out the code, or null."
    return fields.String(
        required=True, allow_none=True, metadata={"description": description}
    )


class RedemptionDataSchema(CouponDataSchema):
    """The coupon after a redemption, and the redemption itself."""

    redemption_id = fields.Integer(required=True)
    use_number = fields.Integer(
        required=True,
        metadata={"description": "Sequence number of the use, starting at 1."},
    )
    dialect = ChoiceField(*Dialect, required=True)
    creator_key = creator_key_field()
    context = fields.Dict(
        metadata={
            "description": "IDs that the caller of PlayCamp's redeem sent: "
            "callback_id, game_user_uuid."
        }
    )
    reference = reference_field(allow_none=True)
    metadata = MetadataField()


class PointsDataSchema(LenientSchema):
    """Points that were returned to a user."""

    point_id = fields.String(required=True)
    points = fields.Integer(required=True)


class RefundDataSchema(CouponDataSchema):
    """The coupon after a refund; `points` is set if points were returned."""

    use_numbers = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Numbers of the uses that no longer count."},
    )
    dialect = ChoiceField(
        *Dialect,
        required=True,
        allow_none=True,
        metadata={"description": "API of the uses; null if there were several."},
    )
    creator_key = creator_key_field()
    points = fields.Nested(PointsDataSchema, required=True, allow_none=True)


class ReversalDataSchema(RedemptionDataSchema):
    """The coupon after a reversal, and the redemption whose use was given back."""

    class Meta(RedemptionDataSchema.Meta):
        """Leave out what only the redemption itself announces."""

        exclude = ("context",)

    reason = fields.String(required=True, allow_none=True)
    points = fields.Nested(PointsDataSchema, required=True, allow_none=True)


class ReservationDataSchema(CouponDataSchema):
    """The coupon, and the reservation of a use of it."""

    reservation_id = fields.UUID(required=True)
    user_id = fields.String(required=True)
    expires_at = fields.DateTime(
        required=True, metadata={"description": "Until when the use is held."}
    )
    reference = reference_field(required=True, allow_none=True)
    metadata = MetadataField(required=True)


class ConfirmationDataSchema(ReservationDataSchema):
    """The coupon after its reserved use was redeemed, and the redemption."""

    redemption_id = fields.Integer(required=True)


class JobDataSchema(LenientSchema):
    """A completed job on many codes."""

    job = fields.Nested(CodeJobSchema, required=True)


class BatchDataSchema(LenientSchema):
    """A completed batch."""

    batch_id = fields.UUID(required=True)
    definition_id = fields.UUID(required=True)
    requested = fields.Integer(required=True)
    generated = fields.Integer(required=True)


class DefinitionDataSchema(LenientSchema):
    """A definition that its administrators should look at."""

    definition_id = fields.UUID(required=True)
    name = fields.String(required=True)
    campaign_id = NullableString()
    total_limit = fields.Integer(required=True, allow_none=True)
    expires_at = UtcDateTime(required=True, allow_none=True)


class SignalDataSchema(LenientSchema):
    """Something that has happened suspiciously often within an hour."""

    kind = ChoiceField(*SignalKind, required=True, metadata=KIND_METADATA)
    subject = fields.String(required=True, metadata=SUBJECT_METADATA)
    count = fields.Integer(required=True, metadata=COUNT_METADATA)
    first = fields.DateTime(required=True)
    last = fields.DateTime(required=True)


BLOCK_DATA = {
    "limit": "guesses-per-user",
    "subject": "user_123",
    "amount": 100,
    "window_seconds": 600,
    "blocked_until": "2025-01-15T10:10:00.000Z",
}


class BlockDataSchema(LenientSchema):
    """A user, credential or tenant that has used up its limit of unknown codes."""

    limit = ChoiceField(
        "guesses-per-user",
        "guesses-per-key",
        "guesses-per-tenant",
        required=True,
        metadata={"description": "Which limit is used up."},
    )
    subject = fields.String(
        required=True,
        metadata={
            "description": "User ID, ID of the client key, or tenant ID; empty for the "
            "secret of the tenant."
        },
    )
    amount = fields.Integer(
        required=True, metadata={"description": "Unknown codes that are allowed."}
    )
    window_seconds = fields.Integer(
        required=True, metadata={"description": "Within how many seconds."}
    )
    blocked_until = fields.DateTime(
        required=True, metadata={"description": "When codes are looked up again."}
    )


class ExhaustionDataSchema(DefinitionDataSchema):
    """A definition whose codes can no longer be redeemed, or given out."""

    cause = ChoiceField(
        "total_limit",
        "unassigned_codes",
        required=True,
        metadata={
            "description": "total_limit: as many uses as it allows. unassigned_codes: "
            "the last unassigned code was used or assigned, or has expired."
        },
    )
