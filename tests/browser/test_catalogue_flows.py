"""Definitions, campaigns, rewards, points, creators, and codes in files."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.services.points import users
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_a_definition_is_tried_created_changed_copied_and_archived(
    visitor: Visitor,
) -> None:
    visitor.go_to("Definitions")
    visitor.click("New definition")
    visitor.select("config.reward_item_id", "100 Bonus Points (points)")
    visitor.fill({"name": "Autumn", "config.code_prefix": "AUT-"})
    visitor.click("Try")
    visitor.expect("may use it", "AUT-")
    visitor.click("Create the definition")
    visitor.expect("Next, generate codes.")
    visitor.click("Settings")
    visitor.fill({"config.limits.total": "70"})
    visitor.click("Save")
    visitor.expect("is changed")
    visitor.click("Overview")
    visitor.expect("70 uses are left")
    for action, state in (("Suspend", "suspended"), ("Resume", "active")):
        visitor.click(action, action)
        visitor.expect(state)
    visitor.click("History")
    visitor.expect("suspended", f"owner@{visitor.tenant.tenant_id}.example")
    visitor.click("Overview", "Copy")
    visitor.expect("New definition")
    visitor.click("Create the definition")
    visitor.expect("Copy of Autumn")
    visitor.click("Archive", "Archive")
    visitor.expect("archived")


def test_a_campaign_is_created_suspended_and_completed(visitor: Visitor) -> None:
    visitor.go_to("Campaigns")
    visitor.click("New campaign")
    visitor.fill(
        {"name": "Spring", "starts_at": "2030-03-01", "time_zone": "Asia/Tokyo"}
    )
    visitor.click("Create the campaign")
    visitor.expect("2030-03-01 00:00 Asia/Tokyo")
    visitor.click("Settings")
    visitor.fill({"ends_at": "2030-03-31"})
    visitor.click("Save")
    visitor.expect("2030-03-31 23:59 Asia/Tokyo")
    for action in ("Suspend", "Resume", "Complete"):
        visitor.click(action, action)
    visitor.expect("completed")


def test_a_reward_is_created_changed_and_deleted(visitor: Visitor) -> None:
    visitor.go_to("Rewards")
    visitor.click("New reward")
    visitor.fill({"name": "Hat", "reward_type": "item", "payload": "{"})
    visitor.click("Create the reward")
    visitor.expect("Please correct the marked fields.")
    visitor.fill({"payload": '{"id": 7}'})
    visitor.click("Create the reward")
    visitor.expect('{"id":7}')
    visitor.click("Hat")
    visitor.fill({"name": "Blue hat"})
    visitor.click("Save")
    row = visitor.page.locator("tr", has_text="Blue hat")
    row.get_by_text("Delete").click()
    visitor.click("Delete the reward")
    assert visitor.page.locator("tr", has_text="Blue hat").count() == 0


def test_points_are_credited_and_debited(visitor: Visitor) -> None:
    users.create(visitor.tenant.tenant_id, {"user_id": "anna"}, utc_now())
    for button, balance in (("Credit", "500"), ("Debit", "0")):
        visitor.go_to("Points")
        visitor.click("Credit or debit points")
        visitor.fill({"user_id": "anna", "point_id": "gold", "amount": "500"})
        visitor.click(button)
        visitor.expect(balance)
    visitor.expect("debited")


def test_creators_are_added_together_and_ranked(visitor: Visitor) -> None:
    visitor.start("/campaigns/new")
    visitor.fill({"name": "Launch"})
    visitor.click("Create the campaign")
    visitor.go_to("Packages")
    visitor.click("New package")
    visitor.select("campaign_id", "Launch (launch)")
    visitor.fill(
        {
            "item_name.en": "Welcome",
            "rewards.0.itemId": "gem",
            "rewards.0.itemQuantity": "5",
        }
    )
    visitor.click("Create the package")
    visitor.expect("5 × gem")
    visitor.go_to("Add many creators")
    visitor.select("campaign_id", "Launch (launch)")
    visitor.fill({"lines": "creator_key,name,count\nANNA1,Anna,2\nBERT2,Bert,1\n"})
    visitor.click("Only check")
    visitor.expect("2 creators can be created.")
    visitor.click("Create the creators")
    visitor.expect("ANNA1", "BERT2")
    visitor.click("ANNA1")
    visitor.expect("CREATOR-ANNA1-001")
    visitor.click("Revoke all codes", "Revoke")
    visitor.expect("revoked")
    visitor.go_to("Leaderboard")
    visitor.expect("Leaderboard of creators")


def test_codes_are_imported_exported_and_printed(visitor: Visitor) -> None:
    definition = visitor.tenant.define(name="Printed cards")
    visitor.go_to("Import codes")
    visitor.select("definition_id", "Printed cards")
    for button in ("Only check", "Import the codes"):
        visitor.upload("code,user_id\nPAPER-1,\nPAPER-2,anna\n")
        visitor.click(button)
        if button == "Only check":
            visitor.expect("2 codes would be imported.")
    visitor.wait_for_job()
    visitor.go_to("Export codes")
    visitor.select("definition_id", "Printed cards")
    assert "PAPER-2" in visitor.download("Download the codes")
    visitor.start(f"/generate?definition_id={definition.definition_id}")
    visitor.fill({"count": "12"})
    visitor.click("Only check")
    visitor.expect("12 codes would be generated.")
    visitor.click("Generate the codes")
    visitor.wait_for_job()
    visitor.click("Print QR codes", "Show the QR codes")
    assert visitor.page.locator(".qr-sheet svg").count() == 12
    visitor.click("To the batch", "Revoke", "Revoke the codes")
    visitor.expect("12 codes changed")


@pytest.mark.usefixtures("workers")
def test_a_large_generation_can_be_cancelled(visitor: Visitor) -> None:
    definition = visitor.tenant.define(name="Too many")
    visitor.start(f"/generate?definition_id={definition.definition_id}")
    visitor.fill({"count": "3000000"})
    visitor.click("Generate the codes", "Cancel the generation")
    visitor.click("Cancel the generation")
    visitor.wait_for_job("cancelled")
