"""Webhooks as admins write them (CONTRACTS 3.4, Standard Webhooks)."""

from admin_gateway.requests.fields import Word
from coupon_core.domain.models.webhooks import SignatureForm
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import (
    Choice,
    StrictBoolean,
    StrictInteger,
    StrictString,
)
from coupon_core.services.webhooks.payloads import EVENT_TYPES
from coupon_core.services.webhooks.subscriptions import (
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT_MS,
)
from coupon_core.services.webhooks.url_policy import LONGEST_URL

URL = {
    "description": "http or https, at a public address; checked at every request.",
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[!#-;=?-\[\]-~]+$",
}
RETRIES = {"description": "Tries after the first, at growing intervals."}
TIMEOUT = {"description": "Milliseconds for a whole request, name lookup and all."}


class WebhookChanges(Strict):
    """PATCH: the members that are to change."""

    url = StrictString(most=LONGEST_URL, expected="a URL", metadata=URL)
    is_active = StrictBoolean()
    retry_count = StrictInteger(most=10, metadata=RETRIES)
    timeout_ms = StrictInteger(least=1_000, most=30_000, metadata=TIMEOUT)


class WebhookBody(Strict):
    """A new webhook."""

    event_type = Choice(*EVENT_TYPES, required=True)
    url = StrictString(most=LONGEST_URL, required=True, metadata=URL)
    signature = Word(
        SignatureForm,
        load_default=SignatureForm.STANDARD,
        metadata={"description": "How requests are built and signed."},
    )
    retry_count = StrictInteger(most=10, load_default=DEFAULT_RETRIES, metadata=RETRIES)
    timeout_ms = StrictInteger(
        least=1_000, most=30_000, load_default=DEFAULT_TIMEOUT_MS, metadata=TIMEOUT
    )
