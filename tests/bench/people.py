"""The database before the first request: a tenant, its players, and their coupons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import psycopg

from coupon_core.domain.models import Coupon, Definition, utc_now
from coupon_core.persistence import database, id_generation, schema
from coupon_core.persistence.repositories import coupons as store
from coupon_core.security import encryption
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from tests.servers import PostgresServer

TENANT = "bench"
CHUNK = 5_000
# Neighbours in the order of use are far apart in tables and indexes, as in life:
# a prime that divides no number of coupons that we make.
STEP = 7_919


@dataclass(frozen=True, slots=True)
class People:
    """Who calls, and what the servers need to know them."""

    database_url: str
    master_key: str
    secret: str
    tokens: Mapping[str, str]  # by user


@dataclass
class Coupons:
    """The coupons of the database by number, handed out to be used once."""

    count: int
    users: int
    next: int = 0

    def copy(self) -> Coupons:
        """The same coupons, unused, of the copied database."""
        return replace(self, next=0)

    def skip(self, share: int) -> int:
        """Hand out so many; gives the first one's number in the order of use."""
        first, self.next = self.next, self.next + share
        if self.next > self.count:
            raise RuntimeError("too few coupons were made")
        return first

    def share(self, wanted: int) -> Iterator[tuple[str, str]]:
        """The codes and users of the next so many coupons."""
        first = self.skip(wanted)
        return (self._coupon(number) for number in range(first, first + wanted))

    def _coupon(self, number: int) -> tuple[str, str]:
        place = number * STEP % self.count
        return code(place), user(place % self.users)

    def sql_numbers(self) -> dict[str, int]:
        """What by_hand.sql needs to count in the same order."""
        return {"step": STEP, "pool": self.count, "users": self.users}


def code(number: int) -> str:
    """The code of a coupon."""
    return f"BENCH{number:08d}"


def user(number: int) -> str:
    """The id of a player."""
    return f"player_{number}"


def fill(server: PostgresServer, home: Path, users: int, coupons: int) -> People:
    """Make the database `gateway` with everything in it, by the core's own means."""
    server.address.execute("CREATE DATABASE gateway")
    url, key, now = server.url("gateway"), encryption.new_master_key(), utc_now()
    encryption.unlock((key,))
    database.open_database(url)
    try:
        schema.upgrade()
        secret, *_ = tenants.create(TENANT, now)
        _add_coupons(_definition(now), users, coupons, now)
    finally:
        database.close_database()
    _settle(url)
    names = [user(number) for number in range(users)]
    tokens = {name: _token(name, secret.secret, now) for name in names}
    return People(url, key, secret.secret, tokens)


def _definition(now: datetime) -> Definition:
    reward = {
        "name": "100 Bonus Points",
        "description": "Grants 100 bonus points to the user",
        "reward_type": "points",
        "payload": {"amount": 100},
    }
    item = reward_items.create(TENANT, reward, now)
    fields = {
        "name": "Welcome Bonus",
        "description": "Welcome bonus for new users",
        "reward_item_id": item.item_id,
        "code_prefix": "BENCH",
        "starts_at": now - timedelta(days=1),
        "expires_at": now + timedelta(days=365),
    }
    return definitions.create(TENANT, fields, now)


def _add_coupons(of: Definition, users: int, count: int, now: datetime) -> None:
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        with database.transaction():
            store.insert_new([_coupon(of, n, users, now) for n in numbers], of)


def _coupon(of: Definition, number: int, users: int, now: datetime) -> Coupon:
    ids = TENANT, id_generation.new_id(), of.definition_id, user(number % users)
    return Coupon(*ids, code(number), now, None, None, 0, None)


def _settle(url: str) -> None:
    """Let nothing that PostgreSQL would put off fall into a round."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _token(name: str, secret: str, now: datetime) -> str:
    issued = int(now.timestamp())
    claims = {
        "sub": name,
        "sub_type": "tenant",
        "sub_id": TENANT,
        "iat": issued,
        "exp": issued + 86_400,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
