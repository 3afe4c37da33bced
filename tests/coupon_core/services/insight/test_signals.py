"""Signals are raised once an hour, and blocked guessing once in a window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coupon_core.domain.models import Refused, utc_now
from coupon_core.domain.models.attempts import (
    Signal,
    SignalFilter,
    SignalKind,
    SignalThresholds,
)
from coupon_core.observability import attempt_buffer
from coupon_core.persistence.tables import OutboxTable
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    GuessLimits,
    RateLimit,
    RateLimitExceeded,
)
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.insight import attempt_flush, attempts, signals
from coupon_core.services.privacy import personal_data
from tests.coupon_core.services.insight.conftest import Fail
from tests.factories.tenant import NOW, TenantFactory


@pytest.fixture(autouse=True)
def low_thresholds() -> Iterator[None]:
    signals.configure(SignalThresholds(3, 4, 2))
    yield
    signals.configure(SignalThresholds())


def list_signals(tenant: TenantFactory, **filters: Any) -> list[Signal]:
    found, has_more = signals.list_signals(
        tenant.tenant_id, SignalFilter(**filters), limit=100
    )
    assert not has_more
    return found


def list_events(tenant: TenantFactory, event_type: str) -> list[tuple[str, Any]]:
    """Return subject and data of the events of a type."""
    rows = OutboxTable.select().where(
        OutboxTable.tenant_id == tenant.tenant_id, OutboxTable.event_type == event_type
    )
    return [(row.subject, json.loads(row.data)) for row in rows]


def test_a_users_failures_are_a_signal_once_an_hour(
    tenant: TenantFactory, fail: Fail
) -> None:
    for minute in range(3):
        fail(at=NOW + timedelta(minutes=minute))
    attempt_flush.flush()
    assert list_signals(tenant) == []
    for minute in (10, 20):
        fail(at=NOW + timedelta(minutes=minute))
        attempt_flush.flush()
    (found,) = list_signals(tenant)
    assert found == Signal(
        NOW,
        "user_failures",
        subject="ann",
        count=5,
        first_at=NOW,
        last_at=NOW + timedelta(minutes=20),
    )
    ((subject, data),) = list_events(tenant, "signal.raised")
    assert subject == "ann"
    assert (data["kind"], data["subject"], data["count"]) == ("user_failures", "ann", 4)
    for _ in range(4):
        fail(at=NOW + timedelta(hours=1))
    attempt_flush.flush()
    assert [one.hour_at for one in list_signals(tenant)] == [
        NOW + timedelta(hours=1),
        NOW,
    ]
    assert len(list_events(tenant, "signal.raised")) == 2


def test_a_personal_code_that_many_users_try_is_a_signal(
    tenant: TenantFactory, fail: Fail
) -> None:
    coupon = tenant.issue_coupon(tenant.define()).coupon
    tenant.define_claimable("EVERYBODY")
    for user_id in ("ann", "bob", "cid"):
        fail(coupon.code.lower(), user_id)
        fail("EVERYBODY", user_id)
        fail("NOSUCHCODE", user_id)
    attempt_flush.flush()
    assert list_signals(tenant) == []  # its owner does not count
    fail(coupon.code, "dan")
    attempt_flush.flush()
    (found,) = list_signals(tenant)
    assert (found.kind, found.subject, found.count) == (
        "code_shared",
        coupon.coupon_id,
        3,
    )
    ((subject, data),) = list_events(tenant, "signal.raised")
    assert subject == ""
    assert coupon.code not in json.dumps(data)


@pytest.mark.parametrize("is_next_hour", [False, True])
def test_a_reference_of_several_redemptions_is_a_signal(
    tenant: TenantFactory, is_next_hour: bool
) -> None:
    attempt_buffer.take()
    definition, now = tenant.define(), utc_now()
    for user_id, reference in (("ann", "A-1"), ("bob", "A-1"), ("cid", "B-2")):
        request = RedeemRequest(
            tenant.tenant_id,
            tenant.issue_code(definition, user_id),
            user_id=user_id,
            reference=reference,
        )
        redemption.redeem(request, now)
    hour_at = now.replace(minute=0, second=0, microsecond=0)
    stored_at = hour_at + timedelta(hours=1, seconds=1) if is_next_hour else now
    attempts.store(tenant.tenant_id, attempt_buffer.take(), stored_at)
    (found,) = list_signals(tenant)
    assert (found.kind, found.subject, found.count) == ("reference_reused", "A-1", 2)


def test_signals_are_listed_by_kind_and_hour_in_pages(
    tenant: TenantFactory, fail: Fail
) -> None:
    for hour in range(3):
        for user_id in ("ann", "bob"):
            for _ in range(4):
                fail(user_id=user_id, at=NOW + timedelta(hours=hour))
    attempt_flush.flush()
    everything = list_signals(tenant)
    assert len(everything) == 6
    page, has_more = signals.list_signals(tenant.tenant_id, SignalFilter(), limit=4)
    assert has_more
    rest, has_more = signals.list_signals(
        tenant.tenant_id, SignalFilter(), limit=4, before=page[-1]
    )
    assert (page + rest, has_more) == (everything, False)
    assert list_signals(tenant, kind=SignalKind.CODE_SHARED) == []
    in_range = list_signals(
        tenant, since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2)
    )
    assert {one.hour_at for one in in_range} == {NOW + timedelta(hours=1)}


def test_a_threshold_of_zero_raises_nothing(tenant: TenantFactory, fail: Fail) -> None:
    signals.configure(SignalThresholds())
    for _ in range(9):
        fail()
    attempt_flush.flush()
    assert list_signals(tenant) == []


def test_blocked_guessing_is_announced_once_in_a_window(tenant: TenantFactory) -> None:
    attempt_buffer.take()
    limits = GuessLimits(per_user=RateLimit("guesses-per-user", 3, 600))
    code_guessing.configure(limits)
    try:
        for _ in range(9):
            with pytest.raises((Refused, RateLimitExceeded)) as caught:
                tenant.redeem("NOSUCHCODE")
            if isinstance(caught.value, code_guessing.FailedLookup):
                caught.value.count_failure()
    finally:
        code_guessing.configure(GuessLimits())
    attempt_flush.flush()
    ((subject, data),) = list_events(tenant, "guessing.blocked")
    assert subject == data["subject"] == "ann"
    assert (data["limit"], data["amount"], data["window_seconds"]) == (
        "guesses-per-user",
        3,
        600,
    )


def test_an_erased_user_is_no_longer_the_subject_of_signals(
    tenant: TenantFactory, fail: Fail
) -> None:
    request = RedeemRequest(
        tenant.tenant_id, tenant.issue_code(tenant.define()), "ann", reference="A-1"
    )
    redemption.redeem(request, utc_now())
    again = replace(request, code=tenant.issue_code(tenant.define()))
    redemption.redeem(again, utc_now())
    for _ in range(4):
        fail()
    attempt_flush.flush()
    assert {one.subject for one in list_signals(tenant)} == {"ann", "A-1"}
    exported = personal_data.export(tenant.tenant_id, "ann")
    assert len(exported["attempt"]) == 4
    assert [row["subject"] for row in exported["signal"]] == ["ann"]
    erasure = personal_data.erase(tenant.tenant_id, "ann", utc_now())
    assert {one.subject for one in list_signals(tenant)} == {erasure.pseudonym}
    subjects = {data["subject"] for _, data in list_events(tenant, "signal.raised")}
    assert erasure.pseudonym in subjects
    assert "ann" not in subjects
