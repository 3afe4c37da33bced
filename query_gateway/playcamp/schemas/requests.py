"""Schemas of PlayCamp requests: bodies, pages and test mode."""

from collections.abc import Mapping
from typing import Any, ClassVar

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
DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 20, 100
PAGE_METADATA = {"description": "Number of the page, from 1; default 1.", "default": 1}
LIMIT_METADATA = {
    "description": f"Entries on a page; default {DEFAULT_PAGE_SIZE}.",
    "default": DEFAULT_PAGE_SIZE,
}
WHOLE_LIMIT_METADATA = {
    "description": f"Entries on a page; default {DEFAULT_PAGE_SIZE} if `page` is "
    f"given, else {MAX_PAGE_SIZE}."
}
MAX_KEYWORD_LENGTH = 64


def _build_test_mode_field() -> ChoiceField:
    return ChoiceField(
        "true", "false", load_default="false", metadata=TEST_MODE_METADATA
    )


def _build_test_mode_body_field() -> StrictBoolean:
    return StrictBoolean(load_default=False, metadata=TEST_MODE_METADATA)


class TestModeQuerySchema(LenientSchema):
    """The test mode switch, which SDKs append to the URL of every call."""

    # The name begins with Test; without this, pytest would collect the class.
    __test__ = False
    isTest = _build_test_mode_field()


class TestModeBodySchema(LenientSchema):
    """An optional body with the test mode switch."""

    __test__ = False
    allow_empty_body = True

    isTest = _build_test_mode_body_field()


class PlayCampPageQuerySchema(LenientSchema):
    """A page of a list; loads as a `Page` in the member `page`."""

    limit_without_page: ClassVar[int] = DEFAULT_PAGE_SIZE

    page = StrictQueryInteger(min_value=1, max_value=1_000_000, metadata=PAGE_METADATA)
    limit = StrictQueryInteger(
        min_value=1, max_value=MAX_PAGE_SIZE, metadata=LIMIT_METADATA
    )
    isTest = _build_test_mode_field()

    @post_load
    def build_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace page and limit by a `Page`."""
        has_page = "page" in members
        default_limit = DEFAULT_PAGE_SIZE if has_page else self.limit_without_page
        number, limit = members.get("page", 1), members.get("limit", default_limit)
        return {"page": models.Page(limit, (number - 1) * limit)}


class WholeListQuerySchema(PlayCampPageQuerySchema):
    """A page of a list whose SDK methods have no page: without one, up to 100."""

    limit_without_page = MAX_PAGE_SIZE

    limit = StrictQueryInteger(
        min_value=1, max_value=MAX_PAGE_SIZE, metadata=WHOLE_LIMIT_METADATA
    )


class SearchQuerySchema(LenientSchema):
    """A search for creators; a page of the vendor's guide calls the keyword `q`."""

    keyword = StrictString(max_length=MAX_KEYWORD_LENGTH)
    q = StrictString(max_length=MAX_KEYWORD_LENGTH)
    campaignId = StrictString(max_length=64)
    limit = StrictQueryInteger(
        min_value=1, max_value=MAX_PAGE_SIZE, load_default=DEFAULT_PAGE_SIZE
    )
    isTest = _build_test_mode_field()


class ClientValidateBodySchema(LenientSchema):
    """A code to validate."""

    couponCode = EnteredCodeField(required=True)
    isTest = _build_test_mode_body_field()


class ValidateBodySchema(ClientValidateBodySchema):
    """A code to validate for a user."""

    userId = UserIdField(required=True)


class CodeRedeemBodySchema(ValidateBodySchema):
    """A code to redeem; the webhook event repeats gameUserUuid and callbackId."""

    gameUserUuid = UuidField(allow_none=True)
    callbackId = StrictString(allow_none=True)


class _WebhookMembersSchema(LenientSchema):
    url = StrictString(max_length=MAX_URL_LENGTH, metadata=URL_METADATA)
    retryCount = StrictInteger(
        max_value=10, attribute="retry_count", metadata=RETRIES_METADATA
    )
    timeoutMs = StrictInteger(
        min_value=1_000,
        max_value=30_000,
        attribute="timeout_ms",
        metadata=TIMEOUT_METADATA,
    )
    isTest = _build_test_mode_body_field()


class WebhookChangesSchema(_WebhookMembersSchema):
    """Changes to a webhook."""

    isActive = StrictBoolean(attribute="is_active")


class WebhookBodySchema(_WebhookMembersSchema):
    """A new webhook; the vendor's other event types do not concern coupons."""

    eventType = ChoiceField("coupon.redeemed", required=True, attribute="event_type")
    url = StrictString(max_length=MAX_URL_LENGTH, required=True, metadata=URL_METADATA)


# Members of a redeem request that its event repeats, and their names in the event.
CONTEXT_MEMBERS = {"callbackId": "callback_id", "gameUserUuid": "game_user_uuid"}


def collect_context(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the members that the event of the redemption repeats."""
    return {
        context_name: body[member]
        for member, context_name in CONTEXT_MEMBERS.items()
        if body.get(member)
    }
