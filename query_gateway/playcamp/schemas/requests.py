"""What PlayCamp's callers may send: bodies, pages, and the switch of test mode."""

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from coupon_core.domain import models
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictBoolean,
    StrictInteger,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserId, UuidText
from coupon_core.services.webhooks.url_policy import LONGEST_URL

TEST = {"description": "Check as usual and answer as usual, but store nothing."}
URL = {"description": "http or https, at a public address."}
RETRIES = {"description": "Tries after the first; 5 if not given."}
TIMEOUT = {"description": "Milliseconds for a whole request; 5000 if not given."}
MOST_ROWS = 100
LONGEST_KEYWORD = 64


def _is_test() -> Choice:
    return Choice("true", "false", load_default="false", metadata=TEST)


class TestQuery(Tolerant):
    """The switch of test mode, as SDKs put it behind every path."""

    __test__ = False  # pytest takes it for tests otherwise
    isTest = _is_test()


class PageQuery(Tolerant):
    """A page of a list; loads as `page`."""

    page = StrictQueryInteger(least=1, most=1_000_000, load_default=1)
    limit = StrictQueryInteger(least=1, most=MOST_ROWS, load_default=20)
    isTest = _is_test()

    @post_load
    def cut(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put page and limit together as the core takes them."""
        number, limit = members["page"], members["limit"]
        return {"page": models.Page(limit, (number - 1) * limit)}


class SearchQuery(Tolerant):
    """Which creators to find; one of the vendor's pages calls the keyword `q`."""

    keyword = StrictString(most=LONGEST_KEYWORD)
    q = StrictString(most=LONGEST_KEYWORD)
    campaignId = StrictString(most=64)
    limit = StrictQueryInteger(least=1, most=MOST_ROWS, load_default=20)
    isTest = _is_test()


class ClientValidateBody(Tolerant):
    """A code that a player has typed."""

    couponCode = StrictString(required=True)
    isTest = StrictBoolean(load_default=False, metadata=TEST)


class ValidateBody(ClientValidateBody):
    """A code, and who has typed it."""

    userId = UserId(required=True)


class UseBody(ValidateBody):
    """A code to use; the last two come back with the webhook."""

    gameUserUuid = UuidText(allow_none=True)
    callbackId = StrictString(allow_none=True)


class WebhookChanges(Tolerant):
    """What of a webhook is to change."""

    url = StrictString(most=LONGEST_URL, metadata=URL)
    isActive = StrictBoolean(attribute="is_active")
    retryCount = StrictInteger(most=10, attribute="retry_count", metadata=RETRIES)
    timeoutMs = StrictInteger(
        least=1_000, most=30_000, attribute="timeout_ms", metadata=TIMEOUT
    )


class WebhookBody(Tolerant):
    """A new webhook; the vendor's other events have nothing to do with coupons."""

    eventType = Choice("coupon.redeemed", required=True, attribute="event_type")
    url = StrictString(most=LONGEST_URL, required=True, metadata=URL)
    retryCount = StrictInteger(most=10, attribute="retry_count", metadata=RETRIES)
    timeoutMs = StrictInteger(
        least=1_000, most=30_000, attribute="timeout_ms", metadata=TIMEOUT
    )


# What of a redeem is to be found again in the event of the use, and under which name.
CONTEXT = {"callbackId": "callback_id", "gameUserUuid": "game_user_uuid"}


def context_of(body: Mapping[str, Any]) -> dict[str, str]:
    """What the caller wants to find again."""
    return {ours: body[name] for name, ours in CONTEXT.items() if body.get(name)}


def is_test(query: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether nothing is to be stored: SDKs say it in the query, people in the body."""
    return body["isTest"] or query["isTest"] == "true"
