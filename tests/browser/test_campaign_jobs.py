"""The five jobs of a campaign manager, by clicking only; the clicks are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_core.domain.models import utc_now
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow
CODE_COUNT = 50_000


@pytest.mark.usefixtures("workers")
def test_black_friday_takes_five_clicks_and_one_page_of_typing(
    visitor: Visitor,
) -> None:
    visitor.go_to("Definitions")
    visitor.click("New definition")
    visitor.fill(
        {
            "name": "Black Friday",
            "campaign.name": "Black Friday 2030",
            "reward.name": "100 points",
            "reward.reward_type": "points",
            "config.limits.per_user": "1",
            "config.code_prefix": "BF30-",
            "config.starts_at": "2030-11-29",
            "config.expires_at": "2030-12-02",
            "config.time_zone": "Europe/Berlin",
            "codes.count": str(CODE_COUNT),
        }
    )
    visitor.click("Create the definition")
    visitor.expect("its codes are being generated")
    visitor.wait_for_job()
    codes = visitor.download("Download the codes").splitlines()
    assert len(codes) == CODE_COUNT + 1
    assert "BF30-" in codes[-1]
    assert visitor.click_count <= 5
    visitor.go_to("Campaigns")
    visitor.click("Black Friday 2030")
    visitor.expect("2030-11-29 00:00 Europe/Berlin")
    visitor.expect("2030-12-02 23:59 Europe/Berlin")


def test_a_leak_is_stopped_in_two_clicks(visitor: Visitor) -> None:
    definition = visitor.tenant.define(name="Leaked")
    code = visitor.tenant.issue_unassigned_code(definition)
    visitor.search(code)
    visitor.click("Suspend its definition")
    visitor.fill({"typed_name": "Leaked"})
    visitor.click("Suspend its definition")
    visitor.expect("The definition is suspended.")
    assert visitor.click_count == 2
    visitor.click("Resume its definition", "Resume its definition")
    visitor.expect("The definition is resumed.")


def test_why_a_code_fails_is_seen_without_a_click(visitor: Visitor) -> None:
    code = visitor.tenant.create_code("mona")
    visitor.tenant.redeem(code, "mona")
    visitor.search(f" {code[:4].lower()} {code[4:]}")
    visitor.expect("The coupon is redeemed, and can be used only once.")
    assert visitor.click_count == 0
    visitor.fill({"user_id": "mike"})
    visitor.click("Check")
    visitor.expect("Asked for: mike")


def test_an_expiry_is_extended_in_two_clicks(visitor: Visitor) -> None:
    definition = visitor.tenant.define()
    soon = utc_now() + timedelta(hours=1)
    coupon = visitor.tenant.issue_coupon(definition, "mona", expires_at=soon)
    visitor.search(coupon.coupon.code)
    visitor.click("Change the expiry")
    visitor.fill({"expires_at": "2099-12-31"})
    visitor.click("Change the expiry")
    visitor.expect("The expiry is changed.", "2099-12-31 23:59")
    assert visitor.click_count == 2


def test_a_player_gets_a_replacement_in_two_clicks(visitor: Visitor) -> None:
    code = visitor.tenant.create_code("mona")
    visitor.search(code)
    visitor.click("Re-issue", "Re-issue")
    visitor.expect("This is the new code. Send it to the player.")
    assert visitor.click_count == 2
    assert code not in visitor.page.inner_text("main h1")
