"""Schemas of Mambo coupons; a body loads as an `OfferDraft`."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from coupon_core.domain import codes
from coupon_core.domain.models import CodeFormat
from coupon_core.domain.models.offers import PurchaseMode, UsageMode, ValidityUnit
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictList,
    StrictObject,
    StrictString,
)
from coupon_core.schemas.names import NameField
from coupon_core.schemas.nested_fields import StrictNested
from coupon_core.services.points.offers import OfferDraft
from query_gateway.mambo.schemas.base import MamboBodySchema
from query_gateway.mambo.schemas.fields import (
    MAX_AMOUNT,
    AmountField,
    TagField,
)
from query_gateway.mambo.schemas.terms import (
    MamboExpirationSchema,
    MamboPointsToBuySchema,
    MamboScarcitySchema,
)

MAX_CODES = 1_000
MAX_TAGS = 100
COUPON_TYPES = ("percent", "fixed", "shipping", "custom")

EXAMPLE_COUPON: dict[str, Any] = {
    "id": "660e8400-e29b-41d4-a716-446655440001",
    "name": "Free shipping",
    "code": "SHIP1",
    "type": "shipping",
    "active": True,
    "amount": None,
    "custom": "",
    "pointsToBuy": {"pointId": "gold", "points": 100},
    "buyRedemptionMode": "TwoStep",
    "helpMessage": "Enter it at the checkout",
    "usage": "single",
    "expiration": {
        "type": "variable_period",
        "period": {"type": "days", "value": 30},
    },
    "scarcity": {"limit": 500, "counter": 12},
    "refundable": True,
    "tagTags": ["vip"],
    "translations": [],
    "startsOn": None,
    "createdOn": "2025-01-15T10:00:00.000Z",
    "updatedOn": "2025-01-15T10:00:00.000Z",
}
EXAMPLE_REGULAR_COUPON = {**EXAMPLE_COUPON, "pointsToBuy": None}
EXAMPLE_CLONED_COUPON = {
    **EXAMPLE_COUPON,
    "name": "Free shipping copy 1a2b3c",
    "active": False,
}
READ_ONLY_MEMBERS = ("id", "startsOn", "createdOn", "updatedOn")
EXAMPLE_COUPON_BODY: dict[str, Any] = {
    **{
        name: value
        for name, value in EXAMPLE_COUPON.items()
        if name not in READ_ONLY_MEMBERS
    },
    "scarcity": {"limit": 500},
}


class MamboCouponBodySchema(MamboBodySchema):
    """A coupon with one shared code, or with a list of codes given out in order."""

    name = NameField(required=True)
    code = CodeField(allow_none=True)
    codes = StrictList(CodeField(), min_length=1, max_length=MAX_CODES)
    type = ChoiceField(*COUPON_TYPES, required=True)
    active = StrictBoolean(load_default=True)
    amount = AmountField(
        load_default=None,
        allow_none=True,
        metadata={"minimum": 0, "maximum": MAX_AMOUNT},
    )
    custom = StrictString(
        min_length=0, max_length=2_000, multiline=True, load_default="", allow_none=True
    )
    pointsToBuy = StrictNested(
        MamboPointsToBuySchema, load_default=None, allow_none=True
    )
    buyRedemptionMode = ChoiceField(
        *PurchaseMode, load_default=PurchaseMode.TWO_STEP.value
    )
    helpMessage = StrictString(
        min_length=0, max_length=2_000, multiline=True, load_default="", allow_none=True
    )
    usage = ChoiceField(*UsageMode, load_default=UsageMode.SINGLE.value)
    expiration = StrictNested(
        MamboExpirationSchema, load_default=lambda: {"type": "never"}
    )
    scarcity = StrictNested(MamboScarcitySchema, load_default=None, allow_none=True)
    refundable = StrictBoolean(load_default=True)
    tagIds = StrictList(TagField(), max_length=MAX_TAGS, load_default=list)
    tagTags = StrictList(TagField(), max_length=MAX_TAGS, load_default=list)
    translations = StrictList(StrictObject(), max_length=100, load_default=list)
    removeImage = StrictBoolean(
        metadata={"description": "Ignored: images are not supported."}
    )

    @validates_schema
    def check_code_or_codes(self, members: dict[str, Any], **_: Any) -> None:
        """Require either code or codes; the number of codes is the limit of a list."""
        if bool(members.get("code")) == ("codes" in members):
            raise ValidationError("expected either code or codes", "code")
        if "codes" in members and members.get("scarcity"):
            text = "not allowed with codes: the number of codes is the limit"
            raise ValidationError(text, "scarcity")
        lookup_keys = [codes.to_lookup_key(code) for code in members.get("codes", ())]
        if len(set(lookup_keys)) < len(lookup_keys):
            raise ValidationError("expected no duplicate codes", "codes")

    @post_load
    def to_offer_draft(self, members: dict[str, Any], **_: Any) -> OfferDraft:
        """Split the members into definition, offer, display and reward."""
        return OfferDraft(
            definition=_build_definition(members),
            offer=_build_offer(members),
            display=_build_display(members),
            codes=members.get("codes", ()),
            is_active=members["active"],
            reward=_build_reward(members),
        )


def _build_definition(members: dict[str, Any]) -> dict[str, Any]:
    code, scarcity = members.get("code"), members["scarcity"]
    return {
        "name": members["name"],
        "code_format": CodeFormat.CUSTOM if code else CodeFormat.LISTED,
        "custom_code": code or "",
        "total_limit": scarcity["limit"] if scarcity else 0,
        "expires_at": members["expiration"].get("date"),
    }


def _build_offer(members: dict[str, Any]) -> dict[str, Any]:
    price = members["pointsToBuy"] or {"pointId": "", "points": 0}
    period = members["expiration"].get("period", {"type": "", "value": 0})
    return {
        "point_id": price["pointId"],
        "points": price["points"],
        "mode": PurchaseMode(members["buyRedemptionMode"]),
        "usage": UsageMode(members["usage"]),
        "refundable": members["refundable"],
        "period_type": ValidityUnit(period["type"]),
        "period_value": period["value"],
    }


def _build_display(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "coupon_type": members["type"],
        "amount": members["amount"],
        "custom": members["custom"] or "",
        "help_message": members["helpMessage"] or "",
        "tags": list(dict.fromkeys([*members["tagTags"], *members["tagIds"]])),
        "translations": members["translations"],
    }


def _build_reward(members: dict[str, Any]) -> dict[str, Any]:
    payload_members = {"amount": members["amount"], "custom": members["custom"]}
    payload = {
        name: value
        for name, value in payload_members.items()
        if value not in (None, "")
    }
    return {"reward_type": members["type"], "payload": payload}


class MamboCouponSchema(LenientSchema):
    """A coupon of a site; `codes` only if it has a list and is shown alone."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    codes = fields.List(fields.String())
    type = fields.String(required=True)
    active = fields.Boolean(required=True)
    amount = fields.Float(required=True, allow_none=True)
    custom = fields.String(required=True)
    pointsToBuy = fields.Dict(required=True, allow_none=True)
    buyRedemptionMode = ChoiceField(*PurchaseMode, required=True)
    helpMessage = fields.String(required=True)
    usage = ChoiceField(*UsageMode, required=True)
    expiration = fields.Dict(required=True)
    scarcity = fields.Dict(required=True, allow_none=True)
    refundable = fields.Boolean(required=True)
    tagTags = fields.List(fields.String(), required=True)
    translations = fields.List(fields.Dict(), required=True)
    startsOn = fields.DateTime(required=True, allow_none=True)
    createdOn = fields.DateTime(required=True)
    updatedOn = fields.DateTime(required=True)
