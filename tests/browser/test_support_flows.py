"""Codes, players, connections and access, as support and owners work with them."""

from __future__ import annotations

import json

import pytest

from tests.browser.running_console import choose_password
from tests.browser.visitor import Visitor
from tests.factories.dead_letters import create_dead_letter
from tests.factories.webhooks import create_delivery
from tests.support.webhook_receiver import running_receiver

pytestmark = pytest.mark.slow


def test_a_mistyped_code_is_found_and_corrected(visitor: Visitor) -> None:
    definition = visitor.tenant.define(name="Typos", code_prefix="TYPE-")
    code = visitor.tenant.issue_unassigned_code(definition)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    visitor.search(wrong)
    visitor.expect("one character differs")
    visitor.page.locator("main a", has_text=code).click()
    visitor.click("Assign to a player")
    visitor.fill({"user_id": "nina"})
    visitor.click("Assign to a player")
    visitor.expect("The code is assigned.")
    for action, result in (("Revoke", "revoked"), ("Restore", "restored")):
        visitor.click(action, action)
        visitor.expect(f"The code is {result}.")
    visitor.tenant.redeem(code, "nina")
    visitor.search(code)
    visitor.click("Give the use back", "Give the use back")
    visitor.expect("The use is given back.")


def test_a_player_is_exported_and_erased(visitor: Visitor) -> None:
    code = visitor.tenant.create_code("erik")
    visitor.go_to("Players")
    visitor.fill({"user_id": "erik"})
    visitor.click("Open")
    visitor.expect(code)
    exported = json.loads(visitor.download("Export all data"))
    assert exported["user_id"] == "erik"
    visitor.click("Revoke all codes", "Revoke all codes")
    visitor.expect("1 code is revoked.")
    visitor.start("/players/erik")
    visitor.click("Erase")
    visitor.fill({"typed_name": "erik"})
    visitor.click("Erase")
    visitor.expect("The player is erased")


def test_a_webhook_is_tried_resent_rotated_and_deleted(visitor: Visitor) -> None:
    with running_receiver() as receiver:
        visitor.go_to("Webhooks")
        visitor.click("New webhook")
        visitor.fill({"url": receiver.url})
        visitor.click("Create the webhook")
        visitor.expect("whsec_")
        visitor.click("Done")
        visitor.click("Send a test event")
        visitor.expect("200")
        assert len(receiver.received) == 1
        webhook_id = int(visitor.page.url.rpartition("/")[2])
        create_delivery(visitor.tenant.tenant_id, webhook_id)
        visitor.page.reload()
        visitor.click("Send again")
        visitor.expect("sent again")
        visitor.click("Replace the secret", "Replace the secret")
        visitor.expect("whsec_")
        visitor.click("Done", "Delete", "Delete the webhook")
        visitor.expect("deleted")


def test_dead_letters_are_sent_again_and_deleted(visitor: Visitor) -> None:
    for number in range(2):
        create_dead_letter(visitor.tenant.tenant_id, b"{}", reason=f"cause {number}")
    visitor.go_to("Dead letters")
    visitor.click("Send again")
    visitor.expect("again")
    visitor.click("Delete", "Delete the message")
    visitor.expect("Every message has been processed.")


def test_an_api_key_is_created_and_revoked(visitor: Visitor) -> None:
    visitor.go_to("API keys")
    visitor.click("New API key")
    visitor.fill({"name": "CI"})
    visitor.page.check("input[value=read]")
    visitor.click("Create the key")
    visitor.expect("pk_")
    visitor.click("Done")
    visitor.page.locator("tr", has_text="CI").get_by_text("Revoke").click()
    visitor.click("Revoke the key")
    visitor.expect("revoked")


def test_an_invited_operator_signs_in_and_gets_another_role(visitor: Visitor) -> None:
    email = f"new@{visitor.tenant.tenant_id}.example"
    visitor.go_to("Operators")
    visitor.click("Invite an operator")
    visitor.fill({"email": email})
    visitor.click("Create the link")
    link = visitor.page.inner_text("code.secret")
    context = visitor.browser.new_context(java_script_enabled=visitor.has_scripts)
    page = context.new_page()
    page.goto(visitor.home.partition("/console")[0] + link[link.index("/console") :])
    choose_password(page)
    page.wait_for_url(visitor.home)
    assert page.locator("nav", has_text="Operators").count() == 0
    visitor.click("Done")
    visitor.page.locator("tr", has_text=email).get_by_text("Role").click()
    visitor.page.select_option("#role", "manager")
    visitor.click("Save")
    visitor.expect("Manager")
    page.reload()
    assert "/sign-in?next=" in page.url
    context.close()


def test_what_happened_is_read_and_downloaded(visitor: Visitor) -> None:
    code = visitor.tenant.create_code("olga")
    visitor.tenant.redeem(code, "olga")
    visitor.go_to("Audit log")
    visitor.page.select_option("#action", "operator.joined")
    visitor.click("Filter")
    visitor.expect("role: owner")
    assert "operator.joined" in visitor.download("Download as CSV")
    visitor.go_to("Reports")
    for report in ("Refusals", "Most used", "From code to use", "Redemptions"):
        visitor.click(report)
    visitor.click("7 days")
    assert visitor.download("Download as CSV").startswith("start,")
    visitor.go_to("System")
    visitor.expect("Database")
    visitor.click("Settings")
    visitor.expect("COUPON_DATA_DIR")
    visitor.page.click("header form[action$=sign-out] button")
    visitor.page.wait_for_url("**/console/sign-in")
    visitor.page.fill("#email", f"owner@{visitor.tenant.tenant_id}.example")
    visitor.page.fill("#password", "correct horse battery")
    visitor.click("Sign in")
    visitor.page.wait_for_url(visitor.home)
