"""Checks that all lists contain what the model expects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from tests.query_gateway.caller import USER_TOKEN, CallStyle
from tests.stateful.api_client import (
    ApiClient,
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.reference_data import HeldCoupon, Offer
from tests.stateful.reference_model import ReferenceModel

STATUSES = ["active", "redeemed", "expired", "revoked"]
Fetch = Callable[[str], TestResponse]


class ListChecks:
    """Compare everything that can be listed with the model at one moment."""

    def __init__(
        self, api_client: ApiClient, model: ReferenceModel, now: datetime
    ) -> None:
        self.api_client, self.model, self.now = api_client, model, now

    def check_all(self, users: list[str]) -> None:
        """Check all lists once more, as administrators and users see them."""
        for offer in self.model.offers:
            self.check_offer(offer)
        for user in users:
            for status in ["", *STATUSES]:
                self.check_user_coupons(user, CallStyle("A", USER_TOKEN), status)
            self.check_user_history(user, CallStyle("A", USER_TOKEN))
        active = {
            offer.id
            for offer in self.model.offers
            if offer.status == "active" and not offer.suspended
        }
        listed = (
            self.api_client.get_caller("ann", CallStyle("B", USER_TOKEN))
            .get("/definitions")
            .json
        )
        assert {item["id"] for item in listed["definitions"]} == active

    def check_offer(self, offer: Offer) -> None:
        """Compare the coupons and statistics of an offer."""
        coupons = self.model.list_by_offer(offer)
        path = f"/{offer.id}/coupons"
        self._check(
            "coupons",
            lambda query: self.api_client.call_admin("GET", path + query),
            coupons,
        )
        stats = self.api_client.call_admin("GET", f"/{offer.id}/stats").json
        assert stats["redemptions"] == self.model.count_uses(offer)
        for status, count in stats["coupons"].items():
            assert count == sum(coupon.status(self.now) == status for coupon in coupons)

    def check_user_coupons(self, user: str, call_style: CallStyle, status: str) -> None:
        """Compare a user's coupons, newest first."""
        coupons = [coupon for coupon in self.model.coupons if coupon.user == user]
        expected = [
            coupon for coupon in coupons if status in ("", coupon.status(self.now))
        ]
        chosen = f"&status={status}" if status else ""
        get = self.api_client.get_caller(user, call_style).get
        found = self._check(
            "coupons", lambda q: get(f"/user/{user}{q}{chosen}"), expected
        )
        created_times = [coupon["generated_at"] for coupon in found]
        assert created_times == sorted(created_times, reverse=True)

    def check_user_history(self, user: str, call_style: CallStyle) -> None:
        """Compare a user's redemptions, newest first."""
        coupons = [
            coupon
            for coupon in self.model.coupons
            if coupon.user == user and coupon.use_count
        ]
        get = self.api_client.get_caller(user, call_style).get
        path = f"/user/{user}/redemptions"
        found = self._check("redemptions", lambda q: get(path + q), coupons)
        redeemed_times = [coupon["redeemed_at"] for coupon in found]
        assert redeemed_times == sorted(redeemed_times, reverse=True)

    def _check(
        self, name: str, get: Fetch, expected: list[HeldCoupon]
    ) -> list[dict[str, Any]]:
        """Check the whole list and a page with only its second item; return it."""
        answer = get("?limit=500")
        found = sorted(map(to_comparable_coupon, answer.json[name]), key=get_coupon_id)
        assert found == sorted(
            (to_expected_coupon(coupon, self.now) for coupon in expected),
            key=get_coupon_id,
        )
        pages = [answer.json]
        if len(expected) > 1:
            pages.append(get("?limit=1&offset=1").json)
            assert pages[1][name] == pages[0][name][1:2]
        assert [page["total"] for page in pages] == [len(expected)] * len(pages)
        listed: list[dict[str, Any]] = answer.json[name]
        return listed


def get_coupon_id(coupon: dict[str, Any]) -> str:
    """Return the ID of a coupon, to sort by."""
    return str(coupon["id"])
