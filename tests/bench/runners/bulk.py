"""Coupons by the hundred thousand: a batch in a process of its own, and by hand."""

from __future__ import annotations

import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from coupon_core.domain import codes
from coupon_core.domain.models import CodeAlphabet, utc_now
from coupon_core.messaging.topology import GENERATION
from coupon_core.persistence import database, id_generation
from coupon_core.security import encryption
from coupon_core.services import batches
from coupon_core.services.access import tenants
from coupon_core.services.batches import Wanted
from coupon_core.services.catalog import definitions, reward_items
from tests.bench.model import Sample
from tests.bench.people import TENANT
from tests.bench.stage import Stage
from tests.databases import SqliteDatabases, upgrade

A_SECOND = 50_000  # coupons that are made for each second of a round
LENGTH = 10
BLOCK = 10_000
RAW = "other"  # the tenant of rows by hand, as long as TENANT: so are its index entries
COLUMNS = """tenant_id, coupon_id, definition_id, user_id, code, generated_at,
    redemption_count, code_key, code_scope, batch_id"""


class BulkRunner:
    """So many coupons in one database; how they get there is the subclass's."""

    name: str

    def __init__(self, stage: Stage) -> None:
        self.url = stage.bus_url

    def run(self, seconds: float) -> Sample:
        """One round: as many coupons as may take so many seconds."""
        count = max(20_000, int(seconds * A_SECOND))
        with self.place() as url:
            return self.made(url, count)

    @contextmanager
    def place(self) -> Iterator[str]:
        """The URL of the database."""
        yield self.url

    def made(self, url: str, count: int) -> Sample:
        """Make so many."""
        raise NotImplementedError

    def wrong(self) -> list[str]:
        """Nothing: each round has counted."""
        return []


class OnSqlite:
    """A new file for each round, beside the memory's: on a disk."""

    @contextmanager
    def place(self) -> Iterator[str]:
        """The URL of a new file."""
        with (
            tempfile.TemporaryDirectory(prefix="coupons-bench-") as home,
            SqliteDatabases(Path(home), upgrade).fresh() as url,
        ):
            yield url


class Batch(BulkRunner):
    """All chunks of a batch, one after the other, as the generator makes them."""

    def made(self, url: str, count: int) -> Sample:
        """In a process of its own, whose memory is then that of a worker."""
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            seconds, rss, generated = pool.apply(make_batch, (url, count))
        wrong = () if generated == count else (f"{generated} of {count} were made",)
        return Sample(count, seconds, rss_bytes=rss, failures=wrong)


class BatchOnPostgresql(Batch):
    """By COPY in chunks."""

    name = "batch postgresql"


class BatchOnSqlite(OnSqlite, Batch):
    """By one statement a chunk."""

    name = "batch sqlite"


def make_batch(url: str, count: int) -> tuple[float, int, int]:
    """Seconds, the most memory in bytes, and how many coupons the batch has."""
    from workers.message_handlers import handle
    from workers.messages import Message

    database.open_database(url)
    try:
        ids = definition()
        batch = batches.request(*ids, Wanted(count), utc_now())
        began = time.monotonic()
        for number in range(1, batch.chunk_count + 1):
            body = (
                f'{{"tenant_id":"{batch.tenant_id}","batch_id":"{batch.batch_id}",'
                f'"chunk_number":{number}}}'
            )
            whole = GENERATION, "generation.chunk", "application/json", body.encode()
            handle(Message(*whole))
        database.close_database()  # on SQLite all is in the file itself after that
        seconds = time.monotonic() - began
        after = batches.get(batch.tenant_id, batch.batch_id)
    finally:
        database.close_database()
    return seconds, most_memory(), after.generated_count


def most_memory() -> int:
    """The most bytes that this process has ever had in memory."""
    # Not by getrusage: that counts what the parent had at the fork as well.
    status = Path("/proc/self/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def definition() -> tuple[str, str]:
    """The ids of a new definition with codes of ten characters."""
    found = database.execute("SELECT item_id FROM reward_item", {}).fetchone()
    fields = {
        "name": f"Bulk {id_generation.new_id()}",
        "reward_item_id": str(found[0]) if found else new_tenant(),
        "code_length": LENGTH,
    }
    made = definitions.create(TENANT, fields, utc_now())
    return TENANT, made.definition_id


def new_tenant() -> str:
    """The id of its reward item."""
    encryption.unlock((encryption.new_master_key(),))
    tenants.create(TENANT, utc_now())
    item = {"name": "Points", "description": "", "reward_type": "points"}
    made = reward_items.create(TENANT, item | {"payload": {"amount": 100}}, utc_now())
    return made.item_id


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """The same rows as a batch would write, with codes of their own."""
    definition_id, batch_id = id_generation.new_id(), id_generation.new_id()
    now = utc_now().isoformat(timespec="milliseconds")[:23] + "Z"
    for code in codes.random_codes(count, "", LENGTH, CodeAlphabet.UNAMBIGUOUS):
        ids = RAW, id_generation.new_id(), definition_id, ""
        yield (*ids, code, now, 0, code, "", batch_id)


class Copy(BulkRunner):
    """psycopg's COPY, all in one transaction."""

    name = "raw copy"

    def made(self, url: str, count: int) -> Sample:
        """From a block of text each, which is made beforehand."""
        ready = list(blocks(count))
        with psycopg.connect(url) as connection:
            began = time.monotonic()
            cursor = connection.cursor()
            with cursor.copy(f"COPY coupon ({COLUMNS}) FROM STDIN") as copy:
                for text in ready:
                    copy.write(text)
            connection.commit()
            return Sample(count, time.monotonic() - began)


def blocks(count: int) -> Iterator[str]:
    every = rows(count)
    while block := list(islice(every, BLOCK)):
        yield "".join("\t".join(map(str, row)) + "\n" for row in block)


class ExecuteMany(OnSqlite, BulkRunner):
    """sqlite3's executemany, all in one transaction."""

    name = "raw executemany"

    def made(self, url: str, count: int) -> Sample:
        """With the journal as the gateways have it."""
        ready = list(rows(count))
        marks = ", ".join("?" * len(ready[0]))
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("PRAGMA cache_size = -32000")
        began = time.monotonic()
        sql = f"INSERT INTO coupon ({COLUMNS}) VALUES ({marks})"
        connection.executemany(sql, ready)
        connection.commit()
        connection.close()  # all is in the file itself after that
        return Sample(count, time.monotonic() - began)
