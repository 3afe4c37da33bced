"""Verify the signatures of webhooks."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coupons_sdk.errors import ConfigurationError, InvalidSignature

TOLERANCE_SECONDS = 300
MAX_TIMESTAMP_DIGITS = 16
SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix of secrets, not one


@dataclass(frozen=True)
class WebhookMessage:
    """A verified request of a webhook.

    `id` deduplicates requests that are sent again; PlayCamp's have none. `events` is
    one event, or PlayCamp's batch.

    >>> message = verify_webhook(body, headers, secret)
    >>> message.id, len(message.events)
    ('m1', 1)
    """

    id: str | None
    events: tuple[Mapping[str, Any], ...]


def verify_webhook(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookMessage:
    """Return the events of a webhook request after checking who has sent it.

    `body` is the body as it was received, not parsed and written again. Pass the
    current and the previous secret during a rotation. Standard Webhooks and both
    signatures of PlayCamp are recognized by their headers.

    >>> message = verify_webhook(body, headers, secret)
    >>> [event["type"] for event in message.events]
    ['coupon.redeemed']

    Raises:
        InvalidSignature: No secret fits, or the request is too old.
    """
    content = body.encode() if isinstance(body, str) else body
    if not isinstance(content, bytes):
        raise ConfigurationError(
            "verify_webhook needs the body as it was received: bytes or text."
        )
    keys = [secrets] if isinstance(secrets, str) else list(secrets or ())
    if not keys or not all(keys):
        raise ConfigurationError("verify_webhook needs at least one secret.")
    given = {name.lower(): value for name, value in headers.items()}
    signed_at = _check_signature(content, given, keys)
    age = abs((time.time() if now is None else now) - (signed_at or 0))
    if signed_at is not None and age > tolerance_seconds:
        raise InvalidSignature(
            f"The request was signed {age:.0f} seconds from now, more than the "
            f"{tolerance_seconds:g} that are allowed: it is old, or a clock is wrong."
        )
    return WebhookMessage(given.get("webhook-id"), _parse_events(content))


def _check_signature(
    content: bytes, headers: Mapping[str, str], secrets: Iterable[str]
) -> int | None:
    """Return the time of a genuine signature; PlayCamp's simple one has none."""
    timestamp = None
    if "webhook-signature" in headers:
        timestamp = _parse_timestamp(headers.get("webhook-timestamp", ""))
        is_genuine = _check_standard(content, headers, secrets)
    elif signature := headers.get("x-webhook-signature"):
        parts = _parse_playcamp_signature(signature)
        timestamp = _parse_timestamp(parts["t"]) if "t" in parts else None
        is_genuine = _check_playcamp(content, parts, secrets)
    else:
        raise InvalidSignature("The request has no webhook signature.")
    if not is_genuine:
        raise InvalidSignature("The signature fits none of the secrets.")
    return timestamp


def _check_standard(
    content: bytes, headers: Mapping[str, str], secrets: Iterable[str]
) -> bool:
    message_id = headers.get("webhook-id", "")
    signed = f"{message_id}.{headers['webhook-timestamp']}.".encode() + content
    given = [
        signature.removeprefix("v1,")
        for signature in headers["webhook-signature"].split()
        if signature.startswith("v1,")
    ]
    expected = [
        base64.b64encode(hmac.digest(_decode_secret(secret), signed, "sha256")).decode()
        for secret in secrets
    ]
    return _has_common(given, expected)


def _parse_playcamp_signature(text: str) -> dict[str, str]:
    if "=" not in text:
        return {"v1": text}
    parts = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    return {"t": "", **parts}


def _check_playcamp(
    content: bytes, parts: Mapping[str, str], secrets: Iterable[str]
) -> bool:
    signed = f"{parts['t']}.".encode() + content if "t" in parts else content
    expected = [
        hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets
    ]
    return _has_common([parts.get("v1", "")], expected)


def _has_common(given: Iterable[str], expected: Iterable[str]) -> bool:
    """Return True if a given signature is expected, in constant time for each."""
    allowed = [signature.encode() for signature in expected]
    return any(
        hmac.compare_digest(signature.encode(), item)
        for signature in given
        for item in allowed
    )


def _parse_timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < MAX_TIMESTAMP_DIGITS):
        raise InvalidSignature("The request has no valid timestamp.")
    return int(text)


def _decode_secret(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ConfigurationError(
            "A webhook secret is not valid: expected whsec_ and Base64."
        ) from error


def _parse_events(content: bytes) -> tuple[Mapping[str, Any], ...]:
    document = json.loads(content)
    if isinstance(document, dict) and isinstance(document.get("events"), list):
        return tuple(document["events"])
    return (document,)
