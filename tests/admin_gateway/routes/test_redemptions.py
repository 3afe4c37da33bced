"""Tests of the list of redemptions, its filters and its pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_core.domain.models import Dialect, utc_now
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import database
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.campaigns import CAMPAIGN_ID, CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient, expect_refusal

NOW = utc_now()
FILTERS = ["user_id", "code", "definition_id", "reference", "dialect"]


def redeem(admin: AdminClient, user_id: str, name: str, minutes: int = 0) -> int:
    """Redeem a new coupon of a user; return the id of the redemption."""
    definition_id = admin.create_definition(name)["id"]
    (coupon,) = admin.generate_coupons(definition_id, user_id)
    request = RedeemRequest(
        admin.tenant_id,
        coupon["code"],
        user_id=user_id,
        dialect=Dialect.PHOENIX if user_id == "ann" else Dialect.PLAYCAMP,
        reference=f"order-{name}",
        metadata={"shop": name},
    )
    result = redemption.redeem(request, NOW + timedelta(minutes=minutes))
    database.release_connection()
    return result.redemption.redemption_id


def test_a_redemption_shows_its_reference_and_metadata(admin: AdminClient) -> None:
    redemption_id = redeem(admin, "ann", "A")
    shown = admin.get(f"redemptions/{redemption_id}").json
    assert shown["redemption_id"] == redemption_id
    assert (shown["user_id"], shown["dialect"]) == ("ann", "phoenix")
    assert (shown["reference"], shown["metadata"]) == ("order-A", {"shop": "A"})
    assert (shown["reversed_at"], shown["reversal_reason"]) == (None, None)
    assert admin.get("redemptions").json["redemptions"] == [shown]


@pytest.mark.parametrize("name", FILTERS)
def test_redemptions_are_filtered(admin: AdminClient, name: str) -> None:
    wanted = redeem(admin, "ann", "A")
    redeem(admin, "bob", "B", minutes=1)
    value = admin.get(f"redemptions/{wanted}").json[name]
    page = admin.get(f"redemptions?{name}={value}").json
    assert [row["redemption_id"] for row in page["redemptions"]] == [wanted]


def test_those_of_a_campaign_are_of_its_definitions_and_packages(
    admin: AdminClient,
) -> None:
    item_id = admin.create_reward_item()["item_id"]
    tenant = TenantFactory(admin.tenant_id, "", reward_item_id=item_id)
    campaigns = CampaignFactory(tenant)
    of_package = campaigns.create_redeemable_code()
    of_definition = tenant.create_code(campaign_id=CAMPAIGN_ID)
    campaigns.create_campaign("another")
    elsewhere = [tenant.create_code(campaign_id="another"), tenant.create_code()]
    for code in (of_package, of_definition, *elsewhere):
        tenant.redeem(code)
    database.release_connection()
    page = admin.get(f"redemptions?campaign_id={CAMPAIGN_ID}").json
    codes = {row["code"] for row in page["redemptions"]}
    assert codes == {of_package, of_definition}


def test_from_is_inclusive_and_to_exclusive(admin: AdminClient) -> None:
    ids = [redeem(admin, "ann", str(minute), minutes=minute) for minute in range(3)]
    start, end = (
        format_timestamp_milliseconds(NOW + timedelta(minutes=minute))
        for minute in (1, 2)
    )
    page = admin.get(f"redemptions?from={start}&to={end}").json
    assert [row["redemption_id"] for row in page["redemptions"]] == [ids[1]]


def test_pages_contain_every_redemption_once(admin: AdminClient) -> None:
    ids = [redeem(admin, "ann", str(minute), minutes=minute) for minute in range(5)]
    seen: list[int] = []
    cursor, has_more = "", True
    while has_more:
        page = admin.get(f"redemptions?limit=2{cursor}").json
        seen += [row["redemption_id"] for row in page["redemptions"]]
        cursor, has_more = f"&cursor={page['next']}", page["has_more"]
    assert seen == ids[::-1]
    assert page["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=0",
        "dialect=soap",
        "from=yesterday",
        "reference=",
        "offset=1",
    ],
)
def test_an_invalid_filter_is_refused(sqlite_admin: AdminClient, query: str) -> None:
    answer = sqlite_admin.get(f"redemptions?{query}")
    expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("redemption_id", ["1", "x", "4503599627370495"])
def test_an_unknown_redemption_is_not_found(
    sqlite_admin: AdminClient, redemption_id: str
) -> None:
    answer = sqlite_admin.get(f"redemptions/{redemption_id}")
    expect_refusal(answer, 404, "REDEMPTION_NOT_FOUND")


def test_a_reversed_redemption_answers_the_same_again(admin: AdminClient) -> None:
    redemption_id = redeem(admin, "ann", "A")
    path = f"redemptions/{redemption_id}"
    before = admin.get(path).json
    answer = admin.post(f"{path}/reverse", {"reason": "Order cancelled"})
    assert answer.json == {
        **before,
        "reversed_at": answer.json["reversed_at"],
        "reversal_reason": "Order cancelled",
    }
    assert answer.json["reversed_at"] is not None
    again = admin.post(f"{path}/reverse", {"reason": "Another"})
    assert again.json == admin.get(path).json == answer.json
    coupon = admin.get(f"codes/{before['coupon_id']}").json
    assert (coupon["status"], coupon["redemption_count"]) == ("active", 0)
    entry = coupon["timeline"][-1]
    assert [entry[name] for name in ("event", "by", "redemption_id", "reason")] == [
        "reversed",
        admin.key.key_id,
        redemption_id,
        "Order cancelled",
    ]


@pytest.mark.parametrize("body", [{"reason": 7}, {"why": "x"}, {"reason": "x" * 256}])
def test_a_reversal_is_strict(admin: AdminClient, body: dict[str, object]) -> None:
    path = f"redemptions/{redeem(admin, 'ann', 'A')}/reverse"
    expect_refusal(admin.post(path, body), 400, "VALIDATION_ERROR")
