"""Scenarios in which workers are killed, and their guarantees (docs/performance.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.messaging.broker import create_connection
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.webhooks import delivery, subscriptions
from tests.chaos import batching, delivering, earning
from tests.chaos.earning import becomes_true
from tests.chaos.kill_points import (
    KillScenario,
    consume,
    deliver,
    fan_out,
    generate,
    relay_all,
    run_relay,
)
from tests.chaos.milestone_producer import build_feed, publish_until_confirmed
from tests.factories.tenant import NOW
from tests.support.invariants import assert_all_delivered, fetch_rows
from tests.support.servers import RabbitServer
from tests.support.servers.process import frozen_process
from tests.support.webhook_receiver import running_receiver

BEFORE_PUBLISHING = "coupon_core.messaging.publisher.Publisher.publish"
BEFORE_MARK_SENT = "coupon_core.services.outbox.mark_sent"
BEFORE_COMMIT = "coupon_core.persistence.repositories.earned_coupons.insert_earned"
BEFORE_ACK = "kombu.message.Message.ack"
BEFORE_SENDING = "coupon_core.services.webhooks.delivery.send_events"
COUPON_COUNT = 50
DELIVERIES_SQL = "SELECT 1 FROM webhook_delivery"
Scenario = Callable[[KillScenario, str], None]


def milestones(scenario: KillScenario, kill_point: str) -> None:
    """Kill a worker during milestones: one coupon each, poison is dead-lettered."""
    earning.define_streak_trigger(scenario.tenant)
    feed = build_feed(scenario.tenant.tenant_id, 200, Random(1))
    publish_until_confirmed(scenario.settings.broker_url, feed.bodies)
    scenario.run_until_killed(consume, kill_point)
    scenario.run_until(consume, lambda: earning.is_all_processed(feed))
    assert earning.count_coupons_by_user(scenario.tenant) == dict.fromkeys(
        feed.users, 1
    ), "I5"
    assert set(earning.count_dead_letter_bodies()) == feed.poison, "I8"


def redemptions(scenario: KillScenario, kill_point: str) -> None:
    """Kill a relay during redemption events: each event is published."""
    declare_tap(scenario)
    used = redeem_coupons(scenario, COUPON_COUNT)
    scenario.run_until_killed(relay_all, kill_point)
    relay_all(scenario.settings)
    assert list_announced_coupons(scenario) == used, "I4"


def chunks(scenario: KillScenario, kill_point: str) -> None:
    """Kill a generator during a batch: each user gets one coupon."""
    users = [f"user-{number}" for number in range(COUPON_COUNT)]
    ids = scenario.tenant.tenant_id, scenario.tenant.define().definition_id
    batch = batches.request(*ids, BatchRequest(COUPON_COUNT, users), NOW)
    relay_all(scenario.settings)
    scenario.run_until_killed(generate, kill_point)
    scenario.run_until(generate, lambda: batching.is_finished(batch))
    assert earning.count_coupons_by_user(scenario.tenant) == dict.fromkeys(users, 1), (
        "I15"
    )


def webhook(scenario: KillScenario, kill_point: str) -> None:
    """Kill a deliverer during events: each is delivered after the lease has expired."""
    with running_receiver() as receiver:
        subscription, _ = subscriptions.create(
            scenario.tenant.tenant_id,
            "coupon.redeemed",
            url=receiver.url,
            now=utc_now(),
            signature=SignatureScheme.PLAYCAMP,
        )
        used = redeem_coupons(scenario, 3)
        relay_all(scenario.settings)
        scenario.run_until(
            fan_out, lambda: len(fetch_rows(DELIVERIES_SQL)) == len(used)
        )
        scenario.run_until_killed(deliver, kill_point)
        timeout = timedelta(milliseconds=subscription.timeout_ms)
        later = utc_now() + timeout + delivery.CLAIM_MARGIN + timedelta(seconds=1)
        for due in delivery.claim_webhooks(1, later):
            delivery.deliver_due(due)
        usage_ids = {event["data"]["usageId"] for event in receiver.list_events()}
    assert len(usage_ids) == len(used), "I4"
    assert_all_delivered()


def redeem_coupons(scenario: KillScenario, count: int) -> set[str]:
    """Redeem coupons whose events are the only ones to publish."""
    tenant = scenario.tenant
    users = [f"user-{number}" for number in range(count)]
    coupons = [issued.coupon for issued in delivering.issue_coupons(tenant, users)]
    delivering.clear_outbox()
    for coupon in coupons:
        tenant.redeem(coupon.code, coupon.user_id)
    return {coupon.coupon_id for coupon in coupons}


def declare_tap(scenario: KillScenario) -> None:
    """Bind a queue that keeps what is published from now on."""
    with create_connection(scenario.settings.broker_url) as connection:
        delivering.TAP_QUEUE(connection.default_channel).declare()


def list_announced_coupons(scenario: KillScenario) -> set[str]:
    """Return the IDs of redeemed coupons whose events were published."""
    with create_connection(scenario.settings.broker_url) as connection:
        return set(delivering.drain_tap(connection))


def check_publisher_confirms(
    scenario: KillScenario, rabbit: RabbitServer, pause_seconds: float
) -> None:
    """Pause RabbitMQ: an event is sent only after the broker has confirmed it."""
    declare_tap(scenario)
    used = redeem_coupons(scenario, 1)
    with scenario.running(run_relay):
        assert becomes_true(is_outbox_empty, scenario.timeout_seconds)
        with frozen_process(rabbit.pid):
            used |= redeem_coupons(scenario, COUPON_COUNT)
            assert not becomes_true(is_outbox_empty, pause_seconds), "I4"
        assert becomes_true(is_outbox_empty, scenario.timeout_seconds)
    assert list_announced_coupons(scenario) == used, "I4"


def is_outbox_empty() -> bool:
    """Return True if every event was published."""
    return not delivering.count_pending_events()
