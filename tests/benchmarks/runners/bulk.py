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
from coupon_core.messaging.topology import GENERATION_QUEUE
from coupon_core.persistence import database, id_generation
from coupon_core.security import encryption
from coupon_core.services import batches
from coupon_core.services.access import tenants
from coupon_core.services.batches import BatchRequest
from coupon_core.services.catalog import definitions, reward_items
from tests.benchmarks.environment import Environment
from tests.benchmarks.model import Sample
from tests.benchmarks.players import TENANT
from tests.support.databases import SqliteDatabases, migrate_database

COUPONS_PER_SECOND = 50_000  # coupons that are made for each second of a round
CODE_LENGTH = 10
BLOCK_SIZE = 10_000
RAW_TENANT = (
    "other"  # the tenant of rows by hand, as long as TENANT: so are its index entries
)
COLUMNS = """tenant_id, coupon_id, definition_id, user_id, code, generated_at,
    redemption_count, code_key, code_scope, batch_id"""


class BulkRunner:
    """So many coupons in one database; how they get there is the subclass's."""

    name: str

    def __init__(self, environment: Environment) -> None:
        self.url = environment.bus_url

    def run(self, seconds: float) -> Sample:
        """One round: as many coupons as may take so many seconds."""
        count = max(20_000, int(seconds * COUPONS_PER_SECOND))
        with self.prepared_database() as url:
            return self.insert_coupons(url, count)

    @contextmanager
    def prepared_database(self) -> Iterator[str]:
        """The URL of the database."""
        yield self.url

    def insert_coupons(self, url: str, count: int) -> Sample:
        """Make so many."""
        raise NotImplementedError

    def find_mismatches(self) -> list[str]:
        """Nothing: each round has counted."""
        return []


class SqliteMixin:
    """A new file for each round, beside the memory's: on a disk."""

    @contextmanager
    def prepared_database(self) -> Iterator[str]:
        """The URL of a new file."""
        with (
            tempfile.TemporaryDirectory(prefix="coupons-bench-") as home,
            SqliteDatabases(Path(home), migrate_database).temporary_database() as url,
        ):
            yield url


class BatchRunner(BulkRunner):
    """All chunks of a batch, one after the other, as the generator makes them."""

    def insert_coupons(self, url: str, count: int) -> Sample:
        """In a process of its own, whose memory is then that of a worker."""
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            seconds, rss, generated = pool.apply(run_batch, (url, count))
        wrong = () if generated == count else (f"{generated} of {count} were made",)
        return Sample(count, seconds, rss_bytes=rss, failures=wrong)


class PostgresqlBatch(BatchRunner):
    """By COPY in chunks."""

    name = "batch postgresql"


class SqliteBatch(SqliteMixin, BatchRunner):
    """By one statement a chunk."""

    name = "batch sqlite"


def run_batch(url: str, count: int) -> tuple[float, int, int]:
    """Seconds, the most memory in bytes, and how many coupons the batch has."""
    from workers.message_handlers import handle_one
    from workers.messages import Message

    database.open_database(url)
    try:
        ids = create_definition()
        batch = batches.request(*ids, BatchRequest(count), utc_now())
        began = time.monotonic()
        for number in range(1, batch.chunk_count + 1):
            body = (
                f'{{"tenant_id":"{batch.tenant_id}","batch_id":"{batch.batch_id}",'
                f'"chunk_number":{number}}}'
            )
            message_fields = (
                GENERATION_QUEUE,
                "generation.chunk",
                "application/json",
                body.encode(),
            )
            handle_one(Message(*message_fields))
        database.close_database()  # on SQLite all is in the file itself after that
        seconds = time.monotonic() - began
        after = batches.get(batch.tenant_id, batch.batch_id)
    finally:
        database.close_database()
    return seconds, read_peak_memory_bytes(), after.generated_count


def read_peak_memory_bytes() -> int:
    """The most bytes that this process has ever had in memory."""
    # Not by getrusage: that counts what the parent had at the fork as well.
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def create_definition() -> tuple[str, str]:
    """The ids of a new definition with codes of ten characters."""
    found = database.execute("SELECT item_id FROM reward_item", {}).fetchone()
    fields = {
        "name": f"Bulk {id_generation.generate_id()}",
        "reward_item_id": str(found[0]) if found else create_tenant(),
        "code_length": CODE_LENGTH,
    }
    definition = definitions.create(TENANT, fields, utc_now())
    return TENANT, definition.definition_id


def create_tenant() -> str:
    """The id of its reward item."""
    encryption.load_keys((encryption.generate_master_key(),))
    tenants.create(TENANT, utc_now())
    item = {"name": "Points", "description": "", "reward_type": "points"}
    reward_item = reward_items.create(
        TENANT, item | {"payload": {"amount": 100}}, utc_now()
    )
    return reward_item.item_id


def generate_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """The same rows as a batch would write, with codes of their own."""
    definition_id, batch_id = id_generation.generate_id(), id_generation.generate_id()
    now = utc_now().isoformat(timespec="milliseconds")[:23] + "Z"
    for code in codes.generate_random_codes(
        count, "", CODE_LENGTH, CodeAlphabet.UNAMBIGUOUS
    ):
        ids = RAW_TENANT, id_generation.generate_id(), definition_id, ""
        yield (*ids, code, now, 0, code, "", batch_id)


class RawCopy(BulkRunner):
    """psycopg's COPY, all in one transaction."""

    name = "raw copy"

    def insert_coupons(self, url: str, count: int) -> Sample:
        """From a block of text each, which is made beforehand."""
        ready = list(generate_blocks(count))
        with psycopg.connect(url) as connection:
            began = time.monotonic()
            cursor = connection.cursor()
            with cursor.copy(f"COPY coupon ({COLUMNS}) FROM STDIN") as copy:
                for text in ready:
                    copy.write(text)
            connection.commit()
            return Sample(count, time.monotonic() - began)


def generate_blocks(count: int) -> Iterator[str]:
    rows = generate_rows(count)
    while block := list(islice(rows, BLOCK_SIZE)):
        yield "".join("\t".join(map(str, row)) + "\n" for row in block)


class RawExecuteMany(SqliteMixin, BulkRunner):
    """sqlite3's executemany, all in one transaction."""

    name = "raw executemany"

    def insert_coupons(self, url: str, count: int) -> Sample:
        """With the journal as the gateways have it."""
        ready = list(generate_rows(count))
        placeholders = ", ".join("?" * len(ready[0]))
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("PRAGMA cache_size = -32000")
        began = time.monotonic()
        sql = f"INSERT INTO coupon ({COLUMNS}) VALUES ({placeholders})"
        connection.executemany(sql, ready)
        connection.commit()
        connection.close()  # all is in the file itself after that
        return Sample(count, time.monotonic() - began)
