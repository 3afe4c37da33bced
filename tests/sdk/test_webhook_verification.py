"""Webhooks that the system signs are verified by the SDK, and no others."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_core.domain.models.webhooks import SignatureScheme, WebhookSecrets
from coupon_core.services.webhooks.signatures import build_headers, generate_secret
from coupons_sdk import ConfigurationError, InvalidSignature, verify_webhook
from tests.support.paths import PROJECT_ROOT

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MOMENT = NOW.timestamp()
SECRET, OTHER = generate_secret(), generate_secret()
EVENT = '{"type":"coupon.redeemed","data":{"name":"ü"}}'
BATCH = '{"events":[{"event":"coupon.redeemed"},{"event":"coupon.redeemed"}]}'
BODIES = {
    SignatureScheme.STANDARD: EVENT,
    SignatureScheme.PLAYCAMP: BATCH,
    SignatureScheme.PLAYCAMP_TIMESTAMPED: BATCH,
}
SCHEMES = pytest.mark.parametrize("scheme", BODIES, ids=str)


def sign(scheme: SignatureScheme, secret: str = SECRET) -> dict[str, str]:
    return build_headers(scheme, WebhookSecrets(secret), "m1", BODIES[scheme], 2, NOW)


def verify(scheme: SignatureScheme, headers: Any, **options: Any) -> Any:
    given = {"secrets": SECRET, "body": BODIES[scheme], "now": MOMENT, **options}
    return verify_webhook(given.pop("body"), headers, given.pop("secrets"), **given)


@SCHEMES
def test_each_signature_is_verified(scheme: SignatureScheme) -> None:
    message = verify(scheme, sign(scheme))
    assert len(message.events) == (1 if scheme == SignatureScheme.STANDARD else 2)
    assert message.id == ("m1" if scheme == SignatureScheme.STANDARD else None)


@SCHEMES
def test_bytes_and_other_spellings_of_headers_are_verified(
    scheme: SignatureScheme,
) -> None:
    headers = {name.upper(): value for name, value in sign(scheme).items()}
    assert verify(scheme, headers, body=BODIES[scheme].encode()).events


@SCHEMES
def test_any_of_several_secrets_fits(scheme: SignatureScheme) -> None:
    assert verify(scheme, sign(scheme), secrets=[OTHER, SECRET]).events


@SCHEMES
def test_another_secret_does_not_fit(scheme: SignatureScheme) -> None:
    with pytest.raises(InvalidSignature, match="none of the secrets"):
        verify(scheme, sign(scheme, OTHER))


@SCHEMES
def test_a_changed_body_does_not_fit(scheme: SignatureScheme) -> None:
    with pytest.raises(InvalidSignature):
        verify(scheme, sign(scheme), body=BODIES[scheme].replace("redeemed", "revoked"))


@pytest.mark.parametrize("seconds", [-301, 301])
@pytest.mark.parametrize(
    "scheme", [SignatureScheme.STANDARD, SignatureScheme.PLAYCAMP_TIMESTAMPED], ids=str
)
def test_an_old_or_early_signature_does_not_count(
    scheme: SignatureScheme, seconds: int
) -> None:
    with pytest.raises(InvalidSignature, match="signed 301 seconds from now"):
        verify(scheme, sign(scheme), now=MOMENT + seconds)
    assert verify(scheme, sign(scheme), now=MOMENT + seconds, tolerance_seconds=400)


def test_a_signature_is_valid_for_its_message_only() -> None:
    headers = sign(SignatureScheme.STANDARD)
    for changed in ({"webhook-id": "m2"}, {"webhook-timestamp": str(int(MOMENT) + 1)}):
        with pytest.raises(InvalidSignature):
            verify(SignatureScheme.STANDARD, {**headers, **changed})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-signature": "v1,x"},
        {"webhook-signature": "v1,ü", "webhook-timestamp": "1777896000"},
        {"webhook-signature": "v1,x", "webhook-timestamp": "now"},
        {"webhook-signature": "v1,x", "webhook-timestamp": "٣"},
        {"webhook-signature": "", "webhook-timestamp": "1777896000"},
        {"x-webhook-signature": "v1="},
        {"x-webhook-signature": "t=1777896000"},
        {"x-webhook-signature": "t=x,v1=y"},
        {"x-webhook-signature": ""},
    ],
    ids=str,
)
def test_headers_without_a_valid_signature_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        verify(SignatureScheme.STANDARD, headers)


@pytest.mark.parametrize("secrets", ["", [], [""], "whsec_not Base64"])
def test_unusable_secrets_are_named(secrets: Any) -> None:
    with pytest.raises(ConfigurationError):
        verify(
            SignatureScheme.STANDARD, sign(SignatureScheme.STANDARD), secrets=secrets
        )


def test_the_request_of_the_document_is_genuine_also_by_its_function() -> None:
    document = (PROJECT_ROOT / "docs/webhooks.md").read_text()
    ((head, body),) = re.findall(
        r"```http\nPOST [^\n]*\n(.*?)\n\n(.*?)\n```", document, re.DOTALL
    )
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    (secret,) = re.findall(r"`(whsec_\w+=)`", document)
    sent_at = int(headers["webhook-timestamp"])
    (event,) = verify_webhook(body, headers, secret, now=sent_at).events
    assert event["type"] == "coupon.redeemed"
    (function,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    exec(function, names := dict[str, Any]())  # noqa: S102 - it is our own
    given = {
        "genuine": (body, headers, secret, sent_at),
        "other body": (f"{body} ", headers, secret, sent_at),
        "other secret": (body, headers, OTHER, sent_at),
        "old": (body, headers, secret, sent_at + 301),
    }
    found = {
        name: names["is_genuine"](text.encode(), *rest)
        for name, (text, *rest) in given.items()
    }
    assert [name for name, is_genuine in found.items() if is_genuine] == ["genuine"]
