"""The console in a real browser, with scripts and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.access import tenants
from tests.support.browser import Watcher
from tests.support.console_client import PASSWORD, invite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = (
    *("", "/generate", "/import", "/export", "/batches", "/jobs"),
    *("/api-keys", "/api-keys/new", "/audit"),
    *("/rewards", "/rewards/new", "/points", "/points/changes", "/points/change"),
    *("/creators", "/creators/new", "/creator-import", "/packages", "/packages/new"),
    *("/leaderboard", "/webhooks", "/webhooks/new", "/dead-letters"),
    *("/operators", "/operators/invite", "/invitations"),
    *("/codes", "/codes?q=nothing", "/codes/list", "/codes/why", "/players"),
    *("/players/anna", "/players/anna/attempts", "/players/anna/revoke"),
    *("/reports", "/reports/refusals", "/reports/top", "/reports/compare"),
    *("/reports/funnel", "/attempts", "/attempts/signals"),
    *("/system", "/system/migrations", "/system/settings"),
    *("/campaigns", "/campaigns/new", "/definitions", "/definitions/new"),
)


def check_page(page: Page) -> None:
    """Fail if a page breaks a rule of accessibility, in light or dark colours."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
        found = [(one["id"], one["nodes"][0]["html"]) for one in violations]
        assert found == [], (page.url, scheme)


@pytest.mark.slow
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_invited_operator_finds_the_way_in_and_out(
    chromium: Browser, gateway_url: str, has_scripts: bool
) -> None:
    tenant_id = f"acme-{has_scripts}"
    tenants.create(tenant_id, utc_now())
    link = invite(tenant_id, Role.OWNER, f"owner@{tenant_id}.example")
    context = chromium.new_context(java_script_enabled=has_scripts)
    page, watcher = context.new_page(), Watcher(gateway_url)
    watcher.watch(page)

    page.goto(gateway_url + link)
    if has_scripts:
        check_page(page)
    page.fill("#password", PASSWORD)
    page.fill("#repeated_password", PASSWORD)
    page.click("main button")
    home = f"{gateway_url}/console/t/{tenant_id}"
    page.wait_for_url(home)
    for path in (*PAGES, "/../../account", "/../../account/code"):
        page.goto(home + path)
        if has_scripts:
            check_page(page)
    page.goto(f"{home}/api-keys/new")
    page.fill("#name", "CI")
    page.check("input[value=read]")
    page.click("main button")
    page.wait_for_selector("text=pk_")
    page.click("header form[action$=sign-out] button")
    page.wait_for_url(f"{gateway_url}/console/sign-in")
    if has_scripts:
        check_page(page)
    context.close()
    assert watcher.problems == []
    assert watcher.foreign_urls == []


@pytest.mark.slow
def test_keys_lead_to_pages_and_small_windows_do_not_scroll_sideways(
    chromium: Browser, gateway_url: str
) -> None:
    tenants.create("keys", utc_now())
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(gateway_url + invite("keys", Role.OWNER, "owner@keys.example"))
    page.fill("#password", PASSWORD)
    page.fill("#repeated_password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/t/keys")
    page.keyboard.type("gk")
    page.wait_for_url("**/t/keys/api-keys")
    page.keyboard.press("?")
    assert page.is_visible("#keyboard-help dl")
    page.keyboard.type("ga")
    page.wait_for_url("**/t/keys/audit")
    for path in PAGES:
        page.goto(f"{gateway_url}/console/t/keys{path}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, (path, width)
    context.close()
