"""The forms of the console that belong to no tenant: wrong input, and transactions."""

from __future__ import annotations

import pytest

from coupon_core.domain.models.operators import Role
from coupon_core.persistence import database
from coupon_core.security import passwords
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, Browser, sign_in_as
from tests.support.console_inputs import BAD_TEXTS

NEW_PASSWORD = "another long password"
# Of each view that takes a form with fields: where it goes, and the fields.
FORMS = {
    "submit_sign_in": ("/console/sign-in", ["email", "password", "code", "next"]),
    "submit_link": ("/console/invitations/x", ["password", "code"]),
    "submit_tenant": ("/console/tenant", ["tenant_id"]),
    "submit_sign_out": ("/console/sign-out", ["everywhere"]),
    "submit_session_end": ("/console/account/sessions", ["session"]),
    "submit_password": (
        "/console/account/password",
        ["present_password", "password", "repeated_password"],
    ),
    "submit_factor_end": ("/console/account/code/end", ["code"]),
    "submit_second_factor": ("/console/account/code", ["secret", "code"]),
    "submit_connection": ("/console/account/oidc", ["present_password", "code"]),
}
TEXTS = [*BAD_TEXTS, "\N{LATIN SMALL LETTER LONG S}", "x" * 20_000, "A" * 32]


def test_every_form_without_a_tenant_is_listed(admin: AdminClient) -> None:
    rules = admin.app.url_map.iter_rules()
    endpoints = [one.endpoint for one in rules if "POST" in (one.methods or ())]
    own = [one.split(".") for one in endpoints if one.startswith("console.")]
    assert {parts[1] for parts in own if len(parts) == 2} == set(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_a_text_in_a_field_is_never_an_error_of_the_server(
    admin: AdminClient, name: str
) -> None:
    path, fields = FORMS[name]
    browser = sign_in_as(admin, Role.OWNER)
    token = browser.find_form("/sign-out")["fields"]["csrf_token"]
    wrong = []
    for field in fields:
        for text in TEXTS:
            entered = {**dict.fromkeys(fields, "0"), field: text, "csrf_token": token}
            response = browser.client.post(path, data=entered)
            if response.status_code >= 500:
                wrong.append((field, text[:20], response.status_code))
            if "/sign-in" in response.headers.get("Location", ""):  # signed out
                browser.open("/console/sign-in")
                browser.submit(email="owner@acme.example", password=PASSWORD)
                token = browser.find_form("/sign-out")["fields"]["csrf_token"]
    assert wrong == []


def test_no_transaction_waits_for_a_password(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite, it would keep all others from writing."""
    browser = sign_in_as(admin, Role.VIEWER)
    hasher, seen = passwords._hasher, []

    class WatchedHasher:
        def verify(self, password_hash: str, password: str) -> bool:
            seen.append(database.is_in_transaction())
            return hasher.verify(password_hash, password)

        def hash(self, password: str) -> str:
            seen.append(database.is_in_transaction())
            return hasher.hash(password)

    monkeypatch.setattr(passwords, "_hasher", WatchedHasher())
    browser.open("/console/account/password")
    assert "idempotency_key" in browser.find_form("")["fields"]
    entered = {"password": NEW_PASSWORD, "repeated_password": NEW_PASSWORD}
    browser.submit("", present_password=PASSWORD, **entered)
    assert "The password is changed." in browser.page
    other = Browser(admin.app)
    other.open("/console/sign-in")
    other.submit(email="viewer@acme.example", password=NEW_PASSWORD)
    assert seen == [False] * 3
