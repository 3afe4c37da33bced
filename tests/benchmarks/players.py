"""The database before the first request: a tenant, its players, and their coupons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import psycopg

from coupon_core.domain.models import CodeFormat, Coupon, Definition, utc_now
from coupon_core.persistence import database, id_generation, schema
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.security import encryption
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from tests.support.servers import PostgresServer

TENANT = "bench"
CHUNK_SIZE = 5_000
HOT_CODE = "BLACKFRIDAY"
# Neighbours in order of use are far apart in tables and indexes, as in production:
# a prime that divides no number of coupons that we create.
INDEX_STEP = 7_919


@dataclass(frozen=True, slots=True)
class Players:
    """The callers, and what servers need to recognize them."""

    database_url: str
    master_key: str
    secret: str
    tokens: Mapping[str, str]  # by user
    tenant_token: str  # for every user


@dataclass
class CouponPool:
    """The coupons of the database by number; each is handed out once."""

    count: int
    users: int
    next_index: int = 0
    next_hot_index: int = 0

    def copy_unused(self) -> CouponPool:
        """Return the pool of the copied database, with all coupons unused."""
        return replace(self, next_index=0, next_hot_index=0)

    def reserve(self, count: int) -> int:
        """Reserve a number of coupons; return the first number in order of use."""
        first, self.next_index = self.next_index, self.next_index + count
        if self.next_index > self.count:
            raise RuntimeError("too few coupons were made")
        return first

    def allocate_users(self, count: int) -> Iterator[str]:
        """Return users who have not redeemed the hot code, which each of them has."""
        first = self.next_hot_index
        self.next_hot_index = first + count
        return (
            to_user_id(number * INDEX_STEP % self.count)
            for number in range(first, first + count)
        )

    def allocate(self, count: int) -> Iterator[tuple[str, str]]:
        """Return the codes and users of the next coupons."""
        first = self.reserve(count)
        return (
            self._to_code_and_user(number) for number in range(first, first + count)
        )

    def _to_code_and_user(self, number: int) -> tuple[str, str]:
        index = number * INDEX_STEP % self.count
        return to_code(index), to_user_id(index % self.users)

    def to_sql_variables(self) -> dict[str, int]:
        """Return the variables with which by_hand.sql counts in the same order."""
        return {"step": INDEX_STEP, "pool": self.count, "users": self.users}


def to_code(number: int) -> str:
    """Return the code of a coupon."""
    return f"BENCH{number:08d}"


def to_user_id(number: int) -> str:
    """Return the ID of a player."""
    return f"player_{number}"


def create_database(
    server: PostgresServer, home: Path, users: int, coupons: int
) -> Players:
    """Create and fill the database `gateway` through the core."""
    server.address.execute("CREATE DATABASE gateway")
    url, key, now = (
        server.socket_url("gateway"),
        encryption.generate_master_key(),
        utc_now(),
    )
    encryption.load_keys((key,))
    database.open_database(url)
    try:
        schema.upgrade()
        secret, *_ = tenants.create(TENANT, now)
        definition = _create_definition(now)
        _add_coupons(definition, users, coupons, now)
        _add_hot_code(definition.reward_item_id, coupons, now)
    finally:
        database.close_database()
    _vacuum(url)
    names = [to_user_id(number) for number in range(users)]
    tokens = {name: _create_token(secret.secret, now, sub=name) for name in names}
    any_user = _create_token(secret.secret, now)
    return Players(url, key, secret.secret, tokens, any_user)


def _create_definition(now: datetime) -> Definition:
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


def _add_coupons(definition: Definition, users: int, count: int, now: datetime) -> None:
    for first in range(0, count, CHUNK_SIZE):
        numbers = range(first, min(first + CHUNK_SIZE, count))
        with database.transaction():
            coupon_repository.insert_new(
                [_build_coupon(definition, n, users, now) for n in numbers], definition
            )


def _add_hot_code(reward_item_id: str, count: int, now: datetime) -> None:
    """Give many users a code that all share, with a total limit."""
    fields = {
        "name": "Black Friday",
        "reward_item_id": reward_item_id,
        "code_format": CodeFormat.CUSTOM,
        "custom_code": HOT_CODE,
        "total_limit": 1_000_000_000,
    }
    definition = definitions.create(TENANT, fields, now)
    _add_coupons(definition, count, count, now)


def _build_coupon(
    definition: Definition, number: int, users: int, now: datetime
) -> Coupon:
    ids = (
        TENANT,
        id_generation.generate_id(),
        definition.definition_id,
        to_user_id(number % users),
    )
    code = definition.custom_code or to_code(number)
    return Coupon(*ids, code, now, None, None, 0, None)


def _vacuum(url: str) -> None:
    """Vacuum and analyze now, so that PostgreSQL does not do it during a round."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _create_token(secret: str, now: datetime, **members: str) -> str:
    issued = int(now.timestamp())
    claims = {
        **members,
        "sub_type": "tenant",
        "sub_id": TENANT,
        "iat": issued,
        "exp": issued + 86_400,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
