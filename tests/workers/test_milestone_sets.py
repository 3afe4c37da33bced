"""Test that a set of milestones has the outcome of its messages one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from coupon_core.domain.models import NO_LIMIT, CodeFormat, Milestone, Trigger, utc_now
from coupon_core.persistence import database, diagnostics
from coupon_core.persistence.tables import database_proxy
from coupon_core.services.events import milestones
from tests.chaos.redelivery import count_ready_messages
from tests.conftest import Broker
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import assert_invariants, fetch_rows
from tests.workers.milestones import (
    STREAK_DATA,
    build_message,
    cloud,
    count_held_coupons,
    define_streak_trigger,
)
from tests.workers.raw_messages import (
    becomes_true,
    failing_inserts,
    list_dead_letters,
    publish,
    purge_queues,
    running_consumer,
)
from workers.consumer import MILESTONE_CONFIG
from workers.message_handlers import MessageHandler, handle_many, handle_one
from workers.messages import Message

SHARED_CODE = {
    "code_format": CodeFormat.CUSTOM,
    "custom_code": "SEVEN",
    "per_code_limit": NO_LIMIT,
}
STREAK = Milestone(
    tenant_id="",
    user_id="ann",
    event_id="",
    trigger_kind=Trigger.STREAK_MILESTONE,
    source_id="daily",
    value=7,
    occurrence="",
    occurred_at=NOW,
)


def build_streak(
    tenant: TenantFactory, user: str, streak: str = "daily", **data: object
) -> Message:
    data = STREAK_DATA | {"streak_id": streak} | data
    return build_message(cloud(tenant, data, subject=user))


def process_set(messages: Sequence[Message]) -> list[str]:
    """Process a set as a consumer does."""
    outcomes = handle_many(messages)
    return [
        outcome or handle_one(message)
        for outcome, message in zip(outcomes, messages, strict=True)
    ]


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Record the statements of this thread's SQLite connection."""
    statements: list[str] = []
    connection = database_proxy.connection()
    connection.set_trace_callback(statements.append)
    yield statements
    connection.set_trace_callback(None)


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_set_takes_as_many_statements_as_one_message(tenant: TenantFactory) -> None:
    define_streak_trigger(tenant)
    counts = []
    for count in (1, 100):
        messages = [build_streak(tenant, f"user-{count}-{n}") for n in range(count)]
        with recorded_statements() as statements:
            assert set(handle_many(messages)) == {"earned"}
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_events_over_http_take_as_many_statements_as_one(tenant: TenantFactory) -> None:
    counts = []
    for count in (1, 100):
        events = [
            (replace(STREAK, tenant_id=tenant.tenant_id, event_id=f"{count}-{n}"), {})
            for n in range(count)
        ]
        with recorded_statements() as statements:
            milestones.accept(tenant.tenant_id, events, utc_now())
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_hundred_messages_with_one_bad_one_earn_ninety_nine(
    tenant: TenantFactory,
) -> None:
    define_streak_trigger(tenant)
    messages = [build_streak(tenant, f"user-{number}") for number in range(99)]
    messages.insert(50, build_message(b"garbage"))
    outcomes = handle_many(messages)
    assert [outcomes.pop(50), *set(outcomes)] == [None, "earned"]
    assert_invariants()


def test_a_user_twice_in_a_set_earns_in_the_order_of_the_messages(
    tenant: TenantFactory,
) -> None:
    streaks = ["b", "a", "c"]
    definitions = [define_streak_trigger(tenant, streak) for streak in streaks]
    messages = [build_streak(tenant, "ann", streak) for streak in streaks]
    messages.append(build_streak(tenant, "ann", "b", run_id="second"))
    assert handle_many(messages) == ["earned"] * 4
    sql = f"""SELECT data FROM outbox WHERE tenant_id = '{tenant.tenant_id}'
        AND event_type = 'coupon.generated' ORDER BY event_id"""
    announced = [data for (data,) in fetch_rows(sql)]
    expected = [definitions[index].definition_id for index in (0, 1, 2, 0)]
    assert [
        definition_id in data
        for definition_id, data in zip(expected, announced, strict=True)
    ] == [True] * 4


def test_a_user_with_one_message_to_process_alone_has_no_other_in_the_set(
    tenant: TenantFactory,
) -> None:
    define_streak_trigger(tenant, "shared", **SHARED_CODE)
    define_streak_trigger(tenant, "random")
    messages = [
        build_streak(tenant, "ann", "shared"),
        build_streak(tenant, "bob", "random"),
        build_streak(tenant, "ann", "random"),
    ]
    assert handle_many(messages) == [None, "earned", None]
    assert process_set(messages) == ["earned", "no_coupon", "earned"]


def test_a_limit_that_is_reached_inside_a_set_is_exact(tenant: TenantFactory) -> None:
    limited = define_streak_trigger(tenant, awarded_only=True, total_limit=3)
    other = define_streak_trigger(tenant, "other")
    messages = [build_streak(tenant, f"user-{number}") for number in range(5)]
    messages += [build_streak(tenant, f"user-{number}", "other") for number in range(5)]
    outcomes = Counter(process_set(messages))
    assert outcomes == {"earned": 8, "no_coupon": 2}
    users = [f"user-{number}" for number in range(5)]
    assert [count_held_coupons(limited, user) for user in users] == [1, 1, 1, 0, 0]
    assert [count_held_coupons(other, user) for user in users] == [1] * 5
    assert_invariants()


def test_tenants_in_one_set_earn_their_own_coupons(tenant: TenantFactory) -> None:
    other, without_trigger = create_tenant(), create_tenant()
    definitions = [define_streak_trigger(each) for each in (tenant, other)]
    messages = [
        build_streak(each, "ann") for each in (other, without_trigger, tenant, other)
    ]
    assert handle_many(messages) == ["earned", "no_coupon", "earned", "no_coupon"]
    sql = "SELECT tenant_id, definition_id FROM coupon WHERE user_id = 'ann'"
    held = {(tenant_id, str(definition)) for tenant_id, definition in fetch_rows(sql)}
    assert held >= {(each.tenant_id, each.definition_id) for each in definitions}
    sql = "SELECT tenant_id FROM outbox WHERE event_type = 'coupon.generated'"
    announced = Counter(tenant_id for (tenant_id,) in fetch_rows(sql))
    assert (announced[tenant.tenant_id], announced[other.tenant_id]) == (1, 1)


def test_a_set_that_fails_in_the_database_leaves_nothing(tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    messages = [build_streak(tenant, user) for user in ("ann", "bob")]
    with database.transaction():
        database.execute("ALTER TABLE outbox RENAME TO outbox_away", {})
    try:
        with pytest.raises(diagnostics.DATABASE_ERRORS):
            handle_many(messages)
    finally:
        with database.transaction():
            database.execute("ALTER TABLE outbox_away RENAME TO outbox", {})
    assert count_held_coupons(definition) == 0
    assert handle_many(messages) == ["earned", "earned"]


@pytest.mark.parametrize(
    ("migrated_template", "broker"), [("sqlite", "redis")], indirect=True
)
def test_a_message_that_has_failed_joins_no_set_again(
    broker: Broker, tenant: TenantFactory
) -> None:
    define_streak_trigger(tenant)
    purge_queues(broker)
    sets: list[list[bytes]] = []

    def record_set(messages: Sequence[Message]) -> list[str | None]:
        sets.append([message.body for message in messages])
        return handle_many(messages)

    handler = MessageHandler(handle_one, record_set)
    bad = build_streak(tenant, "bad").body
    with (
        failing_inserts("bad"),
        running_consumer(broker, config=replace(MILESTONE_CONFIG, handler=handler)),
    ):
        publish(broker, bad, *[build_streak(tenant, f"u{n}").body for n in range(20)])
        assert becomes_true(lambda: bad in [body for _, body in list_dead_letters()])
    assert sum(bad in bodies for bodies in sets) == 1


@pytest.mark.parametrize(
    ("migrated_template", "broker"),
    [("sqlite", "redis"), ("postgresql", "rabbitmq")],
    indirect=True,
)
def test_each_processed_message_is_acknowledged(
    broker: Broker, tenant: TenantFactory
) -> None:
    definition = define_streak_trigger(tenant)
    purge_queues(broker)
    users = [f"user-{number}" for number in range(120)]
    bodies = [build_streak(tenant, user).body for user in users]
    with running_consumer(broker):
        publish(broker, *bodies[:50], b"garbage", *bodies[50:])
        assert becomes_true(
            lambda: all(count_held_coupons(definition, user) for user in users[::17])
        )
    assert count_ready_messages(broker.url) == 0
