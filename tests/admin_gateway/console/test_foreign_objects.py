"""Every view of the console with the ids of another tenant, and views of no tenant."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from flask import Flask
from werkzeug.routing import Rule

from admin_gateway.console.access import PUBLIC_ENDPOINTS
from admin_gateway.console.blueprint import OWN_VIEWS
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.operators import links, memberships
from tests.authorization.factories import FACTORIES
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, Browser, invite, sign_in_as
from tests.support.database_rows import TableRows, read_all_rows

PREFIX = "/console/t/<tenant_id>"
MISSING_UUID = "018f0000-0000-7000-8000-000000000000"
# Of arguments that are no ids of an object.
CONSTANTS = {"user_id": "ann", "action": "disable"}
MISSING_IDS = {
    **{"campaign_id": "none", "creator_key": "ZZZZZ", "token_hash": "0" * 64},
    **dict.fromkeys(("package_id", "webhook_id", "redemption_id"), "9007199254740991"),
}
hide_tokens = re.compile(r'value="[\w.-]{20,}"').sub


def list_rules(app: Flask) -> dict[str, Rule]:
    """Return the rules of pages that name an object, by endpoint."""
    return {
        rule.endpoint: rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and rule.arguments - {"tenant_id"}
    }


def create_ids(tenant: TenantFactory, names: set[str]) -> dict[str, str]:
    """Return the ids of new objects of a tenant; a name without a factory fails."""
    operator_id, _ = links.invite(
        tenant.tenant_id, "eve@example.com", Role.VIEWER, utc_now()
    )
    (invitation,) = links.list_invitations(tenant.tenant_id, utc_now())
    memberships.operator_memberships.put(
        tenant.tenant_id, operator_id, Role.VIEWER, utc_now()
    )
    ids = {"operator_id": operator_id, "token_hash": invitation.link.token_hash}
    ids |= FACTORIES["webhook_id"](tenant, "ann")
    ids["event_id"] = ids["delivery_id"]
    for name in sorted(names - ids.keys() - CONSTANTS.keys()):
        ids |= FACTORIES[name](tenant, "ann")
    return ids


def build_path(rule: Rule, tenant_id: str, ids: Mapping[str, str]) -> str:
    """Return the path of a rule with ids."""
    values = {**CONSTANTS, **ids, "tenant_id": tenant_id}
    return re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda found: values[found[1]], rule.rule)


def read_rows(values: set[str]) -> TableRows:
    """Return the rows that contain the id of a tenant, or of one of its objects."""
    return {
        name: [row for row in rows if values & {str(cell) for cell in row}]
        for name, rows in read_all_rows().items()
    }


def test_objects_of_another_tenant_are_like_missing_ones_and_stay_as_they_are(
    sqlite_admin: AdminClient,
) -> None:
    rules = list_rules(sqlite_admin.app)
    names = set().union(*(rule.arguments for rule in rules.values())) - {"tenant_id"}
    tenant = create_tenant("foreign", now=None)
    foreign = create_ids(tenant, names)
    missing = {name: MISSING_IDS.get(name, MISSING_UUID) for name in foreign}
    browser = sign_in_as(sqlite_admin, Role.OWNER, "boss@acme.example")
    browser.open("/console/account")
    token = {"csrf_token": browser.find_form()["fields"]["csrf_token"]}
    watched = {tenant.tenant_id, *foreign.values()}
    before = read_rows(watched)
    assert before["webhook"]
    assert before["operator_invitation"]
    for endpoint, rule in rules.items():
        is_get, texts = "GET" in rule.methods, []
        for ids in (foreign, missing):
            browser.client.delete_cookie("coupons-notice", path="/console")
            response = browser.client.open(
                build_path(rule, "acme", ids),
                method="GET" if is_get else "POST",
                data=None if is_get else token,
                headers={"X-Request-Id": "same"},
            )
            text = hide_tokens("", response.text)
            for value in ids.values():
                text = text.replace(value, "ID")
            texts.append((response.status_code, response.headers.get("Location"), text))
        if rule.arguments != {"tenant_id", "user_id"}:
            assert texts[0][0] in (303, 400, 404, 409), endpoint
        assert texts[0][2] == texts[1][2], endpoint
    assert read_rows(watched) == before


def test_the_ids_of_the_test_above_exist_for_their_own_tenant(
    sqlite_admin: AdminClient,
) -> None:
    rules = list_rules(sqlite_admin.app)
    names = set().union(*(rule.arguments for rule in rules.values())) - {"tenant_id"}
    tenant = create_tenant("own", now=None)
    ids = create_ids(tenant, names)
    owner = sign_in_as(sqlite_admin, Role.OWNER, "owner@own.example", tenant.tenant_id)
    for endpoint, rule in rules.items():
        if "GET" in rule.methods:
            path = build_path(rule, tenant.tenant_id, ids)
            assert owner.client.get(path).status_code != 404, endpoint


@pytest.mark.parametrize("who", ["nobody", "without a tenant", "viewer"])
def test_views_of_no_tenant_are_for_operators_or_listed_as_public(
    sqlite_admin: AdminClient, who: str
) -> None:
    browser = Browser(sqlite_admin.app)
    if who != "nobody":
        email = f"{who.replace(' ', '-')}@acme.example"
        browser.open(invite("acme", Role.VIEWER, email))
        browser.submit(password=PASSWORD, repeated_password=PASSWORD)
        if who == "without a tenant":
            (member,) = [
                one for one in memberships.list_members("acme") if one.email == email
            ]
            memberships.remove("acme", member.operator_id)
            browser.open("/console/sign-in")
            browser.submit(email=email, password=PASSWORD)
    for rule, method, name, _view in OWN_VIEWS:
        path = f"/console{rule.replace('<token>', 'none')}"
        response = browser.client.open(path, method=method)
        is_led_to_sign_in = "/sign-in" in response.headers.get("Location", "")
        is_refused = who == "nobody" and f"console.{name}" not in PUBLIC_ENDPOINTS
        assert is_led_to_sign_in == is_refused, name
        assert response.status_code < 500, name
        if method == "POST" and not is_refused:  # without a token
            assert response.status_code == 400, name
        other = browser.client.open(path, method="DELETE")
        assert other.status_code == 405, name
