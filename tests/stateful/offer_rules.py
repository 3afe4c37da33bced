"""Rules that create and change definitions."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coupon_core.domain.models import CodeFormat, Refused
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.services.catalog import definitions
from tests.stateful.machine_base import MachineBase, numbers, pick_item
from tests.stateful.reference_data import ModelRefusal, Offer
from tests.stateful.strategies import (
    CODES,
    GLOBAL,
    PER_CODE,
    DialectOfferRequest,
    OfferRequest,
    days,
    dialect_offer_requests,
    indexes,
    limit_kinds,
    offer_requests,
    periods,
    statuses,
    to_limit_members,
    to_limits,
)


class OfferRules(MachineBase):
    """Definitions are created and changed by the tenant's administrators."""

    @rule(request=offer_requests)
    def define(self, request: OfferRequest) -> None:
        """Create a definition through the admin gateway."""
        self._define(request)

    def _define(self, request: OfferRequest) -> None:
        offer = Offer(
            request.code,
            request.case_sensitive,
            request.claimable and bool(request.code),
            self._to_date(request.starts),
            self._to_date(request.ends),
            **to_limits(request.limit),
        )
        body = {
            "name": f"Offer {next(numbers)}",
            "config": self._build_config(offer, request),
        }
        answer = self.api_client.call_admin("POST", "", body)
        if self._check_agreement(lambda: self.model.define(offer), answer, 201):
            offer.id = answer.json["id"]

    def _build_config(self, offer: Offer, request: OfferRequest) -> dict[str, Any]:
        named = {"custom_code": request.code, "claimable": offer.claimable}
        return {
            "reward_item_id": self.api_client.tenant.reward_item_id,
            "code_format": "custom" if request.code else "random",
            **(named if request.code else {}),
            "case_sensitive": request.case_sensitive,
            "starts_at": format_timestamp(offer.starts),
            "expires_at": format_timestamp(offer.ends),
            "usage_limit": to_limit_members(request.limit),
            "hot": offer.hot,
        }

    @rule(request=dialect_offer_requests)
    def define_in_other_dialect(self, request: DialectOfferRequest) -> None:
        """Create a definition with members that only other dialects offer."""
        self._define_in_other_dialect(request)

    def _define_in_other_dialect(self, request: DialectOfferRequest) -> None:
        limits = {**to_limits(request.limit), "per_user": request.per_user}
        offer = Offer(request.code, awarded_only=request.awarded_only, **limits)
        offer.claimable = bool(request.code) and not request.awarded_only
        with contextlib.suppress(ModelRefusal):  # refused as by the gateway
            self.model.define(offer)
            definition = definitions.create(
                self.api_client.tenant.tenant_id, self._build_members(offer), self.now
            )
            offer.id = definition.definition_id

    def _build_members(self, offer: Offer) -> dict[str, Any]:
        return {
            "name": f"Offer {next(numbers)}",
            "reward_item_id": self.api_client.tenant.reward_item_id,
            "code_format": CodeFormat.CUSTOM if offer.code else CodeFormat.RANDOM,
            "custom_code": offer.code,
            "claimable": offer.claimable,
            "per_code_limit": offer.per_code,
            "per_user_limit": offer.per_user,
            "total_limit": offer.total,
            "hot": offer.hot,
            "awarded_only": offer.awarded_only,
        }

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, starts=days, ends=days)
    def change_dates(self, pick: int, starts: int | None, ends: int | None) -> None:
        """Change the dates of a definition."""
        self._change_dates(pick_item(self.model.offers, pick), starts, ends)

    def _change_dates(self, offer: Offer, starts: int | None, ends: int | None) -> None:
        dates = self._to_date(starts), self._to_date(ends)
        config = {
            "starts_at": format_timestamp(dates[0]),
            "expires_at": format_timestamp(dates[1]),
        }
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(lambda: self.model.change_dates(offer, *dates), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, kind=limit_kinds, more=st.sampled_from([-1, 0, 1]))
    def change_limit(self, pick: int, kind: str, more: int) -> None:
        """Set a limit close to the number of uses, where it makes a difference."""
        offers_with_coupons = [
            item for item in self.model.offers if self.model.list_by_offer(item)
        ]
        offer = pick_item(offers_with_coupons or self.model.offers, pick)
        count = {
            PER_CODE: self.model.get_max_code_uses,
            GLOBAL: self.model.count_toward_total,
        }.get(kind)
        self._change_limit(offer, kind, max(1, count(offer) + more) if count else 0)

    def _change_limit(self, offer: Offer, kind: str, uses: int) -> None:
        limit = kind, uses
        config = {"usage_limit": to_limit_members(limit)}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(
            lambda: self.model.change_limits(offer, **to_limits(limit)), answer
        )

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, more=st.sampled_from([-1, 0, 0, 1, -9]))
    def change_user_limit(self, pick: int, more: int) -> None:
        """Set the limit per user, which the Phoenix dialect does not offer."""
        used = [item for item in self.model.offers if self.model.count_uses(item)]
        offer = pick_item(used or self.model.offers, pick)
        per_user = max(0, self.model.get_max_user_uses(offer) + more)
        update = partial(
            definitions.update,
            self.api_client.tenant.tenant_id,
            offer.id,
            changes={"per_user_limit": per_user},
            now=self.now,
        )
        try:
            self.model.change_user_limit(offer, per_user)
        except ModelRefusal as refused:
            with pytest.raises(Refused, match=str(refused).lower()):
                update()
        else:
            update()
        self._check_codes(
            sorted({item.code for item in self.model.list_by_offer(offer)})[:4]
        )

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, period=periods, more=st.sampled_from([-1, 0, 1, 1]))
    def change_period_limit(self, pick: int, period: str, more: int) -> None:
        """Set a limit per user and period close to the uses in the current one."""
        used = [item for item in self.model.offers if self.model.count_uses(item)]
        offer = pick_item(used or self.model.offers, pick)
        count = self.model.get_max_period_uses(offer, period, self.now)
        self._change_period_limit(offer, period, max(1, count + more))

    def _change_period_limit(self, offer: Offer, period: str, max_uses: int) -> None:
        limits = {
            "per_code": offer.per_code or None,
            "per_user": offer.per_user or None,
            "total": offer.total or None,
            "per_user_period": {"max_uses": max_uses, "period": period},
        }
        config = {"limits": limits}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        change = partial(
            self.model.change_period_limit, offer, period, max_uses, self.now
        )
        self._check_agreement(change, answer)
        codes = sorted({item.code for item in self.model.list_by_offer(offer)})[:4]
        self._check_codes(codes)
        self._set_time(self.now + timedelta(days=1))
        self._check_codes(codes)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, suspended=st.booleans())
    def suspend_or_resume(self, pick: int, suspended: bool) -> None:
        """Suspend or resume a definition."""
        offer = pick_item(self.model.offers, pick)
        action = "suspend" if suspended else "resume"
        answer = self.api_client.call_admin("POST", f"/{offer.id}/{action}")
        assert (answer.json["suspended_at"] is not None) == suspended
        offer.suspended = suspended
        self._check_codes(
            sorted({item.code for item in self.model.list_by_offer(offer)})[:4]
        )

    @precondition(lambda self: self._list_custom_offers())
    @rule(
        pick=indexes,
        code=st.sampled_from(CODES),
        exact=st.booleans(),
        code_index=indexes,
    )
    def change_code(self, pick: int, code: str, exact: bool, code_index: int) -> None:
        """Set another custom code, sometimes one that a coupon already has."""
        offer = pick_item(self._list_custom_offers(), pick)
        taken = [coupon.code for coupon in self.model.coupons if not coupon.offer.code]
        self._change_code(offer, pick_item([code, code, *taken[:2]], code_index), exact)

    def _change_code(self, offer: Offer, code: str, exact: bool) -> None:
        config = {"custom_code": code, "case_sensitive": exact}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(
            lambda: self.model.change_code(offer, code, exact), answer
        )

    @precondition(lambda self: self._list_custom_offers())
    @rule(pick=indexes, open_=st.booleans())
    def change_claimable(self, pick: int, open_: bool) -> None:
        """Change whether users may claim a custom code."""
        offer = pick_item(self._list_custom_offers(), pick)
        open_ = open_ and not offer.awarded_only
        config = {"claimable": open_}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        assert answer.status_code == 200
        offer.claimable = open_

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, status=statuses)
    def set_status(self, pick: int, status: str) -> None:
        """Change the status of a definition."""
        offer = pick_item(self.model.offers, pick)
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)

    def _set_status(self, offer: Offer, status: str) -> None:
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"status": status})
        assert answer.json["status"] == status
        offer.status = status
