"""Coupons of a site: create, change, list by tags, clone, delete, validate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence.database import database_proxy
from coupon_core.services import batches
from coupon_core.services.codes import inventory
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    expect_created,
    expect_refusal,
)
from tests.support.database_rows import read_all_rows
from tests.support.databases import on_sqlite

PRICE = {"pointsToBuy": {"pointId": "gold", "points": 30}}
FULL_BODY: dict[str, Any] = {
    "name": "Ten percent",
    "code": "TEN",
    "type": "percent",
    "active": True,
    "amount": 10.5,
    "custom": "",
    "pointsToBuy": {"pointId": "gold", "points": 30},
    "buyRedemptionMode": "OneStep",
    "helpMessage": "At the\ncheckout",
    "usage": "multi",
    "expiration": {"type": "variable_period", "period": {"type": "days", "value": 3}},
    "scarcity": {"limit": 5},
    "refundable": False,
    "tagTags": ["vip", "summer"],
    "translations": [{"language": "de", "name": "Zehn Prozent"}],
}
MISSING_ID = "01890000-0000-7000-8000-000000000000"


def list_names(found: list[dict[str, Any]]) -> list[str]:
    return [coupon["name"] for coupon in found]


def test_a_coupon_comes_back_as_it_was_sent(site: SiteClient) -> None:
    coupon = expect_created(site.post("coupons", FULL_BODY))
    shown = {name: coupon[name] for name in FULL_BODY}
    assert shown == {**FULL_BODY, "scarcity": {"limit": 5, "counter": 0}}
    assert site.get(f"/api/v1/coupons/{coupon['id']}") == coupon
    assert site.get("coupons") == [coupon]


def test_what_is_left_out_has_defaults(site: SiteClient) -> None:
    coupon = expect_created(
        site.post("coupons", {"name": "A", "code": "A", "type": "custom"})
    )
    assert coupon["pointsToBuy"] is None
    assert coupon["scarcity"] is None
    assert coupon["expiration"] == {"type": "never"}
    defaults = coupon["usage"], coupon["refundable"], coupon["active"]
    assert defaults == ("single", True, True)


@pytest.mark.parametrize(
    "expiration",
    [
        {"type": "never"},
        {"type": "fixed_date", "date": "2099-01-31T12:00:00.000Z"},
        {"type": "variable_period", "period": {"type": "years", "value": 100}},
    ],
)
def test_expirations_of_all_types(site: SiteClient, expiration: dict[str, Any]) -> None:
    assert site.create_coupon(expiration=expiration)["expiration"] == expiration


def test_an_award_is_good_for_its_period(site_with_member: SiteClient) -> None:
    period = {"type": "days", "value": 2}
    expiration = {"type": "variable_period", "period": period}
    site_with_member.award_coupon(site_with_member.create_coupon(expiration=expiration))
    (held,) = site_with_member.list_held_coupons()
    awarded, ends = held["awardedOn"], held["expiresOn"]
    assert ends[10:] == awarded[10:]
    assert ends > awarded


def test_put_replaces_all_and_keeps_what_was_given_out(
    site_with_member: SiteClient,
) -> None:
    coupon = site_with_member.create_coupon(**PRICE, scarcity={"limit": 3})
    code = site_with_member.award_coupon(coupon)
    body = {"name": "Changed", "code": coupon["code"], "type": "custom"}
    changed = site_with_member.call("PUT", f"/api/v1/coupons/{coupon['id']}", body).json
    assert (changed["name"], changed["pointsToBuy"]) == ("Changed", None)
    assert site_with_member.perform_activity("redeem", code).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"code": "OTHER"}, {"code": None, "codes": ["X1"]}, {"scarcity": {"limit": 1}}],
)
def test_what_coupons_forbid_is_not_changed(
    site_with_member: SiteClient, change: dict[str, Any]
) -> None:
    coupon = site_with_member.create_coupon(scarcity={"limit": 2})
    site_with_member.award_coupon(coupon)
    site_with_member.award_coupon(coupon)
    body = {"name": "A", "code": coupon["code"], "type": "custom", **change}
    before = read_all_rows()
    answer = site_with_member.call("PUT", f"/api/v1/coupons/{coupon['id']}", body)
    expect_refusal(answer, 400, "ValidationException")
    assert read_all_rows() == before


def test_a_list_grows_and_hands_its_codes_out_in_order(
    site_with_member: SiteClient,
) -> None:
    coupon = site_with_member.create_coupon(codes=["L1", "L2"])
    path = f"/api/v1/coupons/{coupon['id']}"
    body = {"name": "List", "codes": ["l2", "L3"], "type": "custom"}
    assert site_with_member.call("PUT", path, body).json["codes"] == ["L1", "L2", "L3"]
    assert [site_with_member.award_coupon(coupon) for _ in range(3)] == [
        "L1",
        "L2",
        "L3",
    ]
    assert site_with_member.get(path)["codes"] == ["L1", "L2", "L3"]


@pytest.mark.parametrize("code", ["TAKEN", "taken"])
def test_codes_are_taken_once(site: SiteClient, code: str) -> None:
    site.create_coupon(code="TAKEN")
    before = read_all_rows()
    for body in (
        {"name": "Other", "code": code, "type": "custom"},
        {"name": "Other", "codes": ["FREE", code], "type": "custom"},
    ):
        expect_refusal(site.post("coupons", body), 400, "ValidationException")
    assert read_all_rows() == before


def test_lists_are_chosen_by_tags(site: SiteClient) -> None:
    site.create_coupon(name="none")
    site.create_coupon(name="a", tagTags=["a"])
    site.create_coupon(name="both", tagTags=["a"], tagIds=["b"])
    site.create_user("ann", tagTags=["b"])
    assert list_names(site.get("coupons?tags=a,b")) == ["both", "a"]
    assert list_names(site.get("coupons?tags=a,b&tagsJoin=hasAllOf")) == ["both"]
    assert list_names(site.get("coupons?tagUuid=ann")) == ["both", "none"]
    assert list_names(site.get("coupons?tags=a&tagUuid=ann")) == ["both"]
    assert list_names(site.get("coupons?tags=,")) == ["both", "a", "none"]
    answer = site.call("GET", "coupons?tagUuid=nobody")
    expect_refusal(answer, 404, "UserNotFoundException")


def test_lists_have_pages_from_0(site: SiteClient) -> None:
    for number in range(3):
        site.create_coupon(name=f"C{number}")
    assert list_names(site.get("coupons?page=0&count=2")) == ["C2", "C1"]
    assert list_names(site.get("coupons?page=1&count=2")) == ["C0"]
    assert site.get("coupons?page=2&count=2") == []


def test_buyable_and_regular_are_told_apart(site: SiteClient) -> None:
    site.create_coupon(name="sold", **PRICE)
    site.create_coupon(name="given")
    site.create_coupon(name="off", active=False, **PRICE)
    assert list_names(site.get("coupons/buyable")) == ["sold"]
    assert list_names(site.get("coupons/regular")) == ["given"]


def test_deleted_coupons_are_gone_and_worthless(site_with_member: SiteClient) -> None:
    first, second = site_with_member.create_coupon(), site_with_member.create_coupon()
    code = site_with_member.award_coupon(first)
    ids = [first["id"], second["id"].upper()]
    assert (
        site_with_member.open("DELETE", "/api/v1/coupons", {"ids": ids}).status_code
        == 204
    )
    assert site_with_member.get("coupons") == []
    assert site_with_member.list_held_coupons() == []
    for coupon in (first, second):
        answer = site_with_member.call("GET", f"/api/v1/coupons/{coupon['id']}")
        expect_refusal(answer, 404, "CouponNotFoundException")
    expect_refusal(
        site_with_member.perform_activity("redeem", code),
        404,
        "CouponNotFoundException",
    )


def test_several_are_deleted_or_none(site: SiteClient) -> None:
    coupon = site.create_coupon()
    ids = {"ids": [coupon["id"], MISSING_ID]}
    answer = site.open("DELETE", "/api/v1/coupons", ids)
    expect_refusal(answer, 404, "CouponNotFoundException")
    assert site.get("coupons") == [coupon]


@pytest.fixture
def statements(site: SiteClient) -> Iterator[list[str]]:
    """Return the list of all statements that SQLite runs during the test."""
    traced: list[str] = []
    connection = database_proxy.connection()
    connection.set_trace_callback(traced.append)
    yield traced
    connection.set_trace_callback(None)


# Only SQLite lets a test trace statements.
@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_the_number_of_statements_does_not_grow_with_tags_or_coupons(
    site: SiteClient, statements: list[str]
) -> None:
    counts = []
    for size in (2, 9):
        statements.clear()
        coupons = [site.create_coupon(tagTags=[f"t{n}" for n in range(size)])]
        created = len(statements)
        coupons += [site.create_coupon() for _ in range(size)]
        statements.clear()
        ids = {"ids": [coupon["id"] for coupon in coupons]}
        assert site.open("DELETE", "/api/v1/coupons", ids).status_code == 204
        counts.append((created, len(statements)))
    assert counts[0] == counts[1]


def test_a_clone_is_the_same_with_its_own_code(site: SiteClient) -> None:
    coupon = expect_created(site.post("coupons", FULL_BODY))
    clone = expect_created(site.post(f"/api/v1/coupons/{coupon['id']}/clone", None))
    own_members = {"id", "name", "code", "active", "createdOn", "updatedOn"}
    copied_members = coupon.keys() - own_members
    for name in copied_members:
        assert clone[name] == coupon[name], name
    assert clone["code"] not in (None, coupon["code"])
    assert clone["active"] is False


def test_images_are_refused_clearly(site: SiteClient) -> None:
    path = f"/api/v1/coupons/{site.create_coupon()['id']}/image"
    expect_refusal(site.post(path, {}), 400, "ImageNotSupportedException")


def test_validate_tells_the_exception_or_the_coupon(
    site_with_member: SiteClient,
) -> None:
    coupon = site_with_member.create_coupon()
    body = {"uuid": JOHN, "code": coupon["code"]}
    answer = site_with_member.post("coupons/validate", body)
    expect_refusal(answer, 400, "CouponNotAwardedException")
    site_with_member.award_coupon(coupon)
    before = read_all_rows()
    assert site_with_member.post("coupons/validate", body).json == {
        "valid": True,
        "coupon": coupon,
    }
    assert read_all_rows() == before


def test_coupons_of_the_admin_gateway_are_shown_but_not_changed(
    site: SiteClient,
) -> None:
    definition = site.tenant.define_custom("PHOENIX", per_code_limit=0)
    (coupon,) = site.get("coupons")
    assert (coupon["code"], coupon["usage"]) == ("PHOENIX", "multi")
    path = f"/api/v1/coupons/{definition.definition_id}"
    body = {"name": "A", "code": "PHOENIX", "type": "custom"}
    for answer in (
        site.call("PUT", path, body),
        site.call("DELETE", path),
        site.post(f"{path}/clone", None),
    ):
        expect_refusal(answer, 400, "CouponNotEditableException")


# ---------------------------------------------------------------------- bad input

BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": 7}, "name"),
    ({"code": "späte"}, "code"),
    ({"code": None}, "code"),
    ({"codes": ["A"]}, "code"),
    ({"code": None, "codes": []}, "codes"),
    ({"code": None, "codes": ["a", "A"]}, "codes"),
    ({"code": None, "codes": ["A"], "scarcity": {"limit": 1}}, "scarcity"),
    ({"type": "gift"}, "type"),
    ({"active": 1}, "active"),
    ({"amount": -1}, "amount"),
    ({"amount": True}, "amount"),
    ({"amount": "5"}, "amount"),
    ({"pointsToBuy": {"pointId": "gold"}}, "pointsToBuy.points"),
    ({"pointsToBuy": {"pointId": "gold", "points": 0}}, "pointsToBuy.points"),
    ({"pointsToBuy": {"points": 1}}, "pointsToBuy.pointId"),
    ({"buyRedemptionMode": "ThreeStep"}, "buyRedemptionMode"),
    ({"usage": "often"}, "usage"),
    ({"expiration": {"type": "fixed_date"}}, "expiration.date"),
    (
        {"expiration": {"type": "never", "date": "2099-01-01T00:00:00Z"}},
        "expiration.date",
    ),
    (
        {
            "expiration": {
                "type": "variable_period",
                "period": {"type": "years", "value": 101},
            }
        },
        "expiration.period.value",
    ),
    ({"scarcity": {"limit": 0}}, "scarcity.limit"),
    ({"tagTags": ["a,b"]}, "tagTags.0"),
    ({"translations": ["de"]}, "translations.0"),
]


@on_sqlite
@pytest.mark.parametrize(("change", "path"), BAD, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named(
    site: SiteClient, change: dict[str, Any], path: str
) -> None:
    body = {"name": "A", "code": "A", "type": "custom", **change}
    before = read_all_rows()
    answer = site.post("coupons", body)
    expect_refusal(answer, 400, "ValidationException")
    assert path in {detail["path"] for detail in answer.json["error"]["details"]}
    assert read_all_rows() == before


def test_a_batch_of_awards_hands_out_the_codes_of_the_list(
    site_with_member: SiteClient,
) -> None:
    expiration = {"type": "variable_period", "period": {"type": "days", "value": 2}}
    coupon = site_with_member.create_coupon(codes=["L1", "L2"], expiration=expiration)
    tenant_id, now = site_with_member.tenant.tenant_id, utc_now()
    batch_request = batches.BatchRequest(2, (JOHN, "jane"))
    batch = batches.request(tenant_id, coupon["id"], batch_request, now)
    assert batches.generate_chunk((tenant_id, batch.batch_id, 1), now)
    (held,) = site_with_member.list_held_coupons()
    assert (held["code"], held["expiresOn"] is None) == ("L1", False)


def test_an_assigned_code_is_good_for_the_period(site_with_member: SiteClient) -> None:
    expiration = {"type": "variable_period", "period": {"type": "days", "value": 2}}
    site_with_member.create_coupon(codes=["L1", "L2"], expiration=expiration)
    inventory.assign(site_with_member.tenant.tenant_id, "L2", JOHN, "", utc_now())
    (held,) = site_with_member.list_held_coupons()
    assert (held["code"], held["expiresOn"] is None) == ("L2", False)
