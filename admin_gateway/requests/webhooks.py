"""Request schemas for webhooks (docs/api-contracts.md 3.4, Standard Webhooks)."""

from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictInteger,
    StrictString,
)
from coupon_core.services.webhooks.payloads import EVENT_TYPES
from coupon_core.services.webhooks.subscriptions import (
    DEFAULT_RETRY_COUNT,
    DEFAULT_TIMEOUT_MS,
)
from coupon_core.services.webhooks.url_policy import MAX_URL_LENGTH

URL_METADATA = {
    "description": "http or https at a public address; checked on every request.",
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[!#-;=?-\[\]-~]+$",
}
RETRIES_METADATA = {
    "description": "Retries after the first attempt, with increasing delays."
}
TIMEOUT_METADATA = {
    "description": "Milliseconds for a whole request, including DNS lookup."
}


class UpdateWebhookSchema(StrictSchema):
    """PATCH: the members of a webhook to change."""

    url = StrictString(
        max_length=MAX_URL_LENGTH, expectation="a URL", metadata=URL_METADATA
    )
    is_active = StrictBoolean()
    retry_count = StrictInteger(max_value=10, metadata=RETRIES_METADATA)
    timeout_ms = StrictInteger(
        min_value=1_000, max_value=30_000, metadata=TIMEOUT_METADATA
    )


class CreateWebhookSchema(StrictSchema):
    """POST: create a webhook."""

    event_type = ChoiceField(*EVENT_TYPES, required=True)
    url = StrictString(max_length=MAX_URL_LENGTH, required=True, metadata=URL_METADATA)
    signature = EnumField(
        SignatureScheme,
        load_default=SignatureScheme.STANDARD,
        metadata={"description": "Format and signature of requests."},
    )
    retry_count = StrictInteger(
        max_value=10, load_default=DEFAULT_RETRY_COUNT, metadata=RETRIES_METADATA
    )
    timeout_ms = StrictInteger(
        min_value=1_000,
        max_value=30_000,
        load_default=DEFAULT_TIMEOUT_MS,
        metadata=TIMEOUT_METADATA,
    )
