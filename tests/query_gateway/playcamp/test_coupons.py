"""Validate, redeem and history field by field (the PlayCamp specification)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from coupon_core.domain.models import Reason, utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.persistence.database import execute
from coupon_core.services.coupons import redemption_records
from coupon_core.web.coupon_refusals import REFUSALS
from query_gateway.refusals import PLAYCAMP_CODES
from tests.factories.campaigns import GEM_REWARD, PACKAGE_NAME, CampaignFactory
from tests.query_gateway.caller import Caller
from tests.query_gateway.playcamp.sdk_client import SdkClient
from tests.support.database_rows import read_all_rows
from tests.support.invariants import assert_invariants, list_events

HOUR = timedelta(hours=1)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").fullmatch


def test_validate_answers_as_the_document_prints(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_redeemable_code()
    assert sdk.validate("CREATOR-ABC12-001", "user_12345") == {
        "valid": True,
        "couponCode": "CREATOR-ABC12-001",
        "reward": [{"itemId": "gem", "itemQuantity": 100}],
        "packageName": {"ko": "Welcome Package", "en": "Welcome Package"},
        "itemName": {"ko": "Welcome Package", "en": "Welcome Package"},
        "creatorKey": "ABC12",
        "campaignId": "campaign_001",
    }


def test_an_invalid_code_is_told_as_the_document_prints(sdk: SdkClient) -> None:
    assert sdk.validate("INVALID-CODE") == {
        "valid": False,
        "couponCode": "INVALID-CODE",
        "errorCode": "COUPON_NOT_FOUND",
        "errorMessage": "Coupon not found",
    }


def test_redeem_answers_as_the_document_prints(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_campaign()
    campaign_factory.create_creator()
    offer = campaign_factory.create_package()
    campaign_factory.assign_codes(offer, "CREATOR-ABC12-001")
    data = sdk.redeem("CREATOR-ABC12-001", "user_12345").json["data"]
    assert type(data["usageId"]) is int
    assert data["usageId"] < 2**53
    assert TIME(data["redeemedAt"])
    assert data == {
        "success": True,
        "usageId": data["usageId"],
        "couponCode": "CREATOR-ABC12-001",
        "reward": [{"itemId": "gem", "itemQuantity": 100}],
        "packageName": PACKAGE_NAME,
        "creatorKey": "ABC12",
        "campaignId": "campaign_001",
        "redeemedAt": data["redeemedAt"],
        # Members from the vendor's API reference.
        "userId": "user_12345",
        "packageId": offer.package.package_id,
        "itemName": PACKAGE_NAME,
        "quantity": 100,
    }


def test_codes_are_read_in_any_case(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code()
    assert sdk.validate(f" {code.lower()} ")["couponCode"] == code
    assert sdk.redeem(code.lower()).json["data"]["couponCode"] == code


def test_lines_of_a_reward_go_out_as_they_were_given(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    sword = {
        "itemId": "sword",
        "itemQuantity": 1,
        "itemName": {"en": "Sword"},
        "itemImageUrl": "https://example.com/sword.png",
    }
    code = campaign_factory.create_redeemable_code(rewards=(GEM_REWARD, sword))
    assert sdk.redeem(code).json["data"]["reward"] == [GEM_REWARD, sword]


# ------------------------------------------------------------------ the seven codes

Cause = Callable[[SdkClient, CampaignFactory], str]


def unknown(sdk: SdkClient, studio: CampaignFactory) -> str:
    return "NOSUCHCODE"


def malformed(sdk: SdkClient, studio: CampaignFactory) -> str:
    return "no such code!"


def revoked(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    studio.revoke_codes(code)
    return code


def switched_off(sdk: SdkClient, studio: CampaignFactory) -> str:
    return studio.create_redeemable_code(is_active=False)


def cancelled(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    studio.update_campaign(status=CampaignStatus.CANCELLED)
    return code


def completed(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    studio.update_campaign(status=CampaignStatus.COMPLETED)
    return code


def not_begun(sdk: SdkClient, studio: CampaignFactory) -> str:
    return studio.create_redeemable_code(starts_at=utc_now() + HOUR)


def campaign_not_begun(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    studio.update_campaign(starts_at=utc_now() + HOUR)
    return code


def ended(sdk: SdkClient, studio: CampaignFactory) -> str:
    return studio.create_redeemable_code(ends_at=utc_now() - HOUR)


def campaign_ended(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    studio.update_campaign(ends_at=utc_now() - HOUR)
    return code


def used(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code()
    assert sdk.redeem(code).status_code == 200
    return code


def used_up(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code(per_code_limit=2)
    assert [sdk.redeem(code).status_code for _ in range(2)] == [200, 200]
    return code


def used_elsewhere(sdk: SdkClient, studio: CampaignFactory) -> str:
    studio.create_campaign()
    studio.create_creator()
    used_code, other = studio.assign_codes(
        studio.create_package(per_user_limit=1), "GO-1", "GO-2"
    )
    assert sdk.redeem(used_code).status_code == 200
    return other


def used_by_others(sdk: SdkClient, studio: CampaignFactory) -> str:
    code = studio.create_redeemable_code(total_limit=1)
    assert sdk.redeem(code, "bob").status_code == 200
    return code


CAUSES: list[tuple[Cause, int, str]] = [
    (unknown, 404, "COUPON_NOT_FOUND"),
    (malformed, 404, "COUPON_NOT_FOUND"),
    (revoked, 400, "COUPON_INACTIVE"),
    (switched_off, 400, "COUPON_INACTIVE"),
    (cancelled, 400, "COUPON_INACTIVE"),
    (completed, 400, "COUPON_INACTIVE"),
    (not_begun, 400, "COUPON_NOT_YET_VALID"),
    (campaign_not_begun, 400, "COUPON_NOT_YET_VALID"),
    (ended, 400, "COUPON_EXPIRED"),
    (campaign_ended, 400, "COUPON_EXPIRED"),
    (used, 400, "USER_CODE_LIMIT"),
    (used_up, 400, "USER_CODE_LIMIT"),
    (used_elsewhere, 400, "USER_PACKAGE_LIMIT"),
    (used_by_others, 400, "TOTAL_USAGE_LIMIT"),
]


@pytest.mark.parametrize(
    ("cause", "status", "error_code"), CAUSES, ids=[case[0].__name__ for case in CAUSES]
)
def test_a_refusal_has_its_status_and_code(
    sdk: SdkClient,
    campaign_factory: CampaignFactory,
    cause: Cause,
    status: int,
    error_code: str,
) -> None:
    code = cause(sdk, campaign_factory)
    before = read_all_rows()
    validation = sdk.validate(code)
    assert (validation["valid"], validation["errorCode"]) == (False, error_code)
    answer = sdk.redeem(code)
    body = answer.json
    assert (answer.status_code, body["code"], body["errorCode"]) == (
        (status, error_code, error_code)
    )
    assert body["error"] == body["message"] == validation["errorMessage"]
    assert body["errorMessage"] == validation["errorMessage"]
    assert read_all_rows() == before


def test_all_seven_codes_are_met() -> None:
    assert {code for _, _, code in CAUSES} == PLAYCAMP_CODES
    assert len(PLAYCAMP_CODES) == 7
    assert set(REFUSALS) == set(Reason)


def test_a_campaign_taken_back_is_good_again(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = cancelled(sdk, campaign_factory)
    campaign_factory.update_campaign(status=CampaignStatus.IN_PROGRESS)
    assert sdk.redeem(code).status_code == 200


# ------------------------------------------------------------------------ test mode


@pytest.mark.parametrize("how", ["body", "query"])
def test_in_test_mode_nothing_is_stored(
    sdk: SdkClient, campaign_factory: CampaignFactory, how: str
) -> None:
    code = campaign_factory.create_redeemable_code(per_code_limit=1)
    before = read_all_rows()
    path = "/coupons/redeem" + ("?isTest=true" if how == "query" else "")
    body: dict[str, Any] = {"couponCode": code, "userId": "ann"}
    body |= {"isTest": True} if how == "body" else {}
    for _ in range(2):
        data = sdk.call("POST", path, body).json["data"]
        assert data["success"] is True
        assert data["reward"] == [GEM_REWARD]
        assert TIME(data["redeemedAt"])
    assert read_all_rows() == before


def test_in_test_mode_refusals_are_the_usual_ones(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = used(sdk, campaign_factory)
    assert sdk.redeem(code, isTest=True).json["code"] == "USER_CODE_LIMIT"
    assert sdk.redeem("NOSUCHCODE", isTest=True).status_code == 404


# ---------------------------------------------------- one domain with several APIs


def test_a_use_shows_in_phoenix_history(
    sdk: SdkClient, campaign_factory: CampaignFactory, caller: Caller
) -> None:
    code = campaign_factory.create_redeemable_code()
    assert sdk.redeem(code).status_code == 200
    (used_one,) = caller.get("/user/ann/redemptions").json["redemptions"]
    assert (used_one["code"], used_one["status"]) == (code, "redeemed")
    assert used_one["reward_item"]["name"] == "Welcome Package"
    assert used_one["reward_item"]["payload"] == {"item_id": "gem", "quantity": 100}


def test_a_phoenix_use_shows_in_the_history(
    sdk: SdkClient, campaign_factory: CampaignFactory, caller: Caller
) -> None:
    code, own = (
        campaign_factory.create_redeemable_code(),
        campaign_factory.tenant.create_code(),
    )
    assert caller.redeem(code).status_code == 200
    assert caller.redeem(own).status_code == 200
    first, second = sdk.get_data("/coupons/user/ann")
    assert (second["couponCode"], second["creatorKey"]) == (code, "ABC12")
    assert second["campaignId"] == "campaign_001"
    assert (first["couponCode"], first["campaignId"]) == (own, None)
    assert sdk.redeem(code).json["code"] == "USER_CODE_LIMIT"


def test_a_phoenix_code_is_redeemed_with_its_reward(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.tenant.create_code()
    assert sdk.validate(code)["reward"][0]["itemQuantity"] == 100
    data = sdk.redeem(code).json["data"]
    assert data["packageName"] == {"en": "100 Bonus Points"}
    assert (data["creatorKey"], data["packageId"]) == (None, None)
    assert data["reward"] == [
        {
            "itemId": "points",
            "itemQuantity": 100,
            "itemName": {"en": "100 Bonus Points"},
        }
    ]


def test_the_event_of_a_use_bears_what_the_caller_wants_to_find_again(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    code = campaign_factory.create_redeemable_code()
    assert sdk.redeem(code, callbackId="c-1", gameUserUuid=uuid).status_code == 200
    events = [data for _, data in list_events("coupon.redeemed") if code in str(data)]
    assert events[-1]["context"] == {"callback_id": "c-1", "game_user_uuid": uuid}
    assert events[-1]["dialect"] == "playcamp"
    wanted = RedemptionFilter(code=code, reference="c-1")
    (found,), _ = redemption_records.list_redemptions(
        campaign_factory.tenant.tenant_id, wanted, limit=2
    )
    assert found.reference == "c-1"
    assert_invariants()


# -------------------------------------------------------------------------- history


def test_history_comes_in_pages_newest_first(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code(per_code_limit=0)
    usage_ids = [sdk.redeem(code).json["data"]["usageId"] for _ in range(3)]
    answer = sdk.get("/coupons/user/ann?page=2&limit=2").json
    assert answer["pagination"] == {"page": 2, "limit": 2, "total": 3, "totalPages": 2}
    first = sdk.get("/coupons/user/ann?limit=2").json["data"]
    assert {usage["id"] for usage in first + answer["data"]} == set(usage_ids)
    assert all(TIME(usage["usedAt"]) for usage in first)
    nobody = sdk.get("/coupons/user/nobody").json
    assert nobody["pagination"] == {"page": 1, "limit": 20, "total": 0, "totalPages": 0}


# --------------------------------------------------------------- the client's side


def test_a_client_validates_for_who_has_not_used_it(
    sdk: SdkClient, client_sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = used(sdk, campaign_factory)
    validation: dict[str, Any] = client_sdk.validate(code)
    assert (validation["valid"], validation["reward"]) == (True, [GEM_REWARD])
    assert client_sdk.validate("NOSUCHCODE")["errorCode"] == "COUPON_NOT_FOUND"


def test_a_redeem_that_cannot_be_answered_redeems_nothing(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_redeemable_code()
    sdk.client.application.testing = False  # answer errors instead of raising them
    execute("ALTER TABLE package RENAME TO package_elsewhere", {})
    try:
        failed = sdk.client.post(
            "/v1/server/coupons/redeem",
            json={"couponCode": "CREATOR-ABC12-001", "userId": "ann"},
            headers={"Authorization": f"Bearer {sdk.key}"},
        )
    finally:
        execute("ALTER TABLE package_elsewhere RENAME TO package", {})
    assert failed.status_code >= 500
    tenants = [tenant_id for tenant_id, _ in list_events("coupon.redeemed")]
    assert campaign_factory.tenant.tenant_id not in tenants
    assert sdk.redeem("CREATOR-ABC12-001").status_code == 200
