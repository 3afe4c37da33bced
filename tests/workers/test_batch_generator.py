"""Test that chunks are generated once and requeued when messages are lost."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import Batch
from coupon_core.messaging.publisher import open_publisher
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.services import batches, outbox
from coupon_core.services.batches import BatchRequest
from tests.conftest import Broker
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import running_in_thread
from tests.support.invariants import assert_invariants
from tests.workers.milestones import build_message, get_last_dead_letter
from tests.workers.raw_messages import becomes_true, purge_queues
from workers import batch_generator, outbox_relay
from workers.message_handlers import handle_many, handle_one
from workers.messages import Message

QUEUE = "coupons.generation"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", 20)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", 20)


def request_batch(tenant: TenantFactory, count: int) -> Batch:
    definition_id = tenant.define().definition_id
    return batches.request(tenant.tenant_id, definition_id, BatchRequest(count), NOW)


def build_chunk_message(batch: Batch, **members: object) -> Message:
    body = {"tenant_id": batch.tenant_id, "batch_id": batch.batch_id, "chunk_number": 1}
    return build_message(body | members, QUEUE)


def generating(broker: Broker) -> AbstractContextManager[None]:
    """Run a batch generator in a thread."""
    return running_in_thread(
        lambda stop: batch_generator.run(broker.url, 60, stop, lambda: None)
    )


def relay_all(broker: Broker) -> None:
    with open_publisher(broker.url) as publisher:
        rounds = outbox.ClaimRounds()
        while outbox_relay.run_once(publisher, rounds):
            pass


def is_completed(batch: Batch) -> bool:
    return batches.get(batch.tenant_id, batch.batch_id).state == "completed"


def test_from_the_outbox_over_the_bus_to_the_coupons(
    tenant: TenantFactory, broker: Broker
) -> None:
    purge_queues(broker)
    batch = request_batch(tenant, 90)
    relay_all(broker)
    with generating(broker):
        assert becomes_true(lambda: is_completed(batch), 60)
    assert batches.get(tenant.tenant_id, batch.batch_id).generated_count == 90
    assert_invariants()


def test_messages_that_got_lost_are_sent_again(
    tenant: TenantFactory, broker: Broker
) -> None:
    purge_queues(broker)
    batch = request_batch(tenant, 50)
    relay_all(broker)
    purge_queues(broker)
    with generating(broker):
        assert becomes_true(lambda: outbox.measure_backlog(utc_now())[0] > 0, 60)
        relay_all(broker)
        assert becomes_true(lambda: is_completed(batch), 60)
    assert batches.get(tenant.tenant_id, batch.batch_id).generated_count == 50


def test_a_chunk_is_not_taken_for_a_milestone(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, 20)
    messages = [build_chunk_message(batch), build_chunk_message(batch)]
    assert handle_many(messages) == [None, None]
    assert [handle_one(message) for message in messages] == ["made", "no_coupon"]


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
    tenant: TenantFactory, members: dict[str, object], named: str
) -> None:
    assert (
        handle_one(build_chunk_message(request_batch(tenant, 1), **members)) == "buried"
    )
    assert named in get_last_dead_letter()[1]


def test_a_chunk_that_is_not_there_makes_nothing(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, 1)
    assert handle_one(build_chunk_message(batch, chunk_number=2)) == "no_coupon"
    assert handle_one(build_chunk_message(batch, tenant_id="nobody")) == "no_coupon"
