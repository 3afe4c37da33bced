"""What players and admins must find in their lists."""

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
from tests.stateful.reference_model import HeldCoupon, Offer, ReferenceModel

STATUSES = ["active", "redeemed", "expired", "revoked"]
Fetch = Callable[[str], TestResponse]


class ListChecks:
    """Everything that can be listed, held against the model at one moment."""

    def __init__(
        self, api_client: ApiClient, model: ReferenceModel, now: datetime
    ) -> None:
        self.api_client, self.model, self.now = api_client, model, now

    def check_all(self, users: list[str]) -> None:
        """All of it once more, as admins and players see it."""
        for offer in self.model.offers:
            self.check_offer(offer)
        for user in users:
            for status in ["", *STATUSES]:
                self.check_user_coupons(user, CallStyle("A", USER_TOKEN), status)
            self.check_user_history(user, CallStyle("A", USER_TOKEN))
        active = {one.id for one in self.model.offers if one.status == "active"}
        listed = (
            self.api_client.get_caller("ann", CallStyle("B", USER_TOKEN))
            .get("/definitions")
            .json
        )
        assert {one["id"] for one in listed["definitions"]} == active

    def check_offer(self, offer: Offer) -> None:
        mine = self.model.list_by_offer(offer)
        path = f"/{offer.id}/coupons"
        self._check(
            "coupons",
            lambda query: self.api_client.call_admin("GET", path + query),
            mine,
        )
        stats = self.api_client.call_admin("GET", f"/{offer.id}/stats").json
        assert stats["redemptions"] == self.model.count_uses(offer)
        for status, count in stats["coupons"].items():
            assert count == sum(one.status(self.now) == status for one in mine)

    def check_user_coupons(self, user: str, way: CallStyle, status: str) -> None:
        mine = [one for one in self.model.coupons if one.user == user]
        fits = [one for one in mine if status in ("", one.status(self.now))]
        chosen = f"&status={status}" if status else ""
        ask = self.api_client.get_caller(user, way).get
        found = self._check("coupons", lambda q: ask(f"/user/{user}{q}{chosen}"), fits)
        made = [one["generated_at"] for one in found]
        assert made == sorted(made, reverse=True)

    def check_user_history(self, user: str, way: CallStyle) -> None:
        mine = [one for one in self.model.coupons if one.user == user and one.use_count]
        ask = self.api_client.get_caller(user, way).get
        path = f"/user/{user}/redemptions"
        found = self._check("redemptions", lambda q: ask(path + q), mine)
        used = [one["redeemed_at"] for one in found]
        assert used == sorted(used, reverse=True)

    def _check(
        self, name: str, get: Fetch, fits: list[HeldCoupon]
    ) -> list[dict[str, Any]]:
        """The whole list, and of two or more the second one alone."""
        answer = get("?limit=500")
        found = sorted(map(to_comparable_coupon, answer.json[name]), key=get_coupon_id)
        assert found == sorted(
            (to_expected_coupon(one, self.now) for one in fits), key=get_coupon_id
        )
        pages = [answer.json]
        if len(fits) > 1:
            pages.append(get("?limit=1&offset=1").json)
            assert pages[1][name] == pages[0][name][1:2]
        assert [page["total"] for page in pages] == [len(fits)] * len(pages)
        whole: list[dict[str, Any]] = answer.json[name]
        return whole


def get_coupon_id(coupon: dict[str, Any]) -> str:
    return str(coupon["id"])
