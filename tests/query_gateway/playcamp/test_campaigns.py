"""Campaigns, creators and packages in the PlayCamp API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.campaigns import campaigns
from tests.factories.campaigns import GEM_REWARD, PACKAGE_NAME, CampaignFactory
from tests.query_gateway.playcamp.sdk_client import SdkClient

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["server", "client"])
def any_sdk(
    request: pytest.FixtureRequest, sdk: SdkClient, client_sdk: SdkClient
) -> SdkClient:
    """Return the SDK of each side; both read the same."""
    return sdk if request.param == "server" else client_sdk


def test_a_campaign_is_shown_whole(
    any_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_campaign(
        names={"ko": "런칭", "en": "Launch"},
        description={"en": "For a month"},
        status=CampaignStatus.IN_PROGRESS,
        starts_at=START,
    )
    assert any_sdk.get_data("/campaigns/campaign_001") == {
        "campaignId": "campaign_001",
        "projectId": campaign_factory.tenant.tenant_id,
        "campaignName": {"ko": "런칭", "en": "Launch"},
        "description": {"en": "For a month"},
        "startDate": "2024-01-01T00:00:00.000Z",
        "endDate": None,
        "status": "IN_PROGRESS",
    }


def test_campaigns_come_in_pages(
    any_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    for number in range(21):
        campaign_factory.create_campaign(f"campaign_{number:03}")
    first = any_sdk.get("/campaigns").json
    assert first["pagination"] == {
        "page": 1,
        "limit": 20,
        "total": 21,
        "totalPages": 2,
    }
    second = any_sdk.get("/campaigns?page=2").json
    seen = {campaign["campaignId"] for campaign in first["data"] + second["data"]}
    assert len(seen) == 21


def test_a_creator_is_shown_whole_by_a_key_in_any_case(
    any_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_creator(name="Jun", genre="rpg")
    shown = any_sdk.get_data("/creators/abc12")
    assert type(shown.pop("creatorId")) is int
    assert shown == {
        "creatorName": "Jun",
        "genre": "rpg",
        "creatorKey": "ABC12",
        "status": "ACTIVE",
    }


def test_creators_of_a_campaign_are_those_who_take_part(
    any_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_redeemable_code()
    campaign_factory.create_creator("XYZ99")
    keys = [
        creator["creatorKey"]
        for creator in any_sdk.get_data("/campaigns/campaign_001/creators")
    ]
    assert keys == ["ABC12"]
    campaigns.add_creator(campaign_factory.tenant.tenant_id, "campaign_001", "XYZ99")
    assert len(any_sdk.get_data("/campaigns/campaign_001/creators")) == 2


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("keyword=jun", ["ABC12"]),
        ("q=JUN", ["ABC12"]),
        ("keyword=xyz", ["XYZ99"]),
        ("keyword=nobody", []),
        ("keyword=%25", []),
        ("keyword=&limit=1", None),
        ("campaignId=campaign_001", ["ABC12"]),
        ("keyword=mia&campaignId=campaign_001", []),
        ("limit=1", ["ABC12"]),
    ],
)
def test_creators_are_found_by_name_and_key(
    any_sdk: SdkClient,
    campaign_factory: CampaignFactory,
    query: str,
    keys: list[str] | None,
) -> None:
    campaign_factory.create_campaign()
    campaign_factory.create_creator("ABC12", name="Jun Park")
    campaign_factory.create_creator("XYZ99", name="Mia")
    campaigns.add_creator(campaign_factory.tenant.tenant_id, "campaign_001", "ABC12")
    answer = any_sdk.get(f"/creators/search?{query}")
    found = [creator["creatorKey"] for creator in answer.json.get("data", [])]
    assert (answer.status_code, found) == ((400, []) if keys is None else (200, keys))


def test_a_package_is_shown_with_its_limits(
    client_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_campaign()
    limits = {"per_code_limit": 3, "per_user_limit": 2, "total_limit": 50}
    offer = campaign_factory.create_package(item_description={"en": "Gems"}, **limits)
    campaign_factory.create_package(is_active=False)
    assert client_sdk.get_data("/campaigns/campaign_001/packages") == [
        {
            "packageId": offer.package.package_id,
            "packageNo": 1,
            "itemName": PACKAGE_NAME,
            "itemDescription": {"en": "Gems"},
            "itemId": "gem",
            "itemQuantity": 100,
            "reward": [GEM_REWARD],
            "perCodeUsageLimit": 3,
            "crossCreatorLimit": 2,
            "maxTotalUsage": 50,
        }
    ]


def test_packages_are_for_clients_only(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_campaign()
    assert sdk.get("/campaigns/campaign_001/packages").status_code == 404


def test_a_creators_codes_tell_how_they_stand(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_redeemable_code("GO-1")
    campaign_factory.assign_codes(
        campaign_factory.create_package(total_limit=1), "ONCE-1"
    )
    campaign_factory.assign_codes(
        campaign_factory.create_package(ends_at=START), "OLD-1"
    )
    campaign_factory.assign_codes(
        campaign_factory.create_package(is_active=False), "OFF-1"
    )
    campaign_factory.assign_codes(campaign_factory.create_package(), "BAD-1")
    campaign_factory.revoke_codes("BAD-1")
    assert sdk.redeem("ONCE-1").status_code == 200
    shown = sdk.get_data("/creators/abc12/coupons")
    assert {row["code"]: (row["packageNo"], row["status"]) for row in shown} == {
        "GO-1": (1, "ACTIVE"),
        "ONCE-1": (2, "USED"),
        "OLD-1": (3, "EXPIRED"),
        "OFF-1": (4, "INACTIVE"),
        "BAD-1": (5, "INACTIVE"),
    }


def test_in_test_mode_what_there_is_can_be_read(
    any_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_redeemable_code()
    for path in ("/campaigns", "/campaigns/campaign_001", "/creators/ABC12"):
        assert any_sdk.get_data(f"{path}?isTest=true") == any_sdk.get_data(path)
