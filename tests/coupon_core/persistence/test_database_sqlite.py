"""Tests of SQLite: pragmas, the single writer, and locks of other programs."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from peewee import OperationalError

from coupon_core.observability.error_summary import describe_error
from coupon_core.persistence import database
from coupon_core.persistence.write_lock import write_lock
from coupon_core.settings.loader import Settings
from tests.coupon_core.persistence.test_database import timed, write
from tests.factories.tenant import create_tenant
from tests.support.concurrency import (
    RACE_TIMEOUT_SECONDS,
    Unavailable,
    process_context,
    started_core,
)
from tests.support.databases import migrate_database
from tests.support.invariants import fetch_rows
from tests.support.servers.process import SOON_SECONDS
from tests.support.settings import build_settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "coupons.db"


@pytest.fixture
def sqlite_core(path: Path, tmp_path: Path) -> Iterator[Settings]:
    migrate_database(f"sqlite:///{path}")
    with started_core(build_settings(f"sqlite:///{path}", tmp_path)) as settings:
        yield settings


@contextmanager
def locked_by_an_outsider(path: Path) -> Iterator[None]:
    """Hold the write lock of SQLite without queueing, as another program may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as outsider:
        outsider.execute("BEGIN IMMEDIATE")
        yield
        outsider.execute("ROLLBACK")


@pytest.mark.usefixtures("sqlite_core")
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 4000),
        ("wal_autocheckpoint", 16_000),
    ],
)
def test_connections_are_set_up(pragma: str, value: object) -> None:
    assert fetch_rows(f"PRAGMA {pragma}") == [(value,)]


@pytest.mark.usefixtures("sqlite_core")
def test_a_lock_longer_than_the_deadline_is_told_in_time(path: Path) -> None:
    """This includes threads that arrive later; afterwards all operations work again."""
    results: list[tuple[object, float]] = []

    def time_write() -> None:
        results.append(timed(write))

    threads = [threading.Thread(target=time_write) for _ in range(4)]
    with locked_by_an_outsider(path):
        for thread in threads:
            thread.start()
            time.sleep(0.5)
        for thread in threads:
            thread.join(RACE_TIMEOUT_SECONDS)
    assert all(isinstance(outcome, Unavailable) for outcome, _ in results)
    assert all(3.5 < took < SOON_SECONDS for _, took in results), results
    assert timed(write)[0] == 0


@pytest.mark.usefixtures("sqlite_core")
def test_a_short_lock_is_waited_for(path: Path) -> None:
    outcomes: list[object] = []
    thread = threading.Thread(target=lambda: outcomes.append(timed(write)[0]))
    with locked_by_an_outsider(path):
        thread.start()
        time.sleep(0.3)
    thread.join(RACE_TIMEOUT_SECONDS)
    assert outcomes == [0]


@pytest.mark.usefixtures("sqlite_core")
def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    shop = create_tenant()
    code = shop.issue_code(shop.define())
    with locked_by_an_outsider(path):
        # A reader that waited would find the database busy.
        assert shop.validate(code).decision.is_allowed


@pytest.mark.usefixtures("sqlite_core")
def test_a_full_disk_is_told_and_changes_nothing() -> None:
    shop = create_tenant()
    definition = shop.define()
    pages = fetch_rows("PRAGMA page_count")[0][0]
    fetch_rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(database.UNAVAILABLE_ERRORS):
        shop.generate(definition, ["ann"] * 900)
    fetch_rows("PRAGMA max_page_count = 1000000")
    assert fetch_rows("SELECT count(*) FROM coupon") == [(0,)]
    assert len(shop.generate(definition, ["ann"] * 900)) == 900


def test_who_waits_comes_before_a_process_that_has_just_had_its_turn(
    path: Path,
) -> None:
    """The batch generator, for example, requests the lock again at once."""
    begun, count = process_context.Event(), process_context.Value("i", 0)
    greedy = process_context.Process(target=_take_turns, args=(path, begun, count))
    greedy.start()
    overtaking_counts = []
    for _ in range(5):
        begun.clear()
        assert begun.wait(RACE_TIMEOUT_SECONDS)
        before = count.value
        with write_lock(path, RACE_TIMEOUT_SECONDS):
            overtaking_counts.append(count.value - before)
    greedy.kill()
    greedy.join(RACE_TIMEOUT_SECONDS)
    assert sorted(overtaking_counts)[2] <= 1, overtaking_counts


def _take_turns(path: Path, begun: Any, count: Any) -> None:
    while True:
        with write_lock(path, RACE_TIMEOUT_SECONDS):
            count.value += 1
            begun.set()
            time.sleep(0.02)


def fill_disk() -> None:
    """Let the next page that SQLite needs be one too many."""
    (pages,) = fetch_rows("PRAGMA page_count")[0]
    fetch_rows(f"PRAGMA max_page_count = {pages}")


def insert_much_in_transactions(depth: int) -> None:
    with ExitStack() as transactions:
        for _ in range(depth):
            transactions.enter_context(database.transaction())
        database.execute(
            "INSERT INTO tenant (tenant_id, created_at) VALUES (:text, :text)",
            {"text": "x" * 1_000_000},
        )


@pytest.mark.usefixtures("sqlite_core")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_full_disk_is_told_as_such(depth: int) -> None:
    """SQLite rolls back by itself then, and another rollback would hide the reason."""
    fill_disk()
    with pytest.raises(OperationalError) as caught:
        insert_much_in_transactions(depth)
    assert "database or disk is full" in str(caught.value)
    assert describe_error(caught.value) == "the disk is full"
    create_tenant()  # the connection is good for the next transaction


@pytest.mark.usefixtures("sqlite_core")
@pytest.mark.parametrize("how", ["readable", "a link", "of another user"])
def test_a_lock_file_that_others_can_open_is_replaced(path: Path, how: str) -> None:
    """A process that can open a file can hold its lock, and so stop all writes."""
    lock_path = Path(f"{path}-turn")
    lock_path.unlink(missing_ok=True)
    if how == "a link":
        lock_path.symlink_to(path.parent / "elsewhere")
    else:
        lock_path.touch()
        lock_path.chmod(0o644 if how == "readable" else 0o600)
    if how == "of another user":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file to another user")
        os.chown(lock_path, 65_534, 65_534)
    with lock_path.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        create_tenant()
    status = lock_path.lstat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, os.geteuid())
    assert not (path.parent / "elsewhere").exists() or how == "a link"
