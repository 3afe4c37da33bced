"""Signing in to the console, its cookies, and what forged forms can do."""

from __future__ import annotations

from coupon_core.domain.models.operators import Role
from tests.support.admin_client import AdminClient
from tests.support.console_client import PASSWORD, sign_in_as


def test_an_invitation_leads_to_the_home_page_and_out_again(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.OWNER)
    assert browser.path == "/console/t/acme"
    assert "There are no coupons yet" in browser.page
    assert browser.submit("/sign-out").status_code == 200
    assert browser.path == "/console/sign-in"
    assert browser.open("/console/t/acme").status_code == 200
    assert browser.path.startswith("/console/sign-in?next=")
    browser.submit(email="OWNER@acme.example", password=PASSWORD)
    assert browser.path == "/console/t/acme"
