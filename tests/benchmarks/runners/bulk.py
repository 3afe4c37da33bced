"""Coupons by the hundred thousand: a batch in its own process, and bare SQL."""

from __future__ import annotations

import multiprocessing
import sqlite3
import tempfile
import time
from abc import ABC, abstractmethod
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

COUPONS_PER_SECOND = 50_000  # created for each second of a round
CODE_LENGTH = 10
BLOCK_SIZE = 10_000
RAW_TENANT = (
    "other"  # as long as TENANT, so that index entries of bare rows have the same size
)
COLUMNS = """tenant_id, coupon_id, definition_id, user_id, code, generated_at,
    redemption_count, code_key, code_scope, batch_id"""


class BulkRunner(ABC):
    """Create coupons in one database; subclasses define how."""

    name: str

    def __init__(self, environment: Environment) -> None:
        self.url = environment.database_url("bus")

    def run(self, seconds: float) -> Sample:
        """Run one round: as many coupons as about that many seconds allow."""
        count = max(20_000, int(seconds * COUPONS_PER_SECOND))
        with self.prepared_database() as url:
            return self.insert_coupons(url, count)

    @contextmanager
    def prepared_database(self) -> Iterator[str]:
        """Return the URL of the database."""
        yield self.url

    @abstractmethod
    def insert_coupons(self, url: str, count: int) -> Sample:
        """Create that many coupons."""

    def find_mismatches(self) -> list[str]:
        """Return nothing: each round has counted its rows."""
        return []


class SqliteMixin:
    """Use a new file on disk for each round."""

    @contextmanager
    def prepared_database(self) -> Iterator[str]:
        """Return the URL of a new file."""
        with (
            tempfile.TemporaryDirectory(prefix="coupons-bench-") as home,
            SqliteDatabases(Path(home), migrate_database).temporary_database() as url,
        ):
            yield url


class BatchRunner(BulkRunner):
    """Generate all chunks of a batch, one after the other, as a worker does."""

    def insert_coupons(self, url: str, count: int) -> Sample:
        """Generate in a process of its own, so that its memory is that of a worker."""
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            seconds, rss, generated = pool.apply(run_batch, (url, count))
        wrong = () if generated == count else (f"{generated} of {count} were made",)
        return Sample(count, seconds, rss_bytes=rss, failures=wrong)


class PostgresqlBatch(BatchRunner):
    """A batch by COPY in chunks."""

    name = "batch postgresql"


class SqliteBatch(SqliteMixin, BatchRunner):
    """A batch by one statement per chunk."""

    name = "batch sqlite"


def run_batch(url: str, count: int) -> tuple[float, int, int]:
    """Return seconds, peak memory in bytes, and the number of coupons."""
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
        database.close_database()  # then SQLite has everything in the file itself
        seconds = time.monotonic() - began
        after = batches.get(batch.tenant_id, batch.batch_id)
    finally:
        database.close_database()
    return seconds, read_peak_memory_bytes(), after.generated_count


def read_peak_memory_bytes() -> int:
    """Return the peak memory of this process in bytes."""
    # getrusage would include the parent's memory at the time of the fork.
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def create_definition() -> tuple[str, str]:
    """Create a definition with codes of ten characters; return its IDs."""
    found = database.execute("SELECT item_id FROM reward_item", {}).fetchone()
    fields = {
        "name": f"Bulk {id_generation.generate_id()}",
        "reward_item_id": str(found[0]) if found else create_tenant(),
        "code_length": CODE_LENGTH,
    }
    definition = definitions.create(TENANT, fields, utc_now())
    return TENANT, definition.definition_id


def create_tenant() -> str:
    """Create the tenant if needed; return the ID of its reward item."""
    encryption.load_keys((encryption.generate_master_key(),))
    tenants.create(TENANT, utc_now())
    item = {"name": "Points", "description": "", "reward_type": "points"}
    reward_item = reward_items.create(
        TENANT, item | {"payload": {"amount": 100}}, utc_now()
    )
    return reward_item.item_id


def generate_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that a batch would write, with other codes."""
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
        """Copy blocks of text that were built beforehand."""
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
    """Yield blocks of rows as text for COPY."""
    rows = generate_rows(count)
    while block := list(islice(rows, BLOCK_SIZE)):
        yield "".join("\t".join(map(str, row)) + "\n" for row in block)


class RawExecuteMany(SqliteMixin, BulkRunner):
    """sqlite3's executemany, all in one transaction."""

    name = "raw executemany"

    def insert_coupons(self, url: str, count: int) -> Sample:
        """Insert with the same journal mode as the gateways."""
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
        connection.close()  # then everything is in the file itself
        return Sample(count, time.monotonic() - began)
