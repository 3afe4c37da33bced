"""Response schemas and examples of explanations and of searches."""

from typing import Any

from marshmallow import fields

from admin_gateway.responses.attempts import ATTEMPT, AttemptSchema
from admin_gateway.responses.codes import TimelineEntrySchema
from coupon_core.domain.models.explanations import MatchKind, Rule
from coupon_core.domain.models.reservations import ReservationState
from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.phoenix_documents import EXAMPLE_COUPON, CouponSchema
from coupon_core.schemas.response_fields import NullableString

HIT: Document = {
    "match": "look_alike",
    "code": "SUM*****0",
    "definition_id": EXAMPLE_COUPON["definition_id"],
    "definition_name": EXAMPLE_COUPON["definition_name"],
    "coupon_id": EXAMPLE_COUPON["id"],
    "user_id": None,
    "creator_key": None,
    "redemption_id": None,
}
SEARCH_RESULT: Document = {"hits": [HIT]}
RULE: Document = {
    "rule": "not_expired",
    "passed": False,
    "error_code": "COUPON_EXPIRED",
    "error_codes": {
        "phoenix": "COUPON_EXPIRED",
        "playcamp": "COUPON_EXPIRED",
        "mambo": "CouponExpiredException",
    },
    "values": {"expires_at": "2025-12-31T23:59:59Z", "expires_from": "definition"},
    "text": "The coupon has expired.",
    "remedy": "Set a later expires_at on the coupon or its definition.",
}
EXPLANATION: Document = {
    "code": EXAMPLE_COUPON["code"],
    "user_id": "user_123",
    "at": "2026-01-02T09:00:00Z",
    "redeemable": False,
    "error_code": "COUPON_EXPIRED",
    "state": "The coupon has expired (expires_at 2025-12-31T23:59:59Z, expires_from "
    "definition).",
    "remedy": RULE["remedy"],
    "rules": [RULE],
    "coupon": {**EXAMPLE_COUPON, "status": "expired"},
    "reservations": [],
    "activities": {},
    "timeline": [{"at": "2025-01-15T10:00:00Z", "event": "generated", "by": None}],
    "attempts": [ATTEMPT],
    "near_matches": [],
}


def describe(text: str) -> dict[str, Any]:
    """Return the options of a field with this description, which is always present."""
    return {"required": True, "metadata": {"description": text}}


class SearchHitSchema(ResponseSchema):
    """A code that a text may mean."""

    example = HIT

    match = ChoiceField(*MatchKind, **describe("How the text led to it."))
    code = fields.String(
        **describe("The code; masked unless the key has the scope `export`.")
    )
    definition_id = fields.UUID(required=True)
    definition_name = fields.String(required=True)
    coupon_id = fields.UUID(
        allow_none=True, **describe("The coupon; null for a shared code.")
    )
    user_id = NullableString(
        metadata={"description": "Who has the coupon; null if nobody has it yet."}
    )
    creator_key = NullableString(
        metadata={"description": "The creator who hands the code out, if any."}
    )
    redemption_id = fields.Integer(
        allow_none=True, **describe("The redemption that the text named, if it did.")
    )


class SearchResultSchema(ResponseSchema):
    """What a search found, the closest first."""

    example = SEARCH_RESULT

    hits = fields.List(
        fields.Nested(SearchHitSchema), **describe("The hits, the closest first.")
    )


class ErrorCodesSchema(ResponseSchema):
    """The code of one refusal in each API that can answer with it."""

    phoenix = fields.String(metadata={"description": "`code` of Phoenix."})
    playcamp = fields.String(metadata={"description": "`code` of PlayCamp."})
    mambo = fields.String(metadata={"description": "`error.type` of Mambo."})


class RuleSchema(ResponseSchema):
    """A rule about the code, and whether it holds."""

    rule = ChoiceField(*Rule, **describe("What must hold."))
    passed = fields.Boolean(**describe("True if it holds."))
    error_code = fields.String(
        allow_none=True, **describe("Code of the refusal; null if the rule holds.")
    )
    error_codes = fields.Nested(
        ErrorCodesSchema, **describe("Code of the refusal in each API that has one.")
    )
    values = fields.Dict(**describe("What the rule compares, such as limit and used."))
    text = fields.String(
        allow_none=True, **describe("Why it does not hold, in a sentence.")
    )
    remedy = fields.String(
        allow_none=True, **describe("What an operator can do about it.")
    )


class ExplainedReservationSchema(ResponseSchema):
    """A reservation of the coupon, and whether it can be confirmed and released."""

    reservation_id = fields.UUID(required=True)
    user_id = fields.String(required=True)
    state = ChoiceField(
        *ReservationState, **describe("State; `held` until it is reclaimed.")
    )
    expires_at = fields.DateTime(required=True)
    rules = fields.List(
        fields.Nested(RuleSchema), **describe("Whether it can be confirmed, released.")
    )


class ActivitiesSchema(ResponseSchema):
    """The rules of each of Mambo's activities with the code."""

    buy = fields.List(
        fields.Nested(RuleSchema), metadata={"description": "Rules about buying."}
    )
    redeem = fields.List(
        fields.Nested(RuleSchema), metadata={"description": "Rules about redeeming."}
    )
    refund = fields.List(
        fields.Nested(RuleSchema), metadata={"description": "Rules about a return."}
    )


class ExplanationSchema(ResponseSchema):
    """Whether a code can be redeemed, and every rule that decides about it."""

    example = EXPLANATION

    code = fields.String(**describe("The code as it was sent."))
    user_id = fields.String(
        allow_none=True, **describe("The user; null is the holder, or any new user.")
    )
    at = fields.DateTime(**describe("The time with which dates are compared."))
    redeemable = fields.Boolean(**describe("True if all `rules` hold."))
    error_code = fields.String(
        allow_none=True, **describe("`error_code` of the first rule that fails.")
    )
    state = fields.String(**describe("The state of the code in one sentence."))
    remedy = fields.String(
        allow_none=True, **describe("What an operator can do; null if redeemable.")
    )
    rules = fields.List(
        fields.Nested(RuleSchema),
        **describe("The rules of a redemption; the first that fails is the answer."),
    )
    coupon = fields.Nested(
        CouponSchema,
        allow_none=True,
        **describe("The coupon; null if there is none, or the user would claim it."),
    )
    reservations = fields.List(
        fields.Nested(ExplainedReservationSchema),
        **describe("The last 20 reservations of the coupon."),
    )
    activities = fields.Nested(
        ActivitiesSchema,
        **describe("Mambo's activities, if the user or the code knows points."),
    )
    timeline = fields.List(
        fields.Nested(TimelineEntrySchema),
        **describe("What happened to the coupon, with its last 100 uses."),
    )
    attempts = fields.List(
        fields.Nested(AttemptSchema),
        **describe("The last 20 failed attempts on the code, and 20 by the user."),
    )
    near_matches = fields.List(
        fields.Nested(SearchHitSchema),
        **describe("Codes that may be meant, if the code does not exist."),
    )
