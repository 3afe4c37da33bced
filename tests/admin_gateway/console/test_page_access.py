"""What pages show and reach: by role, and in other tenants."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from admin_gateway.console import uploads
from admin_gateway.console.page import VIEW_SCOPES
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.domain.rules.roles import ROLE_SCOPES
from coupon_core.domain.rules.scopes import find_missing_scopes
from coupon_core.services.events import dead_letters
from coupon_core.web.body_admission import PENDING_BODY_ENVIRON_KEY, BodyRequired
from coupon_core.web.request_body import (
    BODY_LIMITS_EXTENSION,
    DEFAULT_BODY_LIMIT_BYTES,
)
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


def is_upload(app: Flask, endpoint: str) -> bool:
    """Return True if a view counts as an upload."""
    return hasattr(app.view_functions[endpoint], uploads.FILE_MARK)


def test_only_uploads_have_a_body_above_the_limit_of_forms(
    sqlite_admin: AdminClient,
) -> None:
    """Uploads are received on disk, at most two at a time."""
    app = sqlite_admin.app
    limits = app.extensions[BODY_LIMITS_EXTENSION]
    large = {
        endpoint
        for endpoint in list_views(app)
        if limits.get(endpoint, 0) > DEFAULT_BODY_LIMIT_BYTES
    }
    assert large == {one for one in list_views(app) if is_upload(app, one)}
    assert "console.creator_import.create" in large


def test_session_and_role_are_checked_before_a_body_is_read(
    sqlite_admin: AdminClient,
) -> None:
    app = sqlite_admin.app
    clients = {role: sign_in_as(sqlite_admin, role).client for role in Role}
    pending = {PENDING_BODY_ENVIRON_KEY: True, "CONTENT_LENGTH": "20000000"}
    for endpoint, (method, path) in list_views(app).items():
        if method == "GET":
            continue
        anonymous = app.test_client().post(path, environ_overrides=pending)
        assert anonymous.headers["Location"].startswith("/console/sign-in"), endpoint
        for role, client in clients.items():
            missing = find_missing_scopes(ROLE_SCOPES[role], {VIEW_SCOPES[endpoint]})
            try:
                status = client.post(path, environ_overrides=pending).status_code
            except BodyRequired:
                status = 100
            limit = app.extensions[BODY_LIMITS_EXTENSION].get(endpoint, 0)
            received = 100 if limit >= 20_000_000 else 413
            assert status == (403 if missing else received), (endpoint, role)
