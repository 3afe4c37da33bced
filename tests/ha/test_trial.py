"""`make ha` notices what is lost, doubled, late, or answered wrongly."""

from __future__ import annotations

from tests.factories.tenant import TenantFactory
from tests.ha.kills import KILLS
from tests.ha.load import Attempt, Load
from tests.ha.trial import build_result

KILL = KILLS["query"]


def build_load(*answers: tuple[str, int], has_retry_after: bool = True) -> Load:
    """Return a load with one attempt for each subject and status."""
    return Load([Attempt(*each, 0.0, 1.0, has_retry_after) for each in answers])


def test_what_is_stored_once_and_in_time_is_good(tenant: TenantFactory) -> None:
    issued = tenant.issue_coupon(tenant.define(), "winner-1")
    tenant.redeem(issued.coupon.code, "winner-1")
    load = build_load(
        (issued.coupon.coupon_id, 503),
        (issued.coupon.coupon_id, 200),
        ("winner-1", 201),
    )
    result = build_result(KILL, 0, load, tenant, 1.0, missing_events=0)
    assert result.violations == []
    assert (result.requests, result.acknowledged) == (3, 2)
    assert result.failures == {"503": 1}


def test_each_violation_is_found(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=1_000)
    used, unused = tenant.generate(definition, ["ann", "bob"])
    for _ in range(2):
        tenant.redeem(used.coupon.code, "ann")
    load = build_load(
        (used.coupon.coupon_id, 200),
        (unused.coupon.coupon_id, 200),
        ("winner-1", 201),
        ("winner-2", 500),
        ("winner-3", 503),
        has_retry_after=False,
    )
    late = KILL.max_seconds + 1
    result = build_result(KILL, 0, load, tenant, late, missing_events=3)
    assert (result.lost, result.doubled, result.missing_events) == (2, 1, 3)
    assert len(result.violations) == 6
