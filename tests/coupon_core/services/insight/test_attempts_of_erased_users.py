"""Attempts that are stored after their user was erased have the pseudonym."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

from coupon_core.domain.models.attempts import GuessingBlock
from coupon_core.observability import attempt_buffer
from coupon_core.persistence.tables import AttemptTable, OutboxTable
from coupon_core.services.insight import attempt_flush, attempts
from coupon_core.services.privacy import personal_data
from tests.coupon_core.services.insight.conftest import Fail
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import Failure, run_concurrently

PROCESS_COUNT = 6


def erase(tenant: TenantFactory, user_id: str, at: datetime) -> str:
    """Erase a user, of whom something is stored, and return the pseudonym."""
    tenant.create_code(user_id)
    return personal_data.erase(tenant.tenant_id, user_id, at).pseudonym


def test_attempts_and_blocks_of_users_erased_since_are_stored_with_the_pseudonym(
    tenant: TenantFactory, fail: Fail
) -> None:
    """An ID that was erased is a new user, who may be erased as well."""
    times = [NOW + timedelta(minutes=number) for number in range(5)]
    first = erase(tenant, "ann", times[1])
    second = erase(tenant, "ann", times[3])
    for at in times[0], times[2], times[4]:
        fail(at=at)
        attempt_buffer.note_block(build_block(tenant, "ann", at))
    fail(user_id="bob", at=times[0])
    attempt_flush.flush()
    rows, _ = attempts.list_attempts(tenant.tenant_id)
    assert [row.user_id for row in rows[:2]] == ["ann", second]
    assert {row.user_id for row in rows[2:]} == {first, "bob"}
    blocked = OutboxTable.select().where(
        OutboxTable.tenant_id == tenant.tenant_id,
        OutboxTable.event_type == "guessing.blocked",
    )
    assert {json.loads(row.data)["subject"] for row in blocked} == {
        *("ann", first, second)
    }


def build_block(tenant: TenantFactory, user_id: str, at: datetime) -> GuessingBlock:
    return GuessingBlock(
        tenant.tenant_id,
        "guesses-per-user",
        subject=user_id,
        amount=100,
        window_seconds=600,
        blocked_at=at,
        blocked_until=at,
    )


def test_an_erased_id_is_nowhere_though_attempts_are_stored_meanwhile(
    tenant: TenantFactory, fail: Fail
) -> None:
    tenant.create_code("ann")
    parts = []
    for _ in range(PROCESS_COUNT):
        fail()
        parts.append(attempt_buffer.take())
    tasks = [partial(attempts.store, tenant.tenant_id, part, NOW) for part in parts]
    erasure = partial(personal_data.erase, tenant.tenant_id, "ann", NOW)
    tasks.insert(PROCESS_COUNT // 2, erasure)
    outcomes = run_concurrently(tasks)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    users = [
        row.user_id
        for row in AttemptTable.select().where(
            AttemptTable.tenant_id == tenant.tenant_id
        )
    ]
    assert len(users) == PROCESS_COUNT
    assert "ann" not in users
