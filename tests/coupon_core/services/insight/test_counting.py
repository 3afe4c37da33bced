"""Tests that reports count each use and each return of the outbox exactly once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from structlog.testing import capture_logs

from coupon_core.domain.models import Event, utc_now
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import generate_id
from coupon_core.services import outbox
from coupon_core.services.insight import counting
from coupon_core.settings.loader import Settings
from tests.coupon_core.services.insight.histories import History
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    process_context,
    run_concurrently,
    started_core,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.report_invariants import (
    assert_counts_equal_rows,
    assert_events_have_the_time_of_their_rows,
    count_all,
    list_counts,
)

MOMENTS = [NOW, NOW + timedelta(hours=5)]


@pytest.fixture(autouse=True)
def empty_outbox(core: Settings) -> Iterator[None]:
    yield
    count_all()
    database.release_connection()


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_rows_after_any_history(
    tenant: TenantFactory, seed: int
) -> None:
    History(tenant, seed).run(60, MOMENTS)
    assert_invariants()
    assert_events_have_the_time_of_their_rows()
    counts = run_concurrently([lambda: count_all(7)] * 2)
    assert sum(counts) > 40
    assert_counts_equal_rows()
    own = [key for key, _ in list_counts() if key[0] == tenant.tenant_id]
    # Creators and all of them, APIs, and both counts.
    assert [len({key[index] for key in own}) for index in (3, 4, 5)] == [4, 3, 2]


def test_events_of_the_previous_release_are_looked_up(tenant: TenantFactory) -> None:
    History(tenant, 1).run(60, MOMENTS)
    rows = fetch_rows("SELECT event_id, event_type, data FROM outbox")
    for event_id, event_type, text in rows:
        data = json.loads(text)
        data.pop("creator_key", None)
        if event_type == "coupon.refunded":
            data.pop("dialect")
        database.execute(
            """UPDATE outbox SET data = :data WHERE tenant_id = :tenant_id
            AND event_id = :event_id""",
            {
                "data": json.dumps(data),
                "event_id": str(event_id),
                "tenant_id": tenant.tenant_id,
            },
        )
    count_all()
    assert_counts_equal_rows()


def _count_and_die(settings: Settings, tenant_id: str) -> None:
    """End like a counter that is killed when it has claimed events."""

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with (
        started_core(settings),
        patch.object(counting, "raise_counts", die),
    ):
        counting.count_events(tenant_id, 5)


def test_what_a_killed_counter_has_claimed_is_counted_later(
    core: Settings, tenant: TenantFactory
) -> None:
    History(tenant, 2).run(20, MOMENTS)
    database.release_connection()
    process = process_context.Process(
        target=_count_and_die, args=(core, tenant.tenant_id)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    count_all()
    assert_counts_equal_rows()


def test_what_cannot_be_counted_does_not_delay_the_rest(tenant: TenantFactory) -> None:
    code = tenant.create_code()
    texts = ["{}", "[]", "no", '{"coupon": {"definition_id": "x", "user_id": "ann"}}']
    with database.transaction():
        outbox.add(
            Event(tenant.tenant_id, generate_id(), "coupon.redeemed", "ann", NOW, text)
            for text in texts
        )
    with capture_logs() as logs:
        count_all()
    assert len(logs) == len(texts)
    assert {entry["event"] for entry in logs} == {"event cannot be counted"}
    assert counting.measure(utc_now()) == (0, 0.0)
    database.execute(
        "DELETE FROM outbox WHERE tenant_id = :tenant_id AND event_type = :type",
        {"tenant_id": tenant.tenant_id, "type": "coupon.redeemed"},
    )
    tenant.redeem(code)
