"""Sign webhook requests for PlayCamp and Standard Webhooks."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from standardwebhooks import Webhook as StandardWebhook

from coupon_core.domain.models.webhooks import SignatureScheme, WebhookSecrets

Headers = dict[str, str]


def generate_secret() -> str:
    """Return 256 random bits in the format of Standard Webhooks.

    PlayCamp signs with the text itself.
    """
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def build_headers(
    form: SignatureScheme,
    keys: WebhookSecrets,
    message_id: str,
    body: str,
    count: int,
    now: datetime,
) -> Headers:
    """Return the signature headers of a request with `count` events."""
    return _SIGN_FUNCTIONS[form](keys, message_id, body, count, now)


def _sign_standard(
    keys: WebhookSecrets, message_id: str, body: str, _: int, now: datetime
) -> Headers:
    # After a rotation the receiver may still verify with the previous secret.
    signed = (StandardWebhook(key).sign(message_id, now, body) for key in keys.active)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def _sign_playcamp(
    keys: WebhookSecrets, _: str, body: str, count: int, now: datetime
) -> Headers:
    return _build_batch_headers(count, _compute_hmac_hex(keys.current, body))


def _sign_playcamp_timestamped(
    keys: WebhookSecrets, _: str, body: str, count: int, now: datetime
) -> Headers:
    timestamp = int(now.timestamp())
    return _build_batch_headers(
        count,
        f"t={timestamp},v1={_compute_hmac_hex(keys.current, f'{timestamp}.{body}')}",
    )


def _build_batch_headers(count: int, signature: str) -> Headers:
    return {
        "X-Webhook-Signature": signature,
        "X-Webhook-Batch": "true",
        "X-Webhook-Count": str(count),
    }


def _compute_hmac_hex(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


SignFunction = Callable[[WebhookSecrets, str, str, int, datetime], Headers]
_SIGN_FUNCTIONS: Mapping[SignatureScheme, SignFunction] = {
    SignatureScheme.STANDARD: _sign_standard,
    SignatureScheme.PLAYCAMP: _sign_playcamp,
    SignatureScheme.PLAYCAMP_TIMESTAMPED: _sign_playcamp_timestamped,
}
