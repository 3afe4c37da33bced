"""Lists of coupons and activities: tags, visibility, pages, and what they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import activities as activity_repository
from coupon_core.services.points import activities
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import create_tenant
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    build_activity,
    create_site_client,
    expect_refusal,
)
from tests.query_gateway.playcamp.sdk_client import SdkClient

PRICE = {"pointsToBuy": {"pointId": "gold", "points": 1}}
USER_PATH = f"users/{quote(JOHN)}"


def list_names(found: list[dict[str, Any]]) -> list[str]:
    return [entry.get("coupon", entry)["name"] for entry in found]


def create_tagged_site(app: Flask) -> SiteClient:
    """Return a site of its own with John, whose tag is b."""
    site = create_site_client(app, create_tenant(now=None))
    site.create_user()
    site.credit_points(100)
    site.call("PUT", USER_PATH, {"tagTags": ["b"]})
    return site


@pytest.fixture(scope="module")
def tagged_site(app: Flask) -> SiteClient:
    """Return a site with coupons that John holds and can buy; tests read it only."""
    site = create_tagged_site(app)
    for name, tags in (("none", []), ("a", ["a"]), ("both", ["a", "b"])):
        site.award_coupon(site.create_coupon(name=name, tagTags=tags))
        site.create_coupon(name=f"sold {name}", tagTags=tags, **PRICE)
    return site


TAG_QUERIES = [
    ("tags=a&tags=b", ["both", "a"]),
    ("tags=a,b", ["both", "a"]),
    ("tags=a&tags=b,b&tagsJoin=hasAllOf", ["both"]),
    ("tags=b", ["both"]),
    ("tags=c", []),
    ("tags=", ["both", "a", "none"]),
    (f"tagUuid={quote(JOHN)}", ["both", "none"]),
    (f"tags=a&tags=b&tagUuid={quote(JOHN)}", ["both"]),
]
PERSONAL_QUERIES = [
    ("withPersonalization=1", ["both", "none"]),
    ("withPersonalization=true&tags=a", ["both"]),
    ("withPersonalization=", ["both", "a", "none"]),
    ("withPersonalization=false", ["both", "a", "none"]),
]


@pytest.mark.parametrize(("query", "names"), TAG_QUERIES)
def test_coupons_of_a_site_are_chosen_by_tags(
    tagged_site: SiteClient, query: str, names: list[str]
) -> None:
    assert list_names(tagged_site.get(f"coupons/regular?{query}")) == names
    sold = [f"sold {name}" for name in names]
    assert list_names(tagged_site.get(f"coupons/buyable?{query}")) == sold


@pytest.mark.parametrize(("query", "names"), TAG_QUERIES + PERSONAL_QUERIES)
def test_coupons_of_a_user_are_chosen_by_tags(
    tagged_site: SiteClient, query: str, names: list[str]
) -> None:
    assert list_names(tagged_site.get(f"{USER_PATH}/coupons?{query}")) == names
    everything = [*names, *(f"sold {name}" for name in names)]
    found = tagged_site.get(f"{USER_PATH}/coupons/all?{query}")
    assert list_names(found) == everything


def perform_tagged(site: SiteClient, name: str, **tags: list[str]) -> None:
    body = {**build_activity("redeem", "NONE"), "reason": name, **tags}
    assert site.post("activities", body).status_code == 200


@pytest.fixture(scope="module")
def active_site(app: Flask) -> SiteClient:
    """Return a site with John's activities; tests read it only."""
    site = create_tagged_site(app)
    perform_tagged(site, "none")
    perform_tagged(site, "a", tagTags=["a"])
    perform_tagged(site, "both", tagTags=["a"], tagIds=["b", "a"])
    return site


@pytest.mark.parametrize(("query", "names"), TAG_QUERIES + PERSONAL_QUERIES)
def test_activities_are_chosen_by_tags(
    active_site: SiteClient, query: str, names: list[str]
) -> None:
    paths = [f"activities/{quote(JOHN)}", f"{USER_PATH}/activities"]
    if "withPersonalization" not in query:  # the list of a site belongs to no user
        paths.append("activities")
    for path in paths:
        found = active_site.get(f"{path}?{query}")
        assert [activity["reason"] for activity in found] == names


@pytest.mark.parametrize("path", ["activities/{}", "users/{}/activities"])
def test_activities_of_a_user_are_those_of_no_other(
    site_with_member: SiteClient, path: str
) -> None:
    site = site_with_member
    site.create_user("sync")
    for user_id in (JOHN, "sync", JOHN):
        site.post("activities", build_activity("redeem", "NONE", user_id))
    for user_id, count in ((JOHN, 2), ("sync", 1)):
        found = site.get(path.format(quote(user_id)))
        assert [activity["uuid"] for activity in found] == [user_id] * count
    assert len(site.get(path.format(quote(JOHN)) + "?page=1&count=1")) == 1
    for unknown in ("nobody", " x"):
        answer = site.call("GET", path.format(quote(unknown)))
        expect_refusal(answer, 404, "UserNotFoundException")


def test_too_many_tags_are_refused(site: SiteClient) -> None:
    query = "&".join(f"tags=t{number}" for number in range(21))
    answer = site.call("GET", f"coupons?{query}")
    expect_refusal(answer, 400, "ValidationException")


def test_a_parameter_that_is_no_list_is_not_repeated(site: SiteClient) -> None:
    answer = site.call("GET", "coupons?count=1&count=2")
    expect_refusal(answer, 400, "ValidationException")


# ------------------------------------------------------------------------------ pages


def add_activities(site: SiteClient, count: int) -> None:
    request = ActivityRequest(
        site.tenant.tenant_id, JOHN, action=Action.REDEEM, code="NONE"
    )
    first = activities.perform_or_record_failure(request, utc_now())
    with transaction():
        for _ in range(count - 1):
            activity_repository.insert(replace(first, activity_id=generate_id()))


def test_lists_without_a_page_have_everything_up_to_1000(
    site_with_member: SiteClient,
) -> None:
    site = site_with_member
    add_activities(site, 1_001)
    for path in ("activities", f"{USER_PATH}/activities"):
        assert len(site.get(path)) == 1_000
        assert len(site.get(f"{path}?page=0")) == 100
        assert len(site.get(f"{path}?count=500")) == 500


def test_coupons_beyond_100_are_listed(site_with_member: SiteClient) -> None:
    site = site_with_member
    coupons = [site.create_coupon() for _ in range(101)]
    assert len(site.get("coupons")) == 101
    for coupon in coupons:
        site.award_coupon(coupon)
    for path in ("coupons", "coupons/all"):
        assert len(site.get(f"{USER_PATH}/{path}")) == 101


def test_pages_of_all_coupons_follow_one_another(tagged_site: SiteClient) -> None:
    path = f"{USER_PATH}/coupons/all"
    everything = list_names(tagged_site.get(path))
    for count in (1, 2, 4, 5, 100):
        found: list[str] = []
        for page in range(7):
            entries = tagged_site.get(f"{path}?page={page}&count={count}")
            assert len(entries) <= count
            found += list_names(entries)
        assert found == everything


# ------------------------------------------------------------------ other APIs' coupons


def test_packages_of_playcamp_are_in_no_list(
    app: Flask, site_with_member: SiteClient
) -> None:
    site = site_with_member
    site.create_coupon(name="mambo", **PRICE)
    factory = CampaignFactory(site.tenant)
    code = factory.create_redeemable_code()
    sdk = SdkClient(app.test_client(), factory.create_client_key())
    assert sdk.redeem(code, JOHN).status_code == 200
    for path in ("coupons", "coupons/buyable", f"{USER_PATH}/coupons/all"):
        assert list_names(site.get(path)) == ["mambo"]
    for path in ("coupons/regular", f"{USER_PATH}/coupons"):
        assert site.get(path) == []
