"""Chunks over the bus: made once, driven on when lost, and apart from milestones."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import Batch
from coupon_core.messaging.publisher import publishing
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.services import batches, outbox
from coupon_core.services.batches import Wanted
from tests.conftest import Broker
from tests.cores import beside
from tests.invariants import assert_invariants
from tests.shop import NOW, Shop
from tests.workers.bus import empty, in_time
from tests.workers.reached import last_letter, message
from workers import batch_generator, outbox_relay
from workers.message_handlers import handle, handle_together
from workers.messages import Message

QUEUE = "coupons.generation"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_POSTGRESQL", 20)
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_SQLITE", 20)


def ask(shop: Shop, count: int) -> Batch:
    ids = shop.tenant_id, shop.define().definition_id
    return batches.request(*ids, Wanted(count), NOW)


def wanted(batch: Batch, **members: object) -> Message:
    body = {"tenant_id": batch.tenant_id, "batch_id": batch.batch_id, "chunk_number": 1}
    return message(body | members, QUEUE)


def generating(broker: Broker) -> AbstractContextManager[None]:
    """A generator at work in this process."""
    return beside(lambda stop: batch_generator.run(broker.url, 60, stop, lambda: None))


def relay_all(broker: Broker) -> None:
    with publishing(broker.url) as publisher:
        while outbox_relay.run_once(publisher):
            pass


def is_completed(batch: Batch) -> bool:
    return batches.get(batch.tenant_id, batch.batch_id).state == "completed"


def test_from_the_outbox_over_the_bus_to_the_coupons(
    shop: Shop, broker: Broker
) -> None:
    empty(broker)
    batch = ask(shop, 90)
    relay_all(broker)
    with generating(broker):
        assert in_time(lambda: is_completed(batch), 20)
    assert batches.get(shop.tenant_id, batch.batch_id).generated_count == 90
    assert_invariants()


def test_messages_that_got_lost_are_sent_again(shop: Shop, broker: Broker) -> None:
    empty(broker)
    batch = ask(shop, 50)
    relay_all(broker)
    empty(broker)
    with generating(broker):
        assert in_time(lambda: outbox.pending(utc_now())[0] > 0, 20)
        relay_all(broker)
        assert in_time(lambda: is_completed(batch), 20)
    assert batches.get(shop.tenant_id, batch.batch_id).generated_count == 50


def test_a_chunk_is_not_taken_for_a_milestone(shop: Shop) -> None:
    batch = ask(shop, 20)
    told = [wanted(batch), wanted(batch)]
    assert handle_together(told) == [None, None]
    assert [handle(one) for one in told] == ["made", "made_nothing"]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"batch_id": "x"}, "batch_id"),
        ({"chunk_number": 0}, "chunk_number"),
        ({"chunk_number": True}, "chunk_number"),
        ({"tenant_id": ""}, "tenant_id"),
    ],
)
def test_a_message_that_means_no_chunk_is_a_dead_letter(
    shop: Shop, members: dict[str, object], named: str
) -> None:
    assert handle(wanted(ask(shop, 1), **members)) == "buried"
    assert named in last_letter()[1]


def test_a_chunk_that_is_not_there_makes_nothing(shop: Shop) -> None:
    batch = ask(shop, 1)
    assert handle(wanted(batch, chunk_number=2)) == "made_nothing"
    assert handle(wanted(batch, tenant_id="nobody")) == "made_nothing"
