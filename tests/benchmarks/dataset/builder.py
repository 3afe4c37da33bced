"""A tenant with any number of coupons, and both gateways on its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import psycopg

from coupon_core import bootstrap
from coupon_core.domain.models import Definition, utc_now
from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.persistence import database, id_generation, schema
from coupon_core.persistence.repositories import batches, bulk_coupons
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import generation
from coupon_core.settings.loader import Settings
from tests.support.servers import PostgresServer
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

TENANT = "bench"
CHUNK_SIZE = 10_000
COUPONS_PER_USER = 10
# Coprime to every number of coupons that we create: neighbours in time are far apart
# in the index of codes, as random codes are.
INDEX_STEP = 7_919
SETTING_CHANGES = {"gateway_workers": 1, "log_level": "error"}


@dataclass(frozen=True, slots=True)
class Dataset:
    """One database size, and the gateways that serve it."""

    count: int
    settings: Settings
    secret: str
    api_key: str
    definition_id: str
    query_port: int = 0
    admin_port: int = 0
    admin_pid: int = 0

    def to_code(self, number: int) -> str:
        """Return the code of a coupon by its number in order of time."""
        return f"G{number * INDEX_STEP % self.count:09d}"

    def to_user_id(self, number: int) -> str:
        """Return the ID of the user who holds the coupon."""
        return f"player_{number % max(self.count // COUPONS_PER_USER, 1)}"

    def create_token(self, user_id: str) -> str:
        """Return a user's token."""
        issued = int(utc_now().timestamp())
        claims = {"sub": user_id, "sub_type": "tenant", "sub_id": TENANT}
        times = {"iat": issued, "exp": issued + 86_400}
        return jwt.encode(claims | times, self.secret, algorithm="HS256")


def build_dataset(url: str, home: Path, count: int) -> Dataset:
    """Create the tenant and its assigned coupons through the core."""
    settings = replace(build_settings(url, home), **SETTING_CHANGES)
    database.open_database(url)
    schema.upgrade()
    bootstrap.start(settings)
    now = utc_now()
    secret, _, api_key = tenants.create(TENANT, now)
    definition = _create_definition(now)
    dataset = Dataset(count, settings, secret.secret, api_key, definition.definition_id)
    if database.is_postgresql():
        # On a busy machine a chunk of ten million may take long.
        database.execute("SET statement_timeout = 0", {})
    insert_coupons(definition.definition_id, count, dataset.to_code, dataset.to_user_id)
    database.close_database()
    return dataset


def _create_definition(now: datetime) -> Definition:
    reward = {"name": "Points", "description": "", "reward_type": "points"}
    item = reward_items.create(TENANT, reward | {"payload": {"amount": 100}}, now)
    later = {"expires_at": now + timedelta(days=365)}
    about = {"name": "Growth", "reward_item_id": item.item_id, **later}
    return definitions.create(TENANT, about, now)


def insert_coupons(
    definition_id: str,
    count: int,
    to_code: Callable[[int], str],
    to_user_id: Callable[[int], str],
) -> None:
    """Create a completed batch with coupons numbered from 0."""
    now = utc_now()
    batch = _build_batch(definition_id, count, now)
    with database.transaction():
        batches.insert(batch, [])
    for first in range(0, count, CHUNK_SIZE):
        numbers = range(first, min(first + CHUNK_SIZE, count))
        codes = [to_code(number) for number in numbers]
        users = [to_user_id(number) for number in numbers]
        with database.transaction():
            generation.lock_for_generation(TENANT, definition_id)
            assert bulk_coupons.insert(batch, codes, users, now)


def _build_batch(definition_id: str, count: int, now: datetime) -> Batch:
    ids = TENANT, id_generation.generate_id(), definition_id
    counts = count, count, 1, 1
    times = now, now, now, now
    return Batch(*ids, "users", BatchState.COMPLETED, *counts, None, "", *times)


def build_on_postgres(server: PostgresServer, home: Path, count: int) -> Dataset:
    """Create the dataset in a database of its own and vacuum it."""
    name = f"stock_{count}"
    server.address.execute(f"CREATE DATABASE {name}")
    dataset = build_dataset(server.url(name), home, count)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return dataset


@contextmanager
def serving_gateways(dataset: Dataset, home: Path) -> Iterator[Dataset]:
    """Run both gateways on the dataset."""
    directories = [home / f"{name}-{dataset.count}" for name in ("query", "admin")]
    for directory in directories:
        directory.mkdir(exist_ok=True)
    with (
        gateway_server(
            "query_gateway", dataset.settings, directories[0], is_forked=False
        ) as query,
        gateway_server(
            "admin_gateway", dataset.settings, directories[1], is_forked=False
        ) as admin,
    ):
        ports = {"query_port": query.port, "admin_port": admin.port}
        yield replace(dataset, **ports, admin_pid=admin.pid)
