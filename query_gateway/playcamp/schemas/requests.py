"""Schemas of PlayCamp requests: bodies, pages and test mode."""

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from coupon_core.domain import models
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.codes import EnteredCodeField
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictInteger,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField, UuidField
from coupon_core.services.webhooks.url_policy import MAX_URL_LENGTH

TEST_MODE_METADATA = {
    "description": "Check the request and answer as usual, but store nothing."
}
URL_METADATA = {"description": "An http or https URL with a public address."}
RETRIES_METADATA = {
    "description": "Number of retries after the first attempt; default 5."
}
TIMEOUT_METADATA = {
    "description": "Time limit of a whole request in milliseconds; default 5000."
}
MAX_PAGE_SIZE = 100
MAX_KEYWORD_LENGTH = 64


def _build_test_mode_field() -> ChoiceField:
    return ChoiceField(
        "true", "false", load_default="false", metadata=TEST_MODE_METADATA
    )


class TestModeQuerySchema(LenientSchema):
    """The test mode switch, which SDKs append to the URL of every call."""

    # The name begins with Test; without this, pytest would collect the class.
    __test__ = False
    isTest = _build_test_mode_field()


class PlayCampPageQuerySchema(LenientSchema):
    """A page of a list; loads as a `Page` in the member `page`."""

    page = StrictQueryInteger(min_value=1, max_value=1_000_000, load_default=1)
    limit = StrictQueryInteger(min_value=1, max_value=MAX_PAGE_SIZE, load_default=20)
    isTest = _build_test_mode_field()

    @post_load
    def build_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace page and limit by a `Page`."""
        number, limit = members["page"], members["limit"]
        return {"page": models.Page(limit, (number - 1) * limit)}


class SearchQuerySchema(LenientSchema):
    """A search for creators; a page of the vendor's guide calls the keyword `q`."""

    keyword = StrictString(max_length=MAX_KEYWORD_LENGTH)
    q = StrictString(max_length=MAX_KEYWORD_LENGTH)
    campaignId = StrictString(max_length=64)
    limit = StrictQueryInteger(min_value=1, max_value=MAX_PAGE_SIZE, load_default=20)
    isTest = _build_test_mode_field()


class ClientValidateBodySchema(LenientSchema):
    """A code to validate."""

    couponCode = EnteredCodeField(required=True)
    isTest = StrictBoolean(load_default=False, metadata=TEST_MODE_METADATA)


class ValidateBodySchema(ClientValidateBodySchema):
    """A code to validate for a user."""

    userId = UserIdField(required=True)


class CodeRedeemBodySchema(ValidateBodySchema):
    """A code to redeem; the webhook event repeats gameUserUuid and callbackId."""

    gameUserUuid = UuidField(allow_none=True)
    callbackId = StrictString(allow_none=True)


class WebhookChangesSchema(LenientSchema):
    """Changes to a webhook."""

    url = StrictString(max_length=MAX_URL_LENGTH, metadata=URL_METADATA)
    isActive = StrictBoolean(attribute="is_active")
    retryCount = StrictInteger(
        max_value=10, attribute="retry_count", metadata=RETRIES_METADATA
    )
    timeoutMs = StrictInteger(
        min_value=1_000,
        max_value=30_000,
        attribute="timeout_ms",
        metadata=TIMEOUT_METADATA,
    )


class WebhookBodySchema(LenientSchema):
    """A new webhook; the vendor's other event types do not concern coupons."""

    eventType = ChoiceField("coupon.redeemed", required=True, attribute="event_type")
    url = StrictString(max_length=MAX_URL_LENGTH, required=True, metadata=URL_METADATA)
    retryCount = StrictInteger(
        max_value=10, attribute="retry_count", metadata=RETRIES_METADATA
    )
    timeoutMs = StrictInteger(
        min_value=1_000,
        max_value=30_000,
        attribute="timeout_ms",
        metadata=TIMEOUT_METADATA,
    )


# Members of a redeem request that its event repeats, and their names in the event.
CONTEXT_MEMBERS = {"callbackId": "callback_id", "gameUserUuid": "game_user_uuid"}


def collect_context(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the members that the event of the redemption repeats."""
    return {
        context_name: body[member]
        for member, context_name in CONTEXT_MEMBERS.items()
        if body.get(member)
    }


def is_test(query: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return True in test mode, which a caller sets in the query or in the body."""
    return bool(body["isTest"]) or query["isTest"] == "true"
