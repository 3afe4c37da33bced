"""What players and admins must find in their lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from tests.query_gateway.tenant import USER, Way

from .calls import Desk, seen, shown
from .oracle import Held, Offer, Oracle

STATUSES = ["active", "redeemed", "expired", "revoked"]
Get = Callable[[str], TestResponse]


class Lists:
    """Everything that can be listed, held against the model at one moment."""

    def __init__(self, desk: Desk, model: Oracle, now: datetime) -> None:
        self.desk, self.model, self.now = desk, model, now

    def check_all(self, users: list[str]) -> None:
        """All of it once more, as admins and players see it."""
        for offer in self.model.offers:
            self.check_offer(offer)
        for user in users:
            for status in ["", *STATUSES]:
                self.check_coupons_of(user, Way("A", USER), status)
            self.check_history_of(user, Way("A", USER))
        active = {one.id for one in self.model.offers if one.status == "active"}
        listed = self.desk.player("ann", Way("B", USER)).get("/definitions").json
        assert {one["id"] for one in listed["definitions"]} == active

    def check_offer(self, offer: Offer) -> None:
        mine = self.model.of(offer)
        path = f"/{offer.id}/coupons"
        self._check("coupons", lambda query: self.desk.admin("GET", path + query), mine)
        stats = self.desk.admin("GET", f"/{offer.id}/stats").json
        assert stats["redemptions"] == self.model.uses(offer)
        for status, count in stats["coupons"].items():
            assert count == sum(one.status(self.now) == status for one in mine)

    def check_coupons_of(self, user: str, way: Way, status: str) -> None:
        mine = [one for one in self.model.coupons if one.user == user]
        fits = [one for one in mine if status in ("", one.status(self.now))]
        chosen = f"&status={status}" if status else ""
        ask = self.desk.player(user, way).get
        found = self._check("coupons", lambda q: ask(f"/user/{user}{q}{chosen}"), fits)
        made = [one["generated_at"] for one in found]
        assert made == sorted(made, reverse=True)

    def check_history_of(self, user: str, way: Way) -> None:
        mine = [one for one in self.model.coupons if one.user == user and one.uses]
        ask = self.desk.player(user, way).get
        path = f"/user/{user}/redemptions"
        found = self._check("redemptions", lambda q: ask(path + q), mine)
        used = [one["redeemed_at"] for one in found]
        assert used == sorted(used, reverse=True)

    def _check(self, name: str, get: Get, fits: list[Held]) -> list[dict[str, Any]]:
        """The whole list, and of two or more the second one alone."""
        answer = get("?limit=500")
        found = sorted(map(seen, answer.json[name]), key=by_id)
        assert found == sorted((shown(one, self.now) for one in fits), key=by_id)
        pages = [answer.json]
        if len(fits) > 1:
            pages.append(get("?limit=1&offset=1").json)
            assert pages[1][name] == pages[0][name][1:2]
        assert [page["total"] for page in pages] == [len(fits)] * len(pages)
        whole: list[dict[str, Any]] = answer.json[name]
        return whole


def by_id(coupon: dict[str, Any]) -> str:
    return str(coupon["id"])
