"""Pages of tenants: roles, forms, tables, and texts that callers have stored."""

from __future__ import annotations

import csv
import re
from functools import partial

import pytest
from flask import Flask

from admin_gateway.authentication import get_required_scope
from admin_gateway.console.page import MIRRORED_VIEWS, VIEW_SCOPES
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.domain.rules.roles import ROLE_SCOPES
from coupon_core.domain.rules.scopes import find_missing_scopes
from coupon_core.services.access import tenants
from coupon_core.services.operators import memberships
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, sign_in_as

HOME = "/console/t/acme"
SCRIPT = "<script>alert(1)</script>"


def list_views(app: Flask) -> dict[str, tuple[str, str]]:
    """Return method and path of every view of a tenant's pages, by endpoint."""
    unknown_id = "018f0000-0000-7000-8000-000000000000"
    values = {"uuid": unknown_id, "int": "1", "any": "enable", "": "AAAAA"}
    fill = partial(re.sub, r"<(?:(\w+)[^:>]*:)?\w+>", lambda m: values[m[1] or ""])
    return {
        rule.endpoint: (
            "POST" if "POST" in (rule.methods or ()) else "GET",
            fill(rule.rule.replace("<tenant_id>", "acme")),
        )
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/console/t/")
    }


def test_every_view_needs_the_scope_of_the_view_that_it_mirrors(
    sqlite_admin: AdminClient,
) -> None:
    app = sqlite_admin.app
    views = list_views(app)
    assert views.keys() == VIEW_SCOPES.keys() == MIRRORED_VIEWS.keys()
    for endpoint, mirrored in MIRRORED_VIEWS.items():
        if mirrored:
            assert mirrored in app.view_functions, endpoint
            method, _ = views[endpoint]
            assert VIEW_SCOPES[endpoint] == get_required_scope(mirrored, method)


def test_an_operator_without_a_role_sees_no_page(sqlite_admin: AdminClient) -> None:
    email = "none@acme.example"
    browser = sign_in_as(sqlite_admin, Role.MANAGER, email)
    (member,) = [one for one in memberships.list_members("acme") if one.email == email]
    memberships.remove("acme", member.operator_id)
    browser.open("/console/sign-in")
    browser.submit(email=email, password=PASSWORD)
    browser.open("/console/account")
    token = browser.find_form()["fields"]["csrf_token"]
    for method, path in list_views(sqlite_admin.app).values():
        response = browser.client.open(path, method=method, data={"csrf_token": token})
        assert response.status_code == 404, path


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_and_reaches_what_its_scopes_allow(
    sqlite_admin: AdminClient, role: Role
) -> None:
    browser = sign_in_as(sqlite_admin, role)
    browser.open("/console/account")
    token = browser.find_form()["fields"]["csrf_token"]
    for endpoint, (method, path) in list_views(sqlite_admin.app).items():
        response = browser.client.open(path, method=method, data={"csrf_token": token})
        response.close()  # a file that is not read occupies a thread
        is_allowed = not find_missing_scopes(ROLE_SCOPES[role], {VIEW_SCOPES[endpoint]})
        assert (response.status_code != 403) == is_allowed, endpoint
        assert response.status_code < 500, endpoint


def test_every_view_of_a_foreign_tenant_is_like_a_missing_one(
    sqlite_admin: AdminClient,
) -> None:
    tenants.create("initech", utc_now())
    browser = sign_in_as(sqlite_admin, Role.OWNER, "boss@acme.example")
    browser.open("/console/account")
    token = browser.find_form()["fields"]["csrf_token"]
    for method, path in list_views(sqlite_admin.app).values():
        foreign, missing = (
            browser.client.open(
                path.replace("/acme", f"/{tenant_id}", 1),
                method=method,
                data={"csrf_token": token},
                headers={"X-Request-Id": "same"},
            )
            for tenant_id in ("initech", "missing")
        )
        assert foreign.status_code == 404, path
        assert foreign.text == missing.text


def test_a_viewer_is_not_shown_what_is_refused(admin: AdminClient) -> None:
    keys = sign_in_as(admin, Role.VIEWER).open(f"{HOME}/api-keys").text
    assert "first key" in keys or admin.key.name in keys
    assert "New API key" not in keys
    assert "Revoke" not in keys.replace("Revoked", "")


def test_a_key_is_created_once_however_often_the_form_is_submitted(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    browser.open(f"{HOME}/api-keys/new")
    form = browser.find_form("/new")
    fields = {**form["fields"], "name": "CI", "scopes": ["read", "export"]}
    first, second = (browser.client.post(form["action"], data=fields) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.text == second.text
    assert "pk_" in first.text
    listed = admin.get("api-keys").json["api_keys"]
    (key,) = [one for one in listed if one["name"] == "CI"]
    assert key["scopes"] == ["export", "read"]
    entries = browser.open(f"{HOME}/audit?action=api_key.created").text
    assert entries.count("owner@acme.example</span>") == 1
    assert "operator:" in entries


def test_errors_stay_beside_the_field_and_keep_the_input(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    browser.open(f"{HOME}/api-keys/new")
    response = browser.submit("/new", name=SCRIPT, expires_at="31/12/2026")
    assert response.status_code == 400
    assert 'id="expires_at-error"' in browser.page
    assert 'value="31/12/2026"' in browser.page
    assert "&lt;script&gt;alert(1)" in browser.page
    assert SCRIPT not in browser.page
    created = browser.submit("/new", expires_at="", name=SCRIPT, scopes=["read"])
    assert created.status_code == 201, created.text
    for path in ("/api-keys", "/audit", ""):
        assert SCRIPT not in browser.open(HOME + path).text


def test_a_key_is_revoked_after_a_question(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    question = browser.open(f"{HOME}/api-keys/{admin.key.key_id}/revoke")
    assert "cannot be undone" in question.text
    assert admin.get("api-keys").status_code == 200
    browser.submit("/revoke")
    assert browser.path == f"{HOME}/api-keys"
    assert "is revoked." in browser.page
    assert "is revoked." not in browser.open(f"{HOME}/api-keys").text
    assert admin.get("api-keys").status_code == 401


def test_a_table_has_pages_and_the_same_rows_as_csv(admin: AdminClient) -> None:
    for number in range(60):
        admin.post("api-keys", {"name": f"=key {number}", "scopes": ["read"]})
    browser = sign_in_as(admin, Role.OWNER)
    first = browser.open(f"{HOME}/api-keys").text
    assert first.count("/revoke") == 50
    second = browser.open(f"{HOME}/api-keys?after=50").text
    assert second.count("/revoke") == 11
    assert "Next page" not in second
    response = browser.open(f"{HOME}/api-keys?format=csv")
    assert response.content_type == "text/csv; charset=utf-8"
    rows = list(csv.reader(response.text.splitlines()))
    assert rows[0] == ["name", "scopes", "created_at", "expires_at", "revoked_at"]
    assert len(rows) == 62
    assert rows[1][0] == "'=key 59"


def test_filters_are_checked_like_those_of_the_api(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    response = browser.open(f"{HOME}/audit?action=No+action&from=2026-01-01")
    assert response.status_code == 400
    assert 'id="action-error"' in response.text
    assert 'value="2026-01-01"' in response.text


@pytest.mark.parametrize("name", ["endpoint", "tenant_id", "_external", "_method"])
def test_links_of_a_table_pass_on_filters_only(
    sqlite_admin: AdminClient, name: str
) -> None:
    browser = sign_in_as(sqlite_admin, Role.OWNER, f"{name}@acme.example")
    page = browser.open(f"{HOME}/api-keys?{name}=evil&name=a").text
    assert f'href="{HOME}/api-keys?format=csv&amp;name=a"' in page


def test_files_have_names_that_change_with_their_content(
    sqlite_admin: AdminClient,
) -> None:
    client = sqlite_admin.app.test_client()
    page = client.get("/console/sign-in").text
    (path,) = [part for part in page.split('"') if "console/static/console" in part][:1]
    response = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Cache-Control"].endswith("immutable")
    assert response.headers["Content-Encoding"] == "gzip"
    assert client.get("/console/static/console.css").status_code == 404
