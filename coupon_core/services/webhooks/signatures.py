"""Secrets and signatures of webhooks, by PlayCamp's rules and Standard Webhooks'."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from standardwebhooks import Webhook as StandardWebhook

from coupon_core.domain.models.webhooks import SignatureForm, WebhookSecrets

Headers = dict[str, str]


def new_secret() -> str:
    """256 random bits as Standard Webhooks has them; PlayCamp signs with the text."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def headers(
    form: SignatureForm,
    keys: WebhookSecrets,
    message_id: str,
    body: str,
    count: int,
    now: datetime,
) -> Headers:
    """The headers of a request that are its form's own; `count` events are in it."""
    return _FORMS[form](keys, message_id, body, count, now)


def _standard(
    keys: WebhookSecrets, message_id: str, body: str, _: int, now: datetime
) -> Headers:
    # While a secret is being changed either may be checked: the first that fits.
    signed = (StandardWebhook(key).sign(message_id, now, body) for key in keys.all)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def _playcamp(
    keys: WebhookSecrets, _: str, body: str, count: int, now: datetime
) -> Headers:
    return _batch(count, _hex(keys.present, body))


def _timestamped(
    keys: WebhookSecrets, _: str, body: str, count: int, now: datetime
) -> Headers:
    moment = int(now.timestamp())
    return _batch(count, f"t={moment},v1={_hex(keys.present, f'{moment}.{body}')}")


def _batch(count: int, signature: str) -> Headers:
    return {
        "X-Webhook-Signature": signature,
        "X-Webhook-Batch": "true",
        "X-Webhook-Count": str(count),
    }


def _hex(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


Sign = Callable[[WebhookSecrets, str, str, int, datetime], Headers]
_FORMS: Mapping[SignatureForm, Sign] = {
    SignatureForm.STANDARD: _standard,
    SignatureForm.PLAYCAMP: _playcamp,
    SignatureForm.PLAYCAMP_TIMESTAMPED: _timestamped,
}
