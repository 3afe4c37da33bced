"""Signing in at an OpenID Connect provider, and what a wrong answer can do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from admin_gateway.console import single_sign_on
from admin_gateway.console.installation import SETTINGS_EXTENSION
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.operators import administration, memberships
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, Browser, invite, sign_in_as
from tests.support.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    OpenIdProvider,
    running_provider,
)

HOME = "/console/t/acme"
ANN = "ann@example.com"


def use_provider(app: Flask, issuer: str) -> None:
    """Set the provider of a gateway."""
    app.extensions[SETTINGS_EXTENSION] = replace(
        app.extensions[SETTINGS_EXTENSION],
        console_url="http://localhost",
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_label="Example ID",
    )
    single_sign_on.install(app, app.extensions[SETTINGS_EXTENSION])


@pytest.fixture
def provider(admin: AdminClient) -> Iterator[OpenIdProvider]:
    """Return the provider of the gateway, which other tests share without one."""
    extensions = dict(admin.app.extensions)
    with running_provider() as provider:
        use_provider(admin.app, provider.issuer)
        yield provider
    admin.app.extensions.update(extensions)


def find_way(browser: Browser, path: str) -> str:
    """Return the URL at the provider to which a path leads."""
    response = browser.client.get(path)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def find_way_to_connect(browser: Browser) -> str:
    """Return the URL at the provider to which the form of the account leads."""
    browser.open("/console/account/oidc")
    browser.submit("/account/oidc", present_password=PASSWORD)
    (url,) = [part for part in browser.page.split('"') if "/authorize?" in part]
    return url.replace("&amp;", "&")


def answer(browser: Browser, callback: str) -> TestResponse:
    """Open the callback, as the browser does that the provider sends back."""
    return browser.open(callback.removeprefix("http://localhost"))


def sign_in(
    browser: Browser, provider: OpenIdProvider, path: str = "/console/oidc"
) -> TestResponse:
    """Sign in at the provider, from a path that leads there."""
    return answer(browser, provider.authorize(find_way(browser, path)))


@pytest.fixture
def ann(admin: AdminClient, provider: OpenIdProvider) -> Browser:
    """Return the browser of an operator who has joined with an account."""
    browser = Browser(admin.app)
    response = sign_in(browser, provider, f"{invite('acme', Role.VIEWER, ANN)}/oidc")
    assert (browser.path, response.status_code) == (HOME, 200), response.text
    return browser


def test_an_operator_joins_and_signs_in_with_an_account(
    admin: AdminClient, provider: OpenIdProvider
) -> None:
    path, browser = invite("acme", Role.OWNER, ANN), Browser(admin.app)
    assert f'href="{path}/oidc"' in browser.open(path).text
    way = find_way(browser, f"{path}/oidc")
    assert memberships.list_members("acme") == []
    answer(browser, provider.authorize(way))
    assert browser.path == HOME
    assert "single sign-on" in browser.open(f"{HOME}/operators").text
    browser.submit("/sign-out")
    assert "Sign in with Example ID" in browser.page
    provider.email = "renamed@example.com"  # only the subject counts from now on
    sign_in(browser, provider, f"/console/oidc?next={HOME}/audit")
    assert browser.path == f"{HOME}/audit"
    assert browser.client.get_cookie("coupons-provider", path="/console") is None
    assert Browser(admin.app).open(path).status_code == 404


def test_an_account_proves_nothing_without_the_link(
    admin: AdminClient, provider: OpenIdProvider
) -> None:
    invite("acme", Role.OWNER, ANN)
    response = sign_in(Browser(admin.app), provider)
    assert response.status_code == 403
    assert "No operator who may sign in has this account" in response.text
    assert memberships.list_members("acme") == []


UNVERIFIED_ADDRESSES: list[dict[str, Any]] = [
    {"email_verified": False},
    {"email_verified": None},
    {"email": "eve@example.com"},
    {"email": [ANN]},
    {"email": ""},
    {"email_verified": False, "xms_edov": True},
]
VERIFIED_ADDRESSES: list[dict[str, Any]] = [
    {"email": ANN.upper()},
    {"email_verified": "true"},
    {"email_verified": None, "xms_edov": "1"},  # Entra ID
]


def test_a_new_account_needs_the_verified_address_of_the_operator(
    admin: AdminClient, provider: OpenIdProvider
) -> None:
    browser, path = Browser(admin.app), invite("acme", Role.VIEWER, ANN)
    for claims in UNVERIFIED_ADDRESSES:
        provider.claims = claims
        response = sign_in(browser, provider, f"{path}/oidc")
        assert response.status_code == 403, claims
        assert "does not confirm the e-mail address" in response.text, claims
        assert memberships.list_members("acme") == [], claims
    for number, claims in enumerate(VERIFIED_ADDRESSES):  # the link can still be used
        provider.claims, provider.subject = claims, f"account-{number}"
        assert sign_in(browser, provider, f"{path}/oidc").status_code == 200, claims
        _, token = administration.reset(None, ANN, removes_factor=False, now=utc_now())
        path = f"/console/invitations/{token}"


@pytest.mark.parametrize("subject", ["account-1", "another"])
def test_an_address_may_come_from_the_userinfo_of_the_same_account(
    admin: AdminClient, provider: OpenIdProvider, subject: str
) -> None:
    provider.claims = {"email": None, "email_verified": None}
    provider.userinfo = {"sub": subject, "email": ANN, "email_verified": "true"}
    path = invite("acme", Role.VIEWER, ANN)
    response = sign_in(Browser(admin.app), provider, f"{path}/oidc")
    assert response.status_code == (200 if subject == "account-1" else 403)


FORGED_TOKENS: dict[str, dict[str, Any]] = {
    "nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "audience": {"claims": {"aud": "another client"}},
    "party": {"claims": {"aud": [CLIENT_ID, "x"], "azp": "x"}},
    "issuer": {"claims": {"iss": "https://evil.example"}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "no expiry": {"claims": {"exp": None}},
    "empty subject": {"claims": {"sub": ""}},
    "none": {"algorithm": "none"},
    "secret as key": {"algorithm": "HS256"},
    "other key": {"key_name": "unpublished"},
}


def test_a_token_that_is_not_for_this_sign_in_is_refused(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    browser = Browser(admin.app)
    for kind, fault in FORGED_TOKENS.items():
        usual = {name: getattr(provider, name) for name in fault}
        for name, value in fault.items():
            setattr(provider, name, value)
        response = sign_in(browser, provider)
        assert response.status_code == 403, kind
        assert "did not confirm who you are" in response.text, kind
        assert browser.client.get_cookie("coupons", path="/console") is None, kind
        for name, value in usual.items():
            setattr(provider, name, value)
    assert sign_in(browser, provider).status_code == 200


@pytest.mark.parametrize("kind", ["state", "no state", "other browser", "replayed"])
def test_an_answer_counts_in_the_browser_that_asked_and_once(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser, kind: str
) -> None:
    browser = Browser(admin.app)
    callback = provider.authorize(find_way(browser, "/console/oidc"))
    if kind == "replayed":
        assert answer(browser, callback).status_code == 200
        browser.submit("/sign-out")
    elif kind == "other browser":
        browser = Browser(admin.app)
        find_way(browser, "/console/oidc")
    else:
        base = callback.partition("state=")[0]
        callback = base + ("state=forged" if kind == "state" else "")
    response = answer(browser, callback)
    assert response.status_code == 400
    assert "was started in another browser" in response.text
    assert browser.client.get_cookie("coupons", path="/console") is None


def test_an_answer_comes_within_ten_minutes(
    admin: AdminClient,
    provider: OpenIdProvider,
    ann: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    callback = provider.authorize(find_way(ann, "/console/oidc"))
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 601)
    assert answer(ann, callback).status_code == 400


def test_a_used_code_and_an_error_of_the_provider_do_not_sign_in(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    browser = Browser(admin.app)
    callback = provider.authorize(find_way(browser, "/console/oidc"))
    provider.grants.clear()  # somebody else has used the code
    assert answer(browser, callback).status_code == 403
    callback = provider.authorize(find_way(browser, "/console/oidc"))
    refused = callback.replace("code=", "error=access_denied&x=")
    response = answer(browser, refused)
    assert response.status_code == 403
    assert "access_denied" not in response.text


def test_a_disabled_operator_does_not_sign_in(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    administration.set_disabled(None, ANN, utc_now())
    assert "/sign-in" in ann.open(HOME).request.full_path
    assert sign_in(ann, provider).status_code == 403


def test_failed_sign_ins_are_limited_by_address(
    admin: AdminClient, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coupon_core.security.rate_limiting import sign_in_limits

    limit = replace(sign_in_limits.PER_ADDRESS, amount=2)
    monkeypatch.setattr(sign_in_limits, "PER_ADDRESS", limit)
    browser = Browser(admin.app)
    statuses = [sign_in(browser, provider).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]


@pytest.mark.parametrize("fault", ["away", "other issuer", "no keys", "error 500"])
def test_a_provider_that_fails_is_a_page_and_not_an_error(
    admin: AdminClient, provider: OpenIdProvider, fault: str
) -> None:
    browser = Browser(admin.app)
    if fault == "other issuer":
        provider.metadata = {"issuer": "https://evil.example"}
    elif fault == "away":
        use_provider(admin.app, "http://127.0.0.1:1")
    if fault in ("other issuer", "away"):
        response = browser.client.get("/console/oidc")
    else:
        provider.metadata = {"jwks_uri": f"{provider.issuer}/token"}
        provider.status = 500 if fault == "error 500" else 200
        response = sign_in(browser, provider)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "cannot be reached, or did not answer" in response.text
    assert browser.client.get("/console/sign-in").status_code == 200


def test_an_invitation_of_a_known_operator_asks_for_the_known_account(
    admin: AdminClient, other_admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    """Otherwise the owner of one tenant could take over an operator of another one."""
    path, thief = invite("globex", Role.OWNER, ANN), Browser(admin.app)
    page = thief.open(path).text
    assert "password" not in page.partition("<main")[2]
    provider.subject = "account of a thief"
    assert sign_in(thief, provider, f"{path}/oidc").status_code == 403
    thief.client.post(path, data={"password": PASSWORD, "repeated_password": PASSWORD})
    assert memberships.list_members("globex") == []
    provider.subject = "account-1"
    sign_in(ann, provider, f"{path}/oidc")
    assert ann.path == "/console/t/globex"


def test_an_invitation_of_an_operator_with_a_password_takes_no_account(
    admin: AdminClient, other_admin: AdminClient, provider: OpenIdProvider
) -> None:
    sign_in_as(admin, Role.OWNER, ANN)
    path, thief = invite("globex", Role.OWNER, ANN), Browser(admin.app)
    assert f"{path}/oidc" not in thief.open(path).text
    assert sign_in(thief, provider, f"{path}/oidc").status_code == 403
    assert memberships.list_members("globex") == []


def test_an_operator_with_a_password_connects_an_account(
    admin: AdminClient, provider: OpenIdProvider
) -> None:
    browser, other = sign_in_as(admin, Role.OWNER, ANN), Browser(admin.app)
    other.open("/console/sign-in")
    other.submit(email=ANN, password=PASSWORD)
    browser.open("/console/account")
    browser.open("/console/account/oidc")
    assert browser.submit("/account/oidc", present_password="x").status_code == 400
    callback = provider.authorize(find_way_to_connect(browser))
    assert answer(browser, callback).status_code == 200
    assert "connected" in browser.page
    assert "/sign-in" in other.open(HOME).request.full_path
    sign_in(other, provider)
    assert other.path == HOME
    other.submit("/sign-out")
    other.submit(email=ANN, password=PASSWORD)
    assert other.path == HOME


def test_an_account_belongs_to_one_operator(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    provider.email = "bob@example.com"
    path = invite("acme", Role.OWNER, "bob@example.com")
    response = sign_in(Browser(admin.app), provider, f"{path}/oidc")
    assert response.status_code == 403
    assert "that no other operator has" in response.text
    bob = Browser(admin.app)
    bob.open(path)
    bob.submit(password=PASSWORD, repeated_password=PASSWORD)
    response = answer(bob, provider.authorize(find_way_to_connect(bob)))
    assert response.status_code == 403
    assert "that no other operator has" in response.text
    assert sign_in(ann, provider).status_code == 200
    assert ANN in ann.open("/console/account").text


def test_a_reset_replaces_the_account(
    admin: AdminClient, provider: OpenIdProvider, ann: Browser
) -> None:
    _, token = administration.reset(None, ANN, removes_factor=False, now=utc_now())
    browser = Browser(admin.app)
    browser.open(f"/console/invitations/{token}")
    browser.submit(password=PASSWORD, repeated_password=PASSWORD)
    assert browser.path == HOME
    assert sign_in(Browser(admin.app), provider).status_code == 403


def test_without_the_extra_or_a_provider_there_is_no_link(
    admin: AdminClient, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    for name in ("authlib", "coupon_core.security.openid_connect"):
        monkeypatch.setitem(sys.modules, name, None)
    for issuer in (provider.issuer, ""):
        use_provider(admin.app, issuer)
        assert "Sign in with" not in browser.open("/console/sign-in").text
        for path in ("/oidc", "/account/oidc"):
            assert browser.client.get(f"/console{path}").status_code == 404
