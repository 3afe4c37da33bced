"""Codes as people paste them: every route reads the same code out of the same text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from flask import Flask

from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    GuessLimits,
    RateLimit,
)
from coupon_core.services.coupons import typo_detection
from tests.factories.campaigns import CampaignFactory
from tests.query_gateway.caller import Caller
from tests.query_gateway.mambo.site import build_activity, create_site_client
from tests.query_gateway.playcamp.sdk_client import SdkClient
from tests.support.databases import on_sqlite

CODE = "ALUM-15"
PASTED = {
    "line end": "ALUM-15\n",
    "Windows line end": "ALUM-15\r\n",
    "line end before": "\nALUM-15",
    "tab": "\tALUM-15\t",
    "non-breaking blank": "\u00a0ALUM-15\u00a0",
    "next line": "ALUM-15\x85",
    "line separator": "ALUM-15\u2028",
    "ideographic blank": "\u3000ALUM-15",
    "zero-width blank inside": "ALUM\u200b-15",
    "byte order mark": "\ufeffALUM-15",
    "soft hyphen": "AL\u00adUM-15",
    "word joiner between blank and code": "\u2060 ALUM-15",
    "en dash": "ALUM\u201315",
    "non-breaking hyphen": "ALUM\u201115",
    "minus": "ALUM\u221215",
}
NO_CODES = [
    "AL UM-15",
    "ALUM-15!",
    "ＡＬＵＭ-15",
    "ſave10",
    "-",
    "\u200b",
    " ",
    "A" * 65,
]
UNTRIMMED = ["AL\nUM-15", "ALUM\x0015", "\x00ALUM-15", "ALUM-15\x00", "ALUM-15\x1b"]

# Return whether the code was found.
Attempt = Callable[[Caller, str], bool]


def validate_phoenix(caller: Caller, code: str) -> bool:
    return bool(caller.validate(code)["error"] != "Coupon code not found")


def redeem_phoenix(caller: Caller, code: str) -> bool:
    answer = caller.redeem(code)
    assert answer.status_code in (200, 400, 404), answer.text
    assert answer.json.get("code") != "BAD_PATH"
    return answer.status_code != 404


def reserve_phoenix(caller: Caller, code: str) -> bool:
    body = json.dumps({"user_id": caller.user_id}).encode()
    answer = caller.call("POST", f"/reserve/{quote(code)}", body)
    assert answer.status_code in (201, 404), answer.text
    return answer.status_code != 404


def validate_playcamp(side: str) -> Attempt:
    def attempt(caller: Caller, code: str) -> bool:
        kind = ClientKeyKind(f"playcamp_{side}")
        key = CampaignFactory(caller.tenant).create_client_key(kind)
        answer = SdkClient(caller.client, key, side).validate(code)
        assert answer["couponCode"] == (CODE if answer["valid"] else code)
        return bool(answer.get("errorCode") != "COUPON_NOT_FOUND")

    return attempt


def redeem_playcamp(caller: Caller, code: str) -> bool:
    key = CampaignFactory(caller.tenant).create_client_key()
    answer = SdkClient(caller.client, key).redeem(code, "ann")
    assert answer.status_code in (200, 400, 404), answer.text
    return answer.status_code != 404


def send_mambo(path: str, action: str = "") -> Attempt:
    def attempt(caller: Caller, code: str) -> bool:
        site = create_site_client(caller.client.application, caller.tenant)
        plain = {"uuid": caller.user_id, "code": code}
        body = build_activity(action, code, caller.user_id) if action else plain
        answer = site.post(path, body)
        assert answer.status_code in (200, 400, 404), answer.text
        error = answer.json.get("error", {})
        assert error.get("type") != "ValidationException", answer.text
        return bool(error.get("type") != "CouponNotFoundException")

    return attempt


ATTEMPTS: dict[str, Attempt] = {
    "Phoenix validate": validate_phoenix,
    "Phoenix redeem": redeem_phoenix,
    "Phoenix reserve": reserve_phoenix,
    "PlayCamp server validate": validate_playcamp("server"),
    "PlayCamp client validate": validate_playcamp("client"),
    "PlayCamp redeem": redeem_playcamp,
    "Mambo validate": send_mambo("coupons/validate"),
    "Mambo redeem": send_mambo("activities/sync", "redeem"),
    "Mambo buy": send_mambo("activities/sync", "buy"),
    "Mambo redeem of 2015": send_mambo("coupons/redeem"),
}
any_attempt = pytest.mark.parametrize("attempt", ATTEMPTS)


@pytest.fixture
def alumni(caller: Caller) -> Caller:
    caller.tenant.define_custom(CODE, claimable=True, per_code_limit=0)
    return caller


@any_attempt
def test_pasted_codes_are_found(alumni: Caller, attempt: str) -> None:
    found = {name: ATTEMPTS[attempt](alumni, text) for name, text in PASTED.items()}
    assert found == dict.fromkeys(PASTED, True)


@any_attempt
def test_text_that_is_no_code_is_not_found(alumni: Caller, attempt: str) -> None:
    found = [text for text in NO_CODES if ATTEMPTS[attempt](alumni, text)]
    assert found == []


@on_sqlite
@pytest.mark.parametrize("text", [*PASTED.values()])
def test_every_call_style_reads_a_pasted_code(any_caller: Caller, text: str) -> None:
    any_caller.tenant.define_custom(CODE, claimable=True)
    assert any_caller.redeem(text).json["code"] == CODE


@pytest.mark.parametrize("text", UNTRIMMED)
def test_control_characters_that_are_not_trimmed_are_a_bad_path(
    alumni: Caller, text: str
) -> None:
    for method, path in ("GET", "/validate/"), ("POST", "/redeem/"):
        answer = alumni.call(method, path + quote(text), b'{"user_id":"ann"}')
        assert (answer.status_code, answer.json["code"]) == (400, "BAD_PATH")


def test_line_ends_are_allowed_only_in_a_code(alumni: Caller) -> None:
    answer = alumni.get("/user/ann%0A")
    assert (answer.status_code, answer.json["code"]) == (400, "BAD_PATH")


def test_a_decoded_line_end_is_not_signed(alumni: Caller) -> None:
    decoded, raw = (alumni.build_path(f"/redeem/{CODE}{end}") for end in ("\n", "%0A"))
    body = b'{"user_id":"ann"}'
    statuses = []
    for signed_path in decoded, raw:
        headers = alumni.tenant.sign_request("POST", signed_path, body)
        content = {"Content-Type": "application/json"}
        answer = alumni.client.post(raw, data=body, headers={**headers, **content})
        statuses.append(answer.status_code)
    assert statuses == [401, 200]


def test_an_answer_of_playcamp_repeats_any_text(alumni: Caller) -> None:
    text = "\nnot a code\t" + "x" * 1000
    assert not ATTEMPTS["PlayCamp server validate"](alumni, text)


def test_a_failed_activity_stores_the_beginning_of_any_text(alumni: Caller) -> None:
    site = create_site_client(alumni.client.application, alumni.tenant)
    text = "no code " * 1000
    answer = site.post("activities", build_activity("redeem", text, alumni.user_id))
    assert answer.status_code == 200, answer.text


# ------------------------------------------------------------------ guess budget

USER = RateLimit("guesses-per-user", 5, 600)


@pytest.fixture
def small_budget(app: Flask) -> Iterator[None]:
    typo_detection.clear_cache()
    tenant_limit = RateLimit("guesses-per-tenant", 5, 600)
    code_guessing.configure(GuessLimits(IN_MEMORY_URL, USER, tenant_limit))
    yield
    code_guessing.configure(GuessLimits())


def mistype(code: str) -> str:
    """Return the code with another last character, which its check reveals."""
    return code[:-1] + ("A" if code[-1] != "A" else "B")


@pytest.mark.usefixtures("small_budget")
@any_attempt
def test_typing_errors_cost_no_guesses(caller: Caller, attempt: str) -> None:
    code = caller.tenant.create_code(code_prefix="CHK", code_check=True)
    for text in [mistype(code)] * USER.amount + NO_CODES:
        assert not ATTEMPTS[attempt](caller, text)
    assert caller.redeem(f"{code}\n").status_code == 200


# A credential without a user has a limit of its own, so it blocks no user.
USER_ATTEMPTS = [name for name in ATTEMPTS if name != "PlayCamp client validate"]


@pytest.mark.usefixtures("small_budget")
@pytest.mark.parametrize("attempt", USER_ATTEMPTS)
def test_possible_codes_cost_guesses(caller: Caller, attempt: str) -> None:
    for number in range(USER.amount):
        assert not ATTEMPTS[attempt](caller, f"\u200bGUESS{number} ")
    assert caller.redeem(caller.tenant.create_code()).status_code == 429
