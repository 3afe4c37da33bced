"""How long idempotency keys are stored, and how many (docs/api-contracts.md 0.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from coupon_core.domain.models import utc_now
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.tables.base import to_datetime
from coupon_core.services import idempotency
from tests.query_gateway.caller import Caller
from tests.query_gateway.phoenix.test_idempotency import (
    REPLAYED,
    count_uses,
    create_unlimited_code,
    redeem,
)

KEY_AGE_SQL = """
    SELECT kept_until FROM idempotency WHERE tenant_id = :tenant_id ORDER BY kept_until
"""


def test_refusal_is_stored_for_minutes_and_success_for_a_day(caller: Caller) -> None:
    tenant, now = caller.tenant, utc_now()
    assert redeem(caller, "WRONG", "refused").status_code == 404
    assert redeem(caller, create_unlimited_code(tenant), "done").status_code == 200
    rows = execute(KEY_AGE_SQL, {"tenant_id": tenant.tenant_id}).fetchall()
    refused, done = (to_datetime(kept_until) - now for (kept_until,) in rows)
    assert timedelta(minutes=10) <= refused < timedelta(minutes=11)
    assert done >= timedelta(hours=24)


def test_forgotten_refusal_is_decided_again(caller: Caller) -> None:
    assert redeem(caller, "LATER", "early").status_code == 404
    caller.tenant.define_custom("LATER", claimable=True)
    past = {"past": "2020-01-01T00:00:00.000Z", "tenant_id": caller.tenant.tenant_id}
    with transaction():
        sql = "UPDATE idempotency SET kept_until = :past WHERE tenant_id = :tenant_id"
        execute(sql, past)
    answer = redeem(caller, "LATER", "early")
    assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)


@pytest.fixture
def few_keys(app: Flask) -> Iterator[int]:
    """Let each caller have three live keys."""
    idempotency.configure(3)
    yield 3
    idempotency.configure(1_000)


@pytest.mark.parametrize("is_refused", [True, False])
def test_player_with_too_many_live_keys_gets_429(
    create_caller: Callable[..., Caller], few_keys: int, is_refused: bool
) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    code = "WRONG" if is_refused else create_unlimited_code(ann.tenant)
    statuses = [redeem(ann, code, f"k{n}").status_code for n in range(few_keys)]
    assert statuses == [404 if is_refused else 200] * few_keys
    uses, answer = count_uses(ann.tenant), redeem(ann, code, "one-more")
    assert (answer.status_code, answer.json["code"]) == (429, "RATE_LIMITED")
    assert "Too many Idempotency-Keys" in answer.json["message"]
    lifetime = 600 if is_refused else 25 * 3_600
    assert lifetime - 60 < int(answer.headers["Retry-After"]) <= lifetime
    assert answer.headers["RateLimit-Policy"] == '"idempotency-keys";q=3;w=90000'
    assert count_uses(ann.tenant) == uses
    assert redeem(ann, code, "k0").headers.get(REPLAYED) == "true"
    assert ann.redeem(code).status_code == statuses[0]
    assert redeem(bob, "WRONG", "k0").status_code == 404
