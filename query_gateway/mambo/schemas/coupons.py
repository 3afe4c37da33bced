"""Coupons as Mambo writes them, read into definition, terms and looks."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from coupon_core.domain import codes
from coupon_core.domain.models import CodeFormat
from coupon_core.domain.models.offers import BuyMode, Period, Usage
from coupon_core.schemas.base import Strict, Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictBoolean,
    StrictList,
    StrictNested,
    StrictObject,
    StrictString,
)
from coupon_core.services.points.offers import Wanted
from query_gateway.mambo.schemas.terms import (
    MamboExpiration,
    MamboPointsToBuy,
    MamboScarcity,
)

MOST_CODES = 1_000
MOST_TAGS = 100
MOST_AMOUNT = 1_000_000_000
TYPES = ("percent", "fixed", "shipping", "custom")

COUPON: dict[str, Any] = {
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
REGULAR = {**COUPON, "pointsToBuy": None}
CLONED = {**COUPON, "name": "Free shipping copy 1a2b3c", "active": False}
TOLD = ("id", "startsOn", "createdOn", "updatedOn")
NEW_COUPON: dict[str, Any] = {
    **{name: value for name, value in COUPON.items() if name not in TOLD},
    "scarcity": {"limit": 500},
}


class Tag(StrictString):
    """A tag; what parts tags in queries is none."""

    def __init__(self, **options: Any) -> None:
        said = "a tag of 1 to 64 characters without commas or outer blanks"
        pattern = r"^[^\s,]([^,]*[^\s,])?$"
        super().__init__(most=64, pattern=pattern, expected=said, **options)


class Code(StrictString):
    """A code in the form of CONTRACTS 0.15."""

    def __init__(self, **options: Any) -> None:
        said = "a code of 1 to 64 letters, digits, _ or -, first a letter or digit"
        pattern = f"^{codes.CODE_PATTERN.pattern}$"
        super().__init__(most=64, pattern=pattern, expected=said, **options)


class Amount(fields.Float):
    """A number that is not negative; an integer stays one."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"expected a number of 0 to {MOST_AMOUNT}")
        if not 0 <= value <= MOST_AMOUNT:
            raise ValidationError(f"expected a number of 0 to {MOST_AMOUNT}")
        return value


class MamboCouponBody(Strict):
    """A coupon: one code for all, or a list of which each user gets the next."""

    name = StrictString(required=True)
    code = Code(allow_none=True)
    codes = StrictList(Code(), least=1, most=MOST_CODES)
    type = Choice(*TYPES, required=True)
    active = StrictBoolean(load_default=True)
    amount = Amount(
        load_default=None,
        allow_none=True,
        metadata={"minimum": 0, "maximum": MOST_AMOUNT},
    )
    custom = StrictString(
        least=0, most=2_000, multiline=True, load_default="", allow_none=True
    )
    pointsToBuy = StrictNested(MamboPointsToBuy, load_default=None, allow_none=True)
    buyRedemptionMode = Choice(*BuyMode, load_default=BuyMode.TWO_STEP.value)
    helpMessage = StrictString(
        least=0, most=2_000, multiline=True, load_default="", allow_none=True
    )
    usage = Choice(*Usage, load_default=Usage.SINGLE.value)
    expiration = StrictNested(MamboExpiration, load_default=lambda: {"type": "never"})
    scarcity = StrictNested(MamboScarcity, load_default=None, allow_none=True)
    refundable = StrictBoolean(load_default=True)
    tagIds = StrictList(Tag(), most=MOST_TAGS, load_default=list)
    tagTags = StrictList(Tag(), most=MOST_TAGS, load_default=list)
    translations = StrictList(StrictObject(), most=100, load_default=list)
    removeImage = StrictBoolean(metadata={"description": "Ignored: none is kept."})

    @validates_schema
    def one_of_both(self, members: dict[str, Any], **_: Any) -> None:
        """A code or codes; a list is a limited series by itself."""
        if bool(members.get("code")) == ("codes" in members):
            raise ValidationError("expected either code or codes", "code")
        if "codes" in members and members.get("scarcity"):
            text = "not expected with codes: their number is the limit"
            raise ValidationError(text, "scarcity")
        folded = [codes.lookup_key(code) for code in members.get("codes", ())]
        if len(set(folded)) < len(folded):
            raise ValidationError("expected each code once", "codes")

    @post_load
    def part(self, members: dict[str, Any], **_: Any) -> Wanted:
        """Part what is the definition's, the terms' and the looks'."""
        return Wanted(
            definition=_definition(members),
            offer=_offer(members),
            shown=_shown(members),
            codes=members.get("codes", ()),
            is_active=members["active"],
            reward=_reward(members),
        )


def _definition(members: dict[str, Any]) -> dict[str, Any]:
    code, scarcity = members.get("code"), members["scarcity"]
    return {
        "name": members["name"],
        "code_format": CodeFormat.CUSTOM if code else CodeFormat.LISTED,
        "custom_code": code or "",
        "total_limit": scarcity["limit"] if scarcity else 0,
        "expires_at": members["expiration"].get("date"),
    }


def _offer(members: dict[str, Any]) -> dict[str, Any]:
    price = members["pointsToBuy"] or {"pointId": "", "points": 0}
    period = members["expiration"].get("period", {"type": "", "value": 0})
    return {
        "point_id": price["pointId"],
        "points": price["points"],
        "mode": BuyMode(members["buyRedemptionMode"]),
        "usage": Usage(members["usage"]),
        "refundable": members["refundable"],
        "period_type": Period(period["type"]),
        "period_value": period["value"],
    }


def _shown(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "coupon_type": members["type"],
        "amount": members["amount"],
        "custom": members["custom"] or "",
        "help_message": members["helpMessage"] or "",
        "tags": list(dict.fromkeys([*members["tagTags"], *members["tagIds"]])),
        "translations": members["translations"],
    }


def _reward(members: dict[str, Any]) -> dict[str, Any]:
    told = {"amount": members["amount"], "custom": members["custom"]}
    payload = {name: value for name, value in told.items() if value not in (None, "")}
    return {"reward_type": members["type"], "payload": payload}


class MamboCoupon(Tolerant):
    """A coupon of a site; `codes` where it has a list of them and is shown alone."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    codes = fields.List(fields.String())
    type = fields.String(required=True)
    active = fields.Boolean(required=True)
    amount = fields.Float(required=True, allow_none=True)
    custom = fields.String(required=True)
    pointsToBuy = fields.Dict(required=True, allow_none=True)
    buyRedemptionMode = Choice(*BuyMode, required=True)
    helpMessage = fields.String(required=True)
    usage = Choice(*Usage, required=True)
    expiration = fields.Dict(required=True)
    scarcity = fields.Dict(required=True, allow_none=True)
    refundable = fields.Boolean(required=True)
    tagTags = fields.List(fields.String(), required=True)
    translations = fields.List(fields.Dict(), required=True)
    startsOn = fields.DateTime(required=True, allow_none=True)
    createdOn = fields.DateTime(required=True)
    updatedOn = fields.DateTime(required=True)
