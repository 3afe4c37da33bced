"""Tests that every reason to refuse has a text and can occur over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from admin_gateway.refusals import REFUSALS
from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    AdminReason,
    AuthReason,
    CodeAlphabet,
    Reason,
    utc_now,
)
from coupon_core.domain.models.points import MAX_POINTS
from coupon_core.persistence import database
from coupon_core.services import batches
from coupon_core.services.campaigns import creators
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import redemption, reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.webhooks import subscriptions
from tests.factories.dead_letters import create_dead_letter
from tests.factories.webhooks import create_delivery
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
CUSTOM = {"code_format": "custom", "custom_code": "SAVE10"}
Answer = Any


def test_no_reason_is_missing() -> None:
    expected = {*AdminReason, *AuthReason, Reason.COUPON_NOT_FOUND}
    assert expected - REFUSALS.keys() == set()


def test_codes_mean_one_thing() -> None:
    meanings: dict[str, set[tuple[int, str]]] = {}
    for reason in AdminReason:
        status, code, text = REFUSALS[reason]
        meanings.setdefault(code, set()).add((status, text))
    assert all(len(meaning) == 1 for meaning in meanings.values())


def create_definition(admin: AdminClient, **config: Any) -> Answer:
    config = {"reward_item_id": admin.create_reward_item()["item_id"], **config}
    return admin.post("coupons", {"name": "Welcome", "config": config})


def generate_while_suspended(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition()['id']}"
    admin.post(f"{path}/suspend")
    return admin.post(f"{path}/generate", {"count": 1})


def taken_name(admin: AdminClient) -> Answer:
    admin.create_definition("Welcome")
    return create_definition(admin)


def taken_code(admin: AdminClient) -> Answer:
    admin.create_definition("Other", **CUSTOM)
    return create_definition(admin, code_format="custom", custom_code="save10")


def code_of_a_coupon(admin: AdminClient) -> Answer:
    code = admin.generate_coupons(admin.create_definition("Other")["id"], "a")[0][
        "code"
    ]
    return create_definition(admin, code_format="custom", custom_code=code.lower())


def late_check(admin: AdminClient) -> Answer:
    definition_id = admin.create_definition(code_prefix="SUMMER")["id"]
    return admin.patch(f"coupons/{definition_id}", {"config": {"code_check": True}})


def taken_stem(admin: AdminClient) -> Answer:
    admin.generate_coupons(
        admin.create_definition("Other", code_prefix="SUMMER")["id"], "a"
    )
    return create_definition(admin, code_prefix="SUMMER", code_check=True)


def space_of_custom(admin: AdminClient) -> Answer:
    return admin.get(f"coupons/{admin.create_definition(**CUSTOM)['id']}/capacity")


def item_in_use(admin: AdminClient) -> Answer:
    item_id = admin.create_definition()["config"]["reward_item_id"]
    return admin.delete(f"rewards/{item_id}")


def frozen_rules(admin: AdminClient) -> Answer:
    definition_id = admin.create_definition()["id"]
    admin.generate_coupons(definition_id, "a")
    return admin.patch(f"coupons/{definition_id}", {"config": {"case_sensitive": True}})


def create_redeemed_coupon(admin: AdminClient, **config: Any) -> dict[str, Any]:
    """Create a coupon and redeem it once."""
    coupon = admin.generate_coupons(admin.create_definition(**config)["id"], "a")[0]
    redemption.redeem(RedeemRequest("acme", coupon["code"], "a"), utc_now())
    return coupon


def limit_below_uses(admin: AdminClient) -> Answer:
    coupon = create_redeemed_coupon(admin, usage_limit={"limit_type": "unlimited"})
    definition_id = coupon["definition_id"]
    redemption.redeem(RedeemRequest("acme", coupon["code"], "a"), utc_now())
    limit = {"usage_limit": {"limit_type": "per_user", "max_uses": 1}}
    return admin.patch(f"coupons/{definition_id}", {"config": limit})


def not_active(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition()['id']}"
    admin.delete(path)
    return admin.post(f"{path}/generate", {"count": 1})


def nobody_of_custom(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition(**CUSTOM)['id']}"
    return admin.post(f"{path}/generate", {"count": 1})


def create_foreign_definition(admin: AdminClient, **members: Any) -> str:
    """Create a definition that the Phoenix API cannot express, and return its id."""
    item_id = admin.create_definition()["config"]["reward_item_id"]
    fields = {"name": "Other", "reward_item_id": item_id, **members}
    return definitions.create("acme", fields, utc_now()).definition_id


def shared_codes(admin: AdminClient) -> Answer:
    definition_id = create_foreign_definition(
        admin, code_format="shared", claimable=True
    )
    return admin.post(f"coupons/{definition_id}/generate", {"user_ids": ["a"]})


def all_given_out(admin: AdminClient) -> Answer:
    definition_id = create_foreign_definition(admin, awarded_only=True, total_limit=1)
    return admin.post(f"coupons/{definition_id}/generate", {"user_ids": ["a", "b"]})


def space_too_small(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition(code_length=4)['id']}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, "23")
        return admin.post(f"{path}/generate", {"count": 9})


def finished_batch(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition()['id']}"
    batch_id = admin.post(f"{path}/generate", {"count": 1_001}).json["batch_id"]
    batches.fail("acme", batch_id, "no more", utc_now())
    return admin.post(f"batches/{batch_id}/cancel")


def several_coupons(admin: AdminClient) -> Answer:
    definition_id = admin.create_definition(**CUSTOM)["id"]
    admin.generate_coupons(definition_id, "a", "b")
    return admin.post(f"coupons/{definition_id}/coupons/revoke", {"code": "SAVE10"})


def redeemed_coupon(admin: AdminClient) -> Answer:
    coupon = create_redeemed_coupon(admin)
    path = f"coupons/{coupon['definition_id']}/coupons/{coupon['id']}"
    return admin.post(f"{path}/revoke")


def erased_while_reserved(admin: AdminClient) -> Answer:
    coupon = admin.generate_coupons(admin.create_definition()["id"], "a")[0]
    reservations.reserve(RedeemRequest("acme", coupon["code"], "a"), 900, utc_now())
    return admin.post("users/a/erase")


def last_secret(admin: AdminClient) -> Answer:
    return admin.delete(f"secrets/{admin.secret.secret_id}")


def scope_too_wide(admin: AdminClient) -> Answer:
    body = {"name": "keys only", "scopes": ["keys"]}
    headers = {"X-API-Key": expect_created(admin.post("api-keys", body))["api_key"]}
    body = {"name": "wide", "scopes": ["read"]}
    return admin.post("api-keys", body, headers=headers)


def known_twice(admin: AdminClient) -> Answer:
    expect_created(admin.post("users", {"user_id": "ann"}))
    return admin.post("users", {"user_id": "ann"})


def full_wallet(admin: AdminClient) -> Answer:
    expect_created(admin.post("users", {"user_id": "ann"}))
    change = {"user_id": "ann", "point_id": "gold", "amount": MAX_POINTS}
    expect_created(admin.post("points/credit", change))
    return admin.post("points/credit", change)


WEBHOOK = {"event_type": "coupon.revoked", "url": "https://hooks.example.invalid/"}


def too_many_webhooks(admin: AdminClient) -> Answer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscriptions, "MAX_WEBHOOKS_PER_TENANT", 0)
        return admin.post("webhooks", WEBHOOK)


def resent_while_inactive(admin: AdminClient) -> Answer:
    webhook_id = expect_created(admin.post("webhooks", WEBHOOK))["id"]
    delivery_id = create_delivery("acme", webhook_id)
    admin.patch(f"webhooks/{webhook_id}", {"is_active": False})
    return admin.post(f"webhooks/{webhook_id}/deliveries/{delivery_id}/resend")


def unknown_delivery(admin: AdminClient) -> Answer:
    webhook_id = expect_created(admin.post("webhooks", WEBHOOK))["id"]
    return admin.post(f"webhooks/{webhook_id}/deliveries/{UNKNOWN_ID}/resend")


def unreadable_letter(admin: AdminClient) -> Answer:
    letter_id = create_dead_letter("acme", b"\xff")
    return admin.post(f"dead-letters/{letter_id}/retry")


def assign_code(admin: AdminClient, user_id: str) -> Answer:
    code = admin.generate_coupons(admin.create_definition()["id"], "a")[0]["code"]
    return admin.post("codes/assign", {"code": code, "user_id": user_id})


def assigned_late(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition()['id']}"
    coupon = expect_created(admin.post(f"{path}/generate", {"count": 1}))["coupons"][0]
    admin.post(f"{path}/coupons/{coupon['id']}/revoke")
    return admin.post("codes/assign", {"code": coupon["code"], "user_id": "a"})


def restore_returned(admin: AdminClient) -> Answer:
    coupon = admin.generate_coupons(admin.create_definition()["id"], "a")[0]
    database.execute(
        "UPDATE coupon SET returned_at = :now WHERE coupon_id = :coupon_id",
        {"now": "2026-01-01 00:00:00", "coupon_id": coupon["id"]},
    )
    return admin.post(f"{get_path(coupon)}/restore")


def restore_reissued(admin: AdminClient) -> Answer:
    coupon = admin.generate_coupons(admin.create_definition()["id"], "a")[0]
    expect_created(admin.post(f"{get_path(coupon)}/reissue"))
    return admin.post(f"{get_path(coupon)}/restore")


def restore_creators_code(admin: AdminClient) -> Answer:
    (code, _) = expect_created(assign_creator_codes(admin))["codes"]
    request = RedeemRequest("acme", code, "a")
    coupon = redemption.redeem(request, utc_now()).document
    admin.post("creators/ABC12/codes/revoke", {})
    return admin.post(f"{get_path(coupon)}/restore")


def reissue_shared(admin: AdminClient) -> Answer:
    definition_id = admin.create_definition(**CUSTOM)["id"]
    coupon = admin.generate_coupons(definition_id, "a")[0]
    return admin.post(f"{get_path(coupon)}/reissue")


def get_path(coupon: dict[str, Any]) -> str:
    return f"coupons/{coupon['definition_id']}/coupons/{coupon['id']}"


def call_for_unknown_batch(admin: AdminClient, action: str, **members: str) -> Answer:
    return admin.post(f"codes/{action}", {"batch_id": UNKNOWN_ID, **members})


def unfinished_batch(admin: AdminClient) -> Answer:
    batch_request = batches.BatchRequest(10)
    definition_id = admin.create_definition()["id"]
    batch = batches.request("acme", definition_id, batch_request, utc_now())
    return admin.post("codes/revoke", {"batch_id": batch.batch_id})


def imported_for_all(admin: AdminClient) -> Answer:
    definition_id = admin.create_definition(**CUSTOM)["id"]
    return admin.upload_csv(f"coupons/{definition_id}/import", "code\nA1\n")


CAMPAIGN = {"campaign_id": "launch", "names": {"en": "Launch"}}
CREATOR = {"creator_key": "ABC12", "name": "Jun"}
PACKAGE = {
    "item_name": {"en": "Gems"},
    "rewards": [{"itemId": "gem", "itemQuantity": 100}],
}


def assign_creator_codes(admin: AdminClient, **members: Any) -> Answer:
    """Return the response to assigning codes of a package to a creator."""
    expect_created(admin.post("campaigns", CAMPAIGN))
    expect_created(admin.post("creators", CREATOR | members))
    package = expect_created(admin.post("campaigns/launch/packages", PACKAGE))
    body = {"package_id": package["package_id"], "count": 2}
    return admin.post("creators/ABC12/codes", body)


def put_away(admin: AdminClient) -> Answer:
    expect_created(admin.post("campaigns", CAMPAIGN | {"status": "COMPLETED"}))
    package = expect_created(admin.post("campaigns/launch/packages", PACKAGE))
    return admin.post(f"coupons/{package['definition_id']}/activate")


def move_a_package(admin: AdminClient) -> Answer:
    expect_created(admin.post("campaigns", CAMPAIGN))
    package = expect_created(admin.post("campaigns/launch/packages", PACKAGE))
    return admin.patch(f"coupons/{package['definition_id']}", {"campaign_id": None})


def join_unknown_campaign(admin: AdminClient) -> Answer:
    path = f"coupons/{admin.create_definition()['id']}"
    return admin.patch(path, {"campaign_id": "none"})


def too_many_codes(admin: AdminClient) -> Answer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creators, "MAX_CODES_PER_CREATOR", 1)
        return assign_creator_codes(admin)


def foreign_code(admin: AdminClient) -> Answer:
    expect_created(admin.post("creators", CREATOR))
    return admin.post("creators/ABC12/codes/revoke", {"codes": ["NONE"]})


def create_twice(admin: AdminClient, path: str, body: Any) -> Answer:
    expect_created(admin.post(path, body))
    return admin.post(path, body)


PAST = "2001-01-01T00:00:00Z"
TRIGGERLESS = {"auto_generate": {"enabled": True}}
DATES = {"starts_at": "2030-01-01T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z"}
PATTERN = {"code_pattern": "SUMMER-####"}
LONG = {"code_prefix": "x" * 32, "code_length": 32}
CASES: list[tuple[AdminReason, Callable[[AdminClient], Answer]]] = [
    (AdminReason.DEFINITION_NOT_FOUND, lambda a: a.get(f"coupons/{UNKNOWN_ID}")),
    (AdminReason.REWARD_ITEM_NOT_FOUND, lambda a: a.get(f"rewards/{UNKNOWN_ID}")),
    (AdminReason.COUPON_NOT_FOUND, lambda a: a.get("coupons/codes/NONE")),
    (AdminReason.API_KEY_NOT_FOUND, lambda a: a.get(f"api-keys/{UNKNOWN_ID}")),
    (AdminReason.CLIENT_KEY_NOT_FOUND, lambda a: a.get("client-keys/ak_server_x")),
    (AdminReason.CAMPAIGN_NOT_FOUND, lambda a: a.get("campaigns/none")),
    (AdminReason.CREATOR_NOT_FOUND, lambda a: a.get("creators/NOONE")),
    (AdminReason.PACKAGE_NOT_FOUND, lambda a: a.get("packages/1")),
    (AdminReason.PACKAGE_OUT_OF_USE, put_away),
    (AdminReason.CAMPAIGN_OF_PACKAGE, move_a_package),
    (AdminReason.UNKNOWN_CAMPAIGN, join_unknown_campaign),
    (AdminReason.CREATOR_CODE_NOT_FOUND, foreign_code),
    (AdminReason.CAMPAIGN_EXISTS, lambda a: create_twice(a, "campaigns", CAMPAIGN)),
    (AdminReason.CREATOR_EXISTS, lambda a: create_twice(a, "creators", CREATOR)),
    (
        AdminReason.CREATOR_INACTIVE,
        lambda a: assign_creator_codes(a, status="INACTIVE"),
    ),
    (AdminReason.TOO_MANY_CODES, too_many_codes),
    (AdminReason.SECRET_NOT_FOUND, lambda a: a.delete(f"secrets/{UNKNOWN_ID}")),
    (AdminReason.NAME_TAKEN, taken_name),
    (AdminReason.CODE_TAKEN, taken_code),
    (AdminReason.CODE_TAKEN, code_of_a_coupon),
    (AdminReason.REWARD_ITEM_IN_USE, item_in_use),
    (
        AdminReason.UNKNOWN_REWARD_ITEM,
        lambda a: create_definition(a, reward_item_id=UNKNOWN_ID),
    ),
    (
        AdminReason.CUSTOM_CODE_MISSING,
        lambda a: create_definition(a, code_format="custom"),
    ),
    (
        AdminReason.RANDOM_CODE_WITH_CUSTOM,
        lambda a: create_definition(a, custom_code="SAVE10"),
    ),
    (AdminReason.CODE_SPACE_TOO_SMALL, space_too_small),
    (AdminReason.PATTERN_ALONE, lambda a: create_definition(a, **CUSTOM, **PATTERN)),
    (AdminReason.PATTERN_UNFIT, lambda a: create_definition(a, code_pattern="A###")),
    (AdminReason.CHECK_NEEDS_STEM, lambda a: create_definition(a, code_check=True)),
    (AdminReason.CHECKED_CODES_FROZEN, late_check),
    (AdminReason.STEM_TAKEN, taken_stem),
    (AdminReason.NO_CODE_SPACE, space_of_custom),
    (
        AdminReason.TIME_OUT_OF_RANGE,
        lambda a: create_definition(a, time_zone="Asia/Tokyo", starts_at="1970-01-01"),
    ),
    (
        AdminReason.INVALID_PERIOD,
        lambda a: a.get("reports/funnel?from=2026-01-02&to=2026-01-01"),
    ),
    (AdminReason.DATES_REVERSED, lambda a: create_definition(a, **DATES)),
    (AdminReason.TRIGGER_MISSING, lambda a: create_definition(a, **TRIGGERLESS)),
    (
        AdminReason.CLAIMABLE_NEEDS_CUSTOM,
        lambda a: create_definition(a, claimable=True),
    ),
    (
        AdminReason.REFILL_NEEDS_RANDOM,
        lambda a: create_definition(a, **CUSTOM, refill={"count": 9}),
    ),
    (AdminReason.CODE_RULES_FROZEN, frozen_rules),
    (AdminReason.LIMIT_BELOW_USES, limit_below_uses),
    (AdminReason.NOT_ACTIVE, not_active),
    (AdminReason.DEFINITION_SUSPENDED, generate_while_suspended),
    (AdminReason.CUSTOM_NEEDS_USERS, nobody_of_custom),
    (AdminReason.SHARED_CODES_ARE_CLAIMED, shared_codes),
    (AdminReason.TOTAL_LIMIT_REACHED, all_given_out),
    (AdminReason.SEVERAL_COUPONS, several_coupons),
    (AdminReason.REDEEMED_COUPON, redeemed_coupon),
    (AdminReason.LIVE_RESERVATIONS, erased_while_reserved),
    (AdminReason.LAST_SECRET, last_secret),
    (AdminReason.SCOPE_TOO_WIDE, scope_too_wide),
    (AdminReason.BATCH_FINISHED, finished_batch),
    (AdminReason.USER_EXISTS, known_twice),
    (AdminReason.WALLET_FULL, full_wallet),
    (AdminReason.DEAD_LETTER_NOT_FOUND, lambda a: a.get(f"dead-letters/{UNKNOWN_ID}")),
    (AdminReason.DEAD_LETTER_UNREADABLE, unreadable_letter),
    (
        AdminReason.BAD_WEBHOOK_URL,
        lambda a: a.post("webhooks", {**WEBHOOK, "url": "http://127.0.0.1/"}),
    ),
    (AdminReason.WEBHOOK_NOT_FOUND, lambda a: a.get("webhooks/1")),
    (AdminReason.WEBHOOK_INACTIVE, resent_while_inactive),
    (AdminReason.DELIVERY_NOT_FOUND, unknown_delivery),
    (AdminReason.TOO_MANY_WEBHOOKS, too_many_webhooks),
    (AdminReason.ALREADY_ASSIGNED, lambda a: assign_code(a, "b")),
    (AdminReason.NOT_ASSIGNABLE, assigned_late),
    (AdminReason.BATCH_NOT_FOUND, lambda a: call_for_unknown_batch(a, "revoke")),
    (AdminReason.BATCH_UNFINISHED, unfinished_batch),
    (AdminReason.JOB_NOT_FOUND, lambda a: a.get(f"codes/jobs/{UNKNOWN_ID}")),
    (
        AdminReason.EXPIRY_IS_PAST,
        lambda a: call_for_unknown_batch(a, "extend", expires_at=PAST),
    ),
    (AdminReason.IMPORT_NEEDS_OWN_CODES, imported_for_all),
    (AdminReason.COUPON_RETURNED, restore_returned),
    (AdminReason.COUPON_REISSUED, restore_reissued),
    (AdminReason.CREATOR_CODE_REVOKED, restore_creators_code),
    (AdminReason.NOT_REISSUABLE, reissue_shared),
    (AdminReason.REDEMPTION_NOT_FOUND, lambda a: a.get("redemptions/1")),
]
# The texts of these reasons contain values of the individual case.
REASONS_WITH_FIGURES = {
    AdminReason.CODE_SPACE_TOO_SMALL,
    AdminReason.BAD_WEBHOOK_URL,
    AdminReason.EXPIRY_IS_PAST,
    AdminReason.INVALID_PERIOD,
    AdminReason.LIMIT_BELOW_USES,
    AdminReason.NOT_REISSUABLE,
    AdminReason.STEM_TAKEN,
    AdminReason.TIME_OUT_OF_RANGE,
}
# A tenant's key can neither name nor create another tenant; only couponctl can. The
# longest prefix with the longest code has exactly the maximum length of a code.
UNREACHABLE_OVER_HTTP = {
    AdminReason.TENANT_NOT_FOUND,
    AdminReason.TENANT_EXISTS,
    AdminReason.TENANT_ID_RESERVED,
    AdminReason.CODE_TOO_LONG,
}


@pytest.mark.parametrize(("reason", "provoke"), CASES)
def test_reason_is_met_over_http(
    admin: AdminClient, reason: AdminReason, provoke: Callable[[AdminClient], Answer]
) -> None:
    status, code, text = REFUSALS[reason]
    message = expect_refusal(provoke(admin), status, code)
    assert message == text or reason in REASONS_WITH_FIGURES


def test_all_reasons_are_met() -> None:
    assert {reason for reason, _ in CASES} == set(AdminReason) - UNREACHABLE_OVER_HTTP


def test_longest_prefix_and_code_fit(admin: AdminClient) -> None:
    assert (
        expect_created(create_definition(admin, **LONG))["config"].items()
        >= LONG.items()
    )
