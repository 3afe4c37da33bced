"""Rules that undo: restore coupons, move their expiry, reverse redemptions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coupon_core.domain.timestamps import format_timestamp
from tests.stateful.api_client import to_comparable_coupon, to_expected_coupon
from tests.stateful.coupon_rules import CouponRules
from tests.stateful.machine_base import pick_item
from tests.stateful.reference_data import HeldCoupon
from tests.stateful.strategies import indexes


class CorrectionRules(CouponRules):
    """The tenant's administrators undo what they, or users, have done."""

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, revoked=st.booleans())
    def restore(self, pick: int, revoked: bool) -> None:
        """Restore a coupon."""
        coupon = self._pick_coupon(pick, lambda item: item.revoked == revoked)
        path = f"/{coupon.offer.id}/coupons/{coupon.id}/restore"
        answer = self.api_client.call_admin("POST", path)
        coupon.revoked = False
        self._check_corrected(coupon, answer.json)

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, ends=st.sampled_from([None, 1, 2, 9]), many=st.booleans())
    def move_expiry(self, pick: int, ends: int | None, many: bool) -> None:
        """Move the expiry of a coupon, or of all coupons of an offer, both ways."""
        coupon, expires_at = pick_item(self.model.coupons, pick), self._to_date(ends)
        body: dict[str, Any] = {"expires_at": format_timestamp(expires_at)}
        if not many:
            path = f"/{coupon.offer.id}/coupons/{coupon.id}"
            answer = self.api_client.call_admin("PATCH", path, body)
            coupon.own_end = expires_at
            self._check_corrected(coupon, answer.json)
            return
        body["definition_id"] = coupon.offer.id
        planned = self.api_client.call_tenant(
            "POST", "codes/expiry", {**body, "dry_run": True}
        ).json
        done = self.api_client.call_tenant("POST", "codes/expiry", body).json
        changed = self.model.move_expiries(coupon.offer, expires_at)
        assert done["done"] == planned["done"] == changed
        assert done["skipped_reasons"] == planned["skipped_reasons"]
        codes = {item.code for item in self.model.list_by_offer(coupon.offer)}
        self._check_codes(sorted(codes)[:4])

    @precondition(lambda self: any(item.used_at for item in self.model.coupons))
    @rule(pick=indexes, use=indexes, twice=st.booleans())
    def reverse(self, pick: int, use: int, twice: bool) -> None:
        """Reverse any of the redemptions of a coupon."""
        coupon = self._pick_coupon(pick, lambda item: bool(item.used_at))
        path = f"redemptions?code={coupon.code}&definition_id={coupon.offer.id}"
        records = self.api_client.call_tenant("GET", path).json["redemptions"]
        uses = sorted(
            (record for record in records if record["coupon_id"] == coupon.id),
            key=lambda record: record["redemption_id"],
        )
        standing = [record for record in uses if record["reversed_at"] is None]
        assert len(standing) == coupon.use_count
        number = use % len(standing)
        redemption_path = f"redemptions/{standing[number]['redemption_id']}"
        for _ in range(1 + twice):
            answer = self.api_client.call_tenant(
                "POST", f"{redemption_path}/reverse", {}
            )
            assert answer.status_code == 200, answer.text
        self.model.reverse(coupon, number)
        shown = self.api_client.call_admin(
            "GET", f"/{coupon.offer.id}/coupons/{coupon.id}"
        )
        self._check_corrected(coupon, shown.json)

    def _pick_coupon(self, pick: int, matches: Any) -> HeldCoupon:
        coupons = self.model.coupons
        return pick_item([item for item in coupons if matches(item)] or coupons, pick)

    def _check_corrected(self, coupon: HeldCoupon, answered: dict[str, Any]) -> None:
        comparable = to_comparable_coupon(answered)
        expected = to_expected_coupon(coupon, self.now)
        assert {name: comparable[name] for name in expected} == expected
        self._check_codes([coupon.code])
