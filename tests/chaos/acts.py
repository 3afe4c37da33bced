"""What workers die over, and what must hold all the same (LIMITS 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import SignatureForm
from coupon_core.messaging.broker import connect
from coupon_core.services import batches
from coupon_core.services.batches import Wanted
from coupon_core.services.webhooks import delivery as webhooks
from coupon_core.services.webhooks import subscriptions
from tests.chaos import batching, delivering, earning
from tests.chaos.deaths import (
    Ground,
    consume,
    deliver,
    fan_out,
    generate,
    relay_all,
    send,
)
from tests.chaos.earning import await_settled
from tests.chaos.feed import insist, make_feed
from tests.invariants import assert_all_delivered, rows
from tests.receivers import receiving
from tests.servers import RabbitServer
from tests.servers.process import frozen
from tests.shop import NOW

BEFORE_PUBLISHING = "coupon_core.messaging.publisher.Publisher.publish"
BEFORE_THE_MARK = "coupon_core.services.outbox.mark_sent"
BEFORE_THE_COMMIT = "coupon_core.persistence.repositories.earned_coupons.record"
BEFORE_THE_ACK = "kombu.message.Message.ack"
BEFORE_SENDING = "coupon_core.services.webhooks.delivery.send"
CODES = 50
DELIVERIES = "SELECT 1 FROM webhook_delivery"
Act = Callable[[Ground, str], None]


def milestones(ground: Ground, at: str) -> None:
    """A worker dies over milestones: each earns one coupon, the poison is buried."""
    earning.watch_streak(ground.shop)
    feed = make_feed(ground.shop.tenant_id, 200, Random(1))
    insist(ground.settings.broker_url, feed.bodies)
    ground.dies(consume, at)
    ground.goes_on(consume, lambda: earning.is_settled(feed))
    assert earning.coupons_of(ground.shop) == dict.fromkeys(feed.users, 1), "I5"
    assert set(earning.buried()) == feed.poison, "I8"


def redemptions(ground: Ground, at: str) -> None:
    """A relay dies over events of uses: each goes out."""
    tap(ground)
    used = redeemed(ground, CODES)
    ground.dies(relay_all, at)
    relay_all(ground.settings)
    assert drunk(ground) == used, "I4"


def chunks(ground: Ground, at: str) -> None:
    """A generator dies over a batch: each user gets one coupon."""
    users = [f"user-{number}" for number in range(CODES)]
    ids = ground.shop.tenant_id, ground.shop.define().definition_id
    batch = batches.request(*ids, Wanted(CODES, users), NOW)
    relay_all(ground.settings)
    ground.dies(generate, at)
    ground.goes_on(generate, lambda: batching.is_over(batch))
    assert earning.coupons_of(ground.shop) == dict.fromkeys(users, 1), "I15"


def webhook(ground: Ground, at: str) -> None:
    """A deliverer dies over uses: each is told when his lease is over."""
    with receiving() as receiver:
        one, _ = subscriptions.create(
            *(ground.shop.tenant_id, "coupon.redeemed", receiver.url, utc_now()),
            signature=SignatureForm.PLAYCAMP,
        )
        used = redeemed(ground, 3)
        relay_all(ground.settings)
        ground.goes_on(fan_out, lambda: len(rows(DELIVERIES)) == len(used))
        ground.dies(deliver, at)
        timeout = timedelta(milliseconds=one.timeout_ms)
        later = utc_now() + timeout + webhooks.MARGIN + timedelta(seconds=1)
        for due in webhooks.take(1, later):
            webhooks.serve(due)
        told = {event["data"]["usageId"] for event in receiver.events()}
    assert len(told) == len(used), "I4"
    assert_all_delivered()


def redeemed(ground: Ground, count: int) -> set[str]:
    """Use so many coupons, whose events are all that is to go out."""
    shop = ground.shop
    users = [f"user-{number}" for number in range(count)]
    coupons = [one.coupon for one in delivering.give(shop, users)]
    delivering.clear_outbox()
    for coupon in coupons:
        shop.redeem(coupon.code, coupon.user_id)
    return {coupon.coupon_id for coupon in coupons}


def tap(ground: Ground) -> None:
    """From now on what goes out is kept for us."""
    with connect(ground.settings.broker_url) as connection:
        delivering.TAP(connection.default_channel).declare()


def drunk(ground: Ground) -> set[str]:
    """The used coupons that have been told of."""
    with connect(ground.settings.broker_url) as connection:
        return set(delivering.drink(connection))


def confirms(ground: Ground, rabbit: RabbitServer) -> None:
    """RabbitMQ hangs: what a relay has sent is only sent when that is confirmed."""
    tap(ground)
    used = redeemed(ground, 1)
    with ground.working(send):
        assert await_settled(all_sent, ground.patience)
        with frozen(rabbit.pid):
            used |= redeemed(ground, CODES)
            assert not await_settled(all_sent, 1), "I4"
        assert await_settled(all_sent, ground.patience)
    assert drunk(ground) == used, "I4"


def all_sent() -> bool:
    return not delivering.waiting()
