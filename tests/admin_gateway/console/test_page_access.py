"""What pages show and reach: by role, and in other tenants."""

from __future__ import annotations

import re

import pytest

from admin_gateway.console.page import VIEW_SCOPES
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.domain.rules.roles import ROLE_SCOPES
from coupon_core.domain.rules.scopes import find_missing_scopes
from coupon_core.services.events import dead_letters
from tests.admin_gateway.console.test_pages import HOME, list_views
from tests.factories.webhooks import create_delivery
from tests.support.admin_client import AdminClient, expect_created
from tests.support.console_client import sign_in_as

LINK = re.compile(r'(<[^>]*?\b(href|formaction|action)="(/[^"?#]+)[^>]*>)')


def create_examples(admin: AdminClient) -> dict[str, str]:
    """Create an object for each table; return their paths below the tenant."""
    admin.post("campaigns", {"campaign_id": "spring", "names": {"en": "Spring"}})
    reward = {"itemId": "box", "itemQuantity": 1}
    package = expect_created(
        admin.post(
            "campaigns/spring/packages",
            {"item_name": {"en": "Box"}, "rewards": [reward]},
        )
    )
    admin.post("creators", {"creator_key": "AAAAA", "name": "Anna"})
    codes = {"package_id": package["package_id"], "count": 1}
    expect_created(admin.post("creators/AAAAA/codes", codes))
    url = {"event_type": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
    webhook = expect_created(admin.post("webhooks", url))
    create_delivery(admin.tenant_id, webhook["id"])
    letter = store_letter(admin.tenant_id)
    item_id = admin.create_reward_item()["item_id"]
    return {
        "packages": f"/packages/{package['package_id']}",
        "creators": "/creators/AAAAA",
        "webhooks": f"/webhooks/{webhook['id']}",
        "dead letters": f"/dead-letters/{letter}",
        "rewards": f"/rewards/{item_id}",
    }


def store_letter(tenant_id: str) -> str:
    """Store a dead letter and return its ID."""
    letter = dead_letters.store_dead_letter(
        *("milestones", "milestone.streak", "application/json", b"{}"),
        reason="broken",
        now=utc_now(),
        tenant_id=tenant_id,
    )
    return letter.letter_id


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.MANAGER])
def test_no_page_leads_to_what_its_role_may_not_do(
    admin: AdminClient, role: Role
) -> None:
    examples = create_examples(admin)
    browser = sign_in_as(admin, role)
    adapter, seen = admin.app.url_map.bind("localhost"), set()
    starts = [
        path for method, path in list_views(admin.app).values() if method == "GET"
    ]
    for path in (*starts, *(HOME + path for path in examples.values())):
        response = browser.open(path)
        page = (
            response.text.partition("<main")[2] if response.status_code == 200 else ""
        )
        for tag, name, target in LINK.findall(page):
            is_post = name == "formaction" or 'method="post"' in tag
            method = "POST" if is_post else "GET"
            endpoint, _ = adapter.match(target, method)
            scope = VIEW_SCOPES.get(endpoint)
            missing = scope and find_missing_scopes(ROLE_SCOPES[role], {scope})
            assert not missing, (path, target)
            seen.add(endpoint)
    assert {"console.creators.show", "console.webhooks.show"} <= seen


def test_objects_of_another_tenant_do_not_exist(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    examples = create_examples(other_admin)
    browser = sign_in_as(admin, Role.OWNER)
    own = sign_in_as(other_admin, Role.OWNER)
    browser.open("/console/account")
    token = {"csrf_token": browser.find_form()["fields"]["csrf_token"]}
    for name, path in examples.items():
        response = browser.client.get(HOME + path)
        assert response.status_code == 404, name
        for action in ("", "/edit", "/delete", "/disable", "/drop", "/codes"):
            response = browser.client.post(HOME + path + action, data=token)
            assert response.status_code in (404, 405), (name, action)
        assert own.open(f"/console/t/globex{path}").status_code == 200, name
