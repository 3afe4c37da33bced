"""Caps on connections: who is closed to make room, and who is not counted."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from coupon_core.web.http_worker import connection_table
from coupon_core.web.http_worker.body_spool import BodySpool, SpoolFull
from coupon_core.web.http_worker.connection import IDLE, LINGERING, SENDING, Connection
from coupon_core.web.http_worker.connection_table import (
    ConnectionTable,
    get_address_key,
    parse_address,
)
from coupon_core.web.http_worker.limits import (
    MAX_BUFFERED_BYTES,
    MAX_SPOOLED_BYTES_PER_TENANT,
    MIN_SPOOLED_BYTES_PER_UPLOAD,
    RESERVED_DESCRIPTORS,
    RequestLimits,
)
from coupon_core.web.http_worker.request_parser import RequestParser

Connect = Callable[..., Connection]


@pytest.fixture
def table() -> ConnectionTable:
    return ConnectionTable(3)


@pytest.fixture
def connect(table: ConnectionTable) -> Iterator[Connect]:
    """Make a connection at rest that had its last request at a time."""
    opened: list[socket.socket] = []

    def make(at: float, phase: int = IDLE, key: str | None = None) -> Connection:
        ours, theirs = socket.socketpair()
        opened.extend((ours, theirs))
        connection = Connection(ours, RequestParser(RequestLimits(99, 9, 99)), {})
        connection.phase, connection.last_request_at = phase, at
        connection.address_key = key
        if table.add(connection):
            connection.release()
        return connection

    yield make
    for one in opened:
        one.close()


def test_the_longest_idle_connection_is_closed_for_a_new_one(
    table: ConnectionTable, connect: Connect
) -> None:
    young, old, sending = connect(3.0), connect(1.0), connect(0.0, SENDING)
    assert table.make_room()
    assert [old.is_closed, young.is_closed, sending.is_closed] == [True, False, False]
    lingering = connect(9.0, LINGERING)
    table.refresh_ranking()
    assert table.make_room()
    assert lingering.is_closed
    assert not young.is_closed


def test_a_connection_that_is_served_is_never_closed(
    table: ConnectionTable, connect: Connect
) -> None:
    connections = [connect(float(number)) for number in range(3)]
    assert all(one.take(False) for one in connections)
    assert not table.make_room()
    assert not any(one.is_closed for one in connections)


def test_a_request_after_the_ranking_saves_a_connection(
    table: ConnectionTable, connect: Connect
) -> None:
    first, second, third = connect(1.0), connect(2.0), connect(3.0)
    assert table.evict()
    assert first.is_closed
    second.last_request_at = 9.0
    assert table.evict()
    assert third.is_closed
    assert table.evict()
    assert second.is_closed
    assert not table.evict()


def test_an_address_has_so_many_connections(
    table: ConnectionTable, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_table, "MAX_CONNECTIONS_PER_ADDRESS", 2)
    other, one, two = (
        connect(0.0, key="b"),
        connect(1.0, key="a"),
        connect(2.0, key="a"),
    )
    three = connect(3.0, key="a")
    assert [c.is_closed for c in (other, one, two, three)] == [
        False,
        True,
        False,
        False,
    ]
    assert two.take(False)
    assert three.take(False)
    four = connect(4.0, key="a")
    assert four.fd not in table.by_fd


def test_who_holds_much_memory_makes_room_for_others(
    table: ConnectionTable, connect: Connect
) -> None:
    greedy, idle, mine = connect(1.0), connect(0.0), connect(2.0)
    assert table.account(greedy, MAX_BUFFERED_BYTES)
    assert mine.take(False)
    assert table.account(mine, 10)
    assert greedy.is_closed
    assert not idle.is_closed
    assert table.buffered_bytes == 10
    assert not table.account(mine, MAX_BUFFERED_BYTES + 1)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
    ],
)
def test_addresses_are_counted_by_network(text: str, key: str | None) -> None:
    assert get_address_key(parse_address(text)) == key


def test_a_tenant_may_not_fill_the_spool(tmp_path: Path) -> None:
    spool, size = BodySpool(str(tmp_path)), MIN_SPOOLED_BYTES_PER_UPLOAD
    upload = spool.open(2 * size, "a")
    upload.append(b"x" * size)
    spool.reserve("a", MAX_SPOOLED_BYTES_PER_TENANT - size)
    with pytest.raises(SpoolFull):
        upload.append(b"x")
    third = spool.open(10, "b")
    third.append(b"x" * 20)
    assert third.is_too_large
    assert third.size == 11
    spool.reserve("a", -1)
    upload.append(b"y")
    assert upload.rewind().read()[-2:] == b"xy"
    for one in (upload, third):
        one.close()
    spool.reserve("a", size + 1)


def test_many_small_uploads_do_not_take_all_descriptors(tmp_path: Path) -> None:
    spool, uploads = BodySpool(str(tmp_path)), []
    for tenant_id in ("a", "b", "c"):
        with suppress(SpoolFull):
            while len(uploads) < 2 * RESERVED_DESCRIPTORS:
                uploads.append(spool.open(10, tenant_id))
    counts = Counter(one.tenant_id for one in uploads)
    for one in uploads:
        one.close()
    spool.open(10, "c").close()
    assert len(uploads) <= RESERVED_DESCRIPTORS // 2
    assert counts["a"] == counts["b"] == len(uploads) // 2
