"""A tenant with any number of coupons, and both gateways at work on its database."""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.servers import PostgresServer
from tests.servers.gunicorn import gateway_server
from tests.settings import settings_for

TENANT = "bench"
CHUNK = 10_000
COUPONS_OF_A_USER = 10
# Divides no number of coupons that we make: neighbours in time are far apart in the
# index of codes, as random codes are.
STEP = 7_919
SETTINGS = {"gateway_workers": 1, "log_level": "error"}


@dataclass(frozen=True, slots=True)
class House:
    """One size of stock, and where it is served."""

    count: int
    settings: Settings
    secret: str
    api_key: str
    definition_id: str
    query_port: int = 0
    admin_port: int = 0
    admin_pid: int = 0

    def code(self, number: int) -> str:
        """The code of a coupon by its number in the order of time."""
        return f"G{number * STEP % self.count:09d}"

    def user(self, number: int) -> str:
        """Who holds it."""
        return f"player_{number % max(self.count // COUPONS_OF_A_USER, 1)}"

    def token(self, user_id: str) -> str:
        """What a player calls with."""
        issued = int(utc_now().timestamp())
        claims = {"sub": user_id, "sub_type": "tenant", "sub_id": TENANT}
        times = {"iat": issued, "exp": issued + 86_400}
        return jwt.encode(claims | times, self.secret, algorithm="HS256")


def build(url: str, home: Path, count: int) -> House:
    """Make the tenant and its coupons, held by players, by the core's own means."""
    settings = replace(settings_for(url, home), **SETTINGS)
    database.open_database(url)
    schema.upgrade()
    bootstrap.start(settings)
    now = utc_now()
    secret, _, api_key = tenants.create(TENANT, now)
    made = _definition(now)
    house = House(count, settings, secret.secret, api_key, made.definition_id)
    _fill(house, now)
    database.close_database()
    return house


def _definition(now: datetime) -> Definition:
    reward = {"name": "Points", "description": "", "reward_type": "points"}
    item = reward_items.create(TENANT, reward | {"payload": {"amount": 100}}, now)
    later = {"expires_at": now + timedelta(days=365)}
    about = {"name": "Growth", "reward_item_id": item.item_id, **later}
    return definitions.create(TENANT, about, now)


def _fill(house: House, now: datetime) -> None:
    batch = _batch(house, now)
    if database.is_postgresql():
        # On a busy machine a chunk of ten million may take its time.
        database.execute("SET statement_timeout = 0", {})
    with database.transaction():
        batches.insert(batch, [])
    for first in range(0, house.count, CHUNK):
        numbers = range(first, min(first + CHUNK, house.count))
        codes = [house.code(number) for number in numbers]
        users = [house.user(number) for number in numbers]
        with database.transaction():
            generation.hold(TENANT, house.definition_id)
            assert bulk_coupons.insert(batch, codes, users, now)


def _batch(house: House, now: datetime) -> Batch:
    ids = TENANT, id_generation.new_id(), house.definition_id
    counts = house.count, house.count, 1, 1
    times = now, now, now, now
    return Batch(*ids, "users", BatchState.COMPLETED, *counts, None, "", *times)


def build_on(server: PostgresServer, home: Path, count: int) -> House:
    """The same in a database of its own, with nothing left for PostgreSQL to do."""
    name = f"stock_{count}"
    server.address.execute(f"CREATE DATABASE {name}")
    house = build(server.url(name), home, count)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return house


@contextmanager
def opened(house: House, home: Path) -> Iterator[House]:
    """Both gateways at work on it."""
    places = [home / f"{name}-{house.count}" for name in ("query", "admin")]
    for place in places:
        place.mkdir(exist_ok=True)
    with (
        gateway_server("query_gateway", house.settings, places[0]) as query,
        gateway_server("admin_gateway", house.settings, places[1]) as admin,
    ):
        ports = {"query_port": query.port, "admin_port": admin.port}
        yield replace(house, **ports, admin_pid=admin.pid)
