"""Signing in to the console, its cookies, and what forged forms can do."""

from __future__ import annotations

import re
import time

import pyotp
import pytest

from admin_gateway.console.browser_session import ConsoleSessionInterface
from admin_gateway.console.paths import find_own_path
from coupon_core.domain.models.operators import Role
from coupon_core.security import passwords
from coupon_core.security.thread_queue import ThreadQueue
from coupon_core.services.operators import memberships
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, Browser, invite, sign_in_as

HOME = "/console/t/acme"


def test_an_invitation_leads_to_the_home_page_and_out_again(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    assert browser.path == HOME
    assert "There are no coupons yet" in browser.page
    assert browser.submit("/sign-out").status_code == 200
    assert browser.path == "/console/sign-in"
    browser.open(f"{HOME}/audit?action=operator.joined")
    assert browser.path.startswith("/console/sign-in?next=")
    browser.submit(email="OWNER@acme.example", password=PASSWORD)
    assert browser.path == f"{HOME}/audit?action=operator.joined"
    assert "owner@acme.example" in browser.page


def test_headers_and_cookies_of_every_page(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    cookie = browser.client.get_cookie("coupons", path="/console")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    paths = HOME, "/console/sign-in", "/console/account", f"{HOME}/none", "/console/x"
    for path in paths:
        response = browser.client.get(path)
        assert response.content_type == "text/html; charset=utf-8", path
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';"), path
        assert "unsafe" not in policy
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store"
        assert " style=" not in response.text
        assert "<script>" not in response.text


@pytest.mark.parametrize(
    "target", ["https://evil.example/console", "//evil.example/console", "/v1/x", "\\"]
)
def test_the_sign_in_leads_to_pages_of_the_console_only(
    admin: AdminClient, target: str
) -> None:
    browser = sign_in_as(admin, Role.VIEWER)
    browser.submit("/sign-out")
    browser.open("/console/sign-in", query_string={"next": target})
    browser.submit(email="viewer@acme.example", password=PASSWORD, next=target)
    assert browser.path == HOME


OWN_TARGETS = ["/console", "/console/t/acme/audit?action=a.b&q=..", "/console/t/a.b/x"]
OTHER_TARGETS = [
    *("", "/", "/consolex", "/v1/x", "console", "javascript:alert(1)", "///console"),
    *("https://evil.example/console", "//evil.example/console", "http:/console"),
    *("/console//evil.example", "/console/\\evil.example", "\\\\evil.example/console"),
    *("/console/x\r\nSet-Cookie: a=b", "/console/\t/x", "/console/\N{EN DASH}"),
    *("/console/../v1/x", "/console/%2e%2e/v1/x", "/console/.%2E/v1", "/console/t/.."),
]


def test_a_target_is_a_path_of_the_console_as_browsers_resolve_it() -> None:
    assert [one for one in OWN_TARGETS if find_own_path(one) != one] == []
    assert [one for one in OTHER_TARGETS if find_own_path(one) is not None] == []


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("http", {"coupons", "coupons-form", "coupons-notice"}),
        (
            "https",
            {
                *("__Secure-coupons", "__Secure-coupons-form"),
                "__Secure-coupons-notice",
            },
        ),
    ],
)
def test_cookies_are_bound_to_the_console_and_to_the_scheme_of_its_url(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch, scheme: str, names: set[str]
) -> None:
    interface = ConsoleSessionInterface("key", is_secure=scheme == "https")
    monkeypatch.setattr(admin.app, "session_interface", interface)
    path = f"{scheme}://localhost{invite('acme', Role.VIEWER, 'ann@example.com')}"
    client = admin.app.test_client()
    page = client.get(path)
    (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)
    fields = {"csrf_token": token, "password": PASSWORD, "repeated_password": PASSWORD}
    entered = client.post(path, data=fields, headers={"Referer": path})
    assert entered.status_code == 303, entered.text
    cookies = [
        parse_dump(line)
        for response in (page, entered)
        for line in response.headers.getlist("Set-Cookie")
    ]
    assert {name for name, _ in cookies} == names
    for name, attributes in cookies:
        expected = {"HttpOnly", "Path=/console", "SameSite=Lax"}
        expected |= {"Secure"} if scheme == "https" else set()
        assert expected <= attributes, name
        assert "Secure" in attributes or scheme == "http"
        assert not any(one.startswith("Domain") for one in attributes), name


def parse_dump(line: str) -> tuple[str, set[str]]:
    """Return the name and the attributes of a Set-Cookie header."""
    pair, *attributes = line.split("; ")
    return pair.partition("=")[0], set(attributes)


def test_a_stolen_cookie_is_worth_nothing_after_signing_out_everywhere(
    admin: AdminClient,
) -> None:
    browser, thief = sign_in_as(admin, Role.OWNER), Browser(admin.app)
    cookie = browser.client.get_cookie("coupons", path="/console")
    assert cookie is not None
    thief.client.set_cookie("coupons", cookie.value, path="/console")
    assert thief.open(HOME).status_code == 200
    elsewhere = Browser(admin.app)
    elsewhere.open("/console/sign-in")
    elsewhere.submit(email="owner@acme.example", password=PASSWORD)
    elsewhere.open("/console/account")
    elsewhere.submit("/sign-out")  # the last form: everywhere
    thief.open(HOME)
    assert thief.path.startswith("/console/sign-in")


def test_the_account_lists_open_sessions_and_ends_own_ones_only(
    admin: AdminClient,
) -> None:
    browser, other = sign_in_as(admin, Role.OWNER), Browser(admin.app)
    stranger = sign_in_as(admin, Role.VIEWER)
    other.open("/console/sign-in")
    other.submit(email="owner@acme.example", password=PASSWORD)
    for one in (browser, other, stranger):
        one.open("/console/account")
    assert browser.page.count("127.0.0.1</td>") == 2
    stolen = browser.find_form("/account/sessions")["fields"]["session"]
    token = stranger.find_form("/sign-out")["fields"]["csrf_token"]
    stranger.client.post(
        "/console/account/sessions", data={"csrf_token": token, "session": stolen}
    )
    assert other.open(HOME).status_code == 200
    assert other.path == HOME
    browser.submit("/account/sessions")
    assert "The session has ended." in browser.page
    assert browser.page.count("127.0.0.1</td>") == 1
    other.open(HOME)
    assert other.path.startswith("/console/sign-in")


@pytest.mark.parametrize("kind", ["missing", "forged", "of another session", "ended"])
def test_a_form_without_the_token_of_the_session_changes_nothing(
    admin: AdminClient, kind: str
) -> None:
    browser, other = sign_in_as(admin, Role.OWNER), sign_in_as(admin, Role.MANAGER)
    other.open("/console/account")
    foreign = other.find_form("/sign-out")["fields"]["csrf_token"]
    tokens = {"missing": "", "forged": "x" * 60, "of another session": foreign}
    browser.open(f"{HOME}/api-keys/new")
    token = tokens.get(kind, browser.find_form("/new")["fields"]["csrf_token"])
    if kind == "ended":
        browser.submit("/sign-out")
        browser.submit(email="owner@acme.example", password=PASSWORD)
    fields = {"name": "stolen", "scopes": "read", "csrf_token": token}
    response = browser.client.post(f"{HOME}/api-keys/new", data=fields)
    assert response.status_code == 400
    assert "This form is too old" in response.text
    assert "stolen" not in browser.open(f"{HOME}/api-keys").text


def test_a_form_to_sign_in_needs_the_token_of_its_browser(admin: AdminClient) -> None:
    sign_in_as(admin, Role.VIEWER)
    attacker, victim = Browser(admin.app), Browser(admin.app)
    attacker.open("/console/sign-in")
    token = attacker.find_form()["fields"]["csrf_token"]
    victim.open("/console/sign-in")
    response = victim.submit(
        email="viewer@acme.example", password=PASSWORD, csrf_token=token
    )
    assert response.status_code == 400


def test_a_session_begins_with_a_new_cookie(admin: AdminClient) -> None:
    """Session fixation: a cookie that an attacker has set does not become valid."""
    browser = Browser(admin.app)
    browser.client.set_cookie("coupons", "chosen-by-an-attacker", path="/console")
    browser.open(invite("acme", Role.VIEWER, "ann@example.com"))
    browser.submit(password=PASSWORD, repeated_password=PASSWORD)
    cookie = browser.client.get_cookie("coupons", path="/console")
    assert cookie is not None
    assert cookie.value != "chosen-by-an-attacker"
    fixed = Browser(admin.app)
    fixed.client.set_cookie("coupons", "chosen-by-an-attacker", path="/console")
    fixed.open(HOME)
    assert fixed.path.startswith("/console/sign-in")


def test_a_link_changes_nothing_when_opened_and_works_once(admin: AdminClient) -> None:
    path = invite("acme", Role.VIEWER, "ann@example.com")
    browser, second = Browser(admin.app), Browser(admin.app)
    for _ in range(2):
        assert browser.open(path).status_code == 200
    second.open(path)
    assert memberships.list_members("acme") == []
    browser.submit(password=PASSWORD, repeated_password="something else")
    assert "expected the same password" in browser.page
    browser.submit(password=PASSWORD, repeated_password=PASSWORD)
    assert browser.path == HOME
    response = second.submit(password=PASSWORD, repeated_password=PASSWORD)
    assert response.status_code == 404
    assert "has been used or has expired" in second.page
    assert second.open("/console/invitations/unknown").status_code == 404


def test_a_link_of_a_known_operator_asks_for_the_known_password(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    sign_in_as(admin, Role.OWNER)
    thief = Browser(admin.app)
    thief.open(invite("globex", Role.OWNER, "owner@acme.example"))
    assert "repeated_password" not in thief.page
    for _ in range(2):
        response = thief.submit(password="chosen by a thief", repeated_password="x")
        assert response.status_code == 400
        assert "is wrong" in thief.page
    assert memberships.list_members("globex") == []


def test_signing_out_everywhere_ends_all_sessions(admin: AdminClient) -> None:
    first, second = sign_in_as(admin, Role.OWNER), Browser(admin.app)
    second.open("/console/sign-in")
    second.submit(email="owner@acme.example", password=PASSWORD)
    assert "API keys" in second.open("/console/account").text
    second.submit("/sign-out")  # the last form of the page
    for browser in (first, second):
        browser.open(HOME)
        assert browser.path.startswith("/console/sign-in")


def test_credentials_of_the_api_and_of_the_console_are_kept_apart(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    assert browser.client.get("/v1/tenants/acme/api-keys").status_code == 401
    headers = {"X-API-Key": admin.plain_key}
    anonymous = admin.app.test_client().get(HOME, headers=headers)
    assert anonymous.status_code == 303
    assert anonymous.headers["Location"].startswith("/console/sign-in")


@pytest.mark.parametrize("tenant_id", ["globex", "unknown"])
def test_a_foreign_tenant_is_like_one_that_does_not_exist(
    admin: AdminClient, other_admin: AdminClient, tenant_id: str
) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    for path in ("", "/api-keys", "/audit", "/api-keys/new"):
        response = browser.client.get(f"/console/t/{tenant_id}{path}")
        assert response.status_code == 404
        assert "globex" not in response.text


def test_an_operator_changes_password_and_second_factor(admin: AdminClient) -> None:
    browser, other = sign_in_as(admin, Role.VIEWER), Browser(admin.app)
    other.open("/console/sign-in")
    other.submit(email="viewer@acme.example", password=PASSWORD)
    browser.open("/console/account/password")
    new = "another long password"
    wrong = {"present_password": "wrong", "password": new, "repeated_password": new}
    assert browser.submit("", **wrong).status_code == 400
    browser.submit("", **{**wrong, "present_password": PASSWORD})
    assert "The password is changed." in browser.page
    other.open(HOME)
    assert other.path.startswith("/console/sign-in")

    browser.open("/console/account/code")
    secret = str(browser.find_form("")["fields"]["secret"])
    assert browser.submit("", code="000000").status_code == 400
    app = pyotp.TOTP(secret)
    page = browser.submit("", code=app.now()).text
    (recovery_code, *_) = re.findall(r"<code>([a-z0-9-]{17})</code>", page)
    other.submit(email="viewer@acme.example", password=new)
    assert "authenticator app shows" in other.page
    later = app.at(time.time() + 30)  # the present code has been used
    other.submit(email="viewer@acme.example", password=new, code=later)
    assert other.path.endswith(HOME)
    browser.open("/console/account")
    assert browser.submit("/end", code=later).status_code == 400
    browser.submit("/end", code=recovery_code)
    assert "The second factor is off." in browser.page
    other.open(HOME)
    assert other.path.startswith("/console/sign-in")


def test_who_belongs_to_two_tenants_switches_between_them(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    browser.open(invite("globex", Role.VIEWER, "owner@acme.example"))
    browser.submit(password=PASSWORD)
    assert browser.path == "/console/t/globex"
    browser.submit("/tenant", tenant_id="acme")
    assert browser.path == HOME
    assert browser.submit("/tenant", tenant_id="unknown").status_code == 404


def test_a_removed_operator_is_out_at_once(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    (member,) = memberships.list_members("acme")
    memberships.remove("acme", member.operator_id)
    browser.open(HOME)
    assert browser.path.startswith("/console/sign-in")
    browser.submit(email="manager@acme.example", password=PASSWORD)
    browser.open("/console")
    assert "You do not belong to a tenant" in browser.page


def test_sign_ins_that_wait_for_others_occupy_few_threads(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = ThreadQueue(1, 0, max_seconds=0, build_error=passwords.PasswordsBusy)
    monkeypatch.setattr(passwords, "_queue", queue)
    browser = Browser(admin.app)
    browser.open("/console/sign-in")
    with queue.take_turn():
        response = browser.submit(email="ann@example.com", password=PASSWORD)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert "Many people are signing in" in response.text
