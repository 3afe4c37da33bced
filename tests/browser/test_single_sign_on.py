"""Signing in at a provider on another site, in a real browser with its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.access import tenants
from tests.browser.running_console import RunningConsole
from tests.browser.test_console import find_overflows, find_violations
from tests.support.browser import Watcher
from tests.support.console_client import invite
from tests.support.openid_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.support.ports import find_free_port
from tests.support.servers.gunicorn import gateway_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.slow
def test_an_operator_signs_in_at_a_provider_on_another_site(
    chromium: Browser,
    console: RunningConsole,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"http://127.0.0.1:{find_free_port()}"
    with running_provider() as provider:
        provider.host = "localhost"  # another site than 127.0.0.1
        variables = {
            "COUPON_CONSOLE_URL": url,
            "COUPON_OIDC_ISSUER": provider.issuer,
            "COUPON_OIDC_CLIENT_ID": CLIENT_ID,
            "COUPON_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "COUPON_OIDC_LABEL": "Example ID",
        }
        options = [f"--env={name}={value}" for name, value in variables.items()]
        bind = f"--bind={url.removeprefix('http://')}"
        home = tmp_path_factory.mktemp("oidc")
        with gateway_server("admin_gateway", console.settings, home, bind, *options):
            tenants.create("oidc", utc_now())
            page = chromium.new_context(reduced_motion="reduce").new_page()
            watcher = Watcher(url)
            watcher.watch(page)
            page.goto(url + invite("oidc", Role.OWNER, provider.email))
            assert find_violations(page) + find_overflows(page) == []
            page.click("a >> text=Sign in with Example ID")
            page.wait_for_url(f"{url}/console/t/oidc")
            page.goto(f"{url}/console/account")
            assert find_violations(page) + find_overflows(page) == []
            page.click("text=Sign out >> nth=0")
            page.wait_for_url(f"{url}/console/sign-in")
            assert find_violations(page) + find_overflows(page) == []
            page.click("a >> text=Sign in with Example ID")
            page.wait_for_url(f"{url}/console/t/oidc")
            assert watcher.problems == []
