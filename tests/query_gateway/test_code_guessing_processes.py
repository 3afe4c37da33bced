"""Code guessing with several processes: one shared budget, or one for each process."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.query_gateway.caller import Caller
from tests.support import patient_gateway
from tests.support.servers import RedisServer
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import build_request, send_simultaneously

# The counters are not in the database, so one database is enough.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
CROWD, CROWDS = 60, 8


@pytest.fixture
def gateway(
    app: Flask, settings: Settings, redis: RedisServer, tmp_path: Path
) -> Iterator[Gateway]:
    """Yield a gateway of three processes that count in Redis."""
    redis.flush()
    database.release_connection()
    three = dataclasses.replace(
        settings,
        gateway_workers=3,
        redis_url=redis.url,
        guesses_per_user="40 per hour",
    )
    with gateway_server(patient_gateway.APP, three, tmp_path) as running:
        yield running


@pytest.mark.parametrize("redis_is", ["there", "away"])
def test_of_many_guesses_no_more_are_answered_than_the_budget_allows(
    create_caller: Callable[..., Caller],
    gateway: Gateway,
    redis: RedisServer,
    redis_is: str,
) -> None:
    """Without Redis, each of the three processes has the whole budget."""
    caller, honest = create_caller("ann"), create_caller("bob")
    if redis_is == "away":
        redis.stop()
    try:
        found: Counter[int] = Counter()
        for start in range(CROWDS):
            crowd = [
                build_redeem_request(caller, f"NO{start}-{n}") for n in range(CROWD)
            ]
            found.update(
                answer.status for answer in send_simultaneously(gateway, crowd)
            )
        budget = 40 if redis_is == "there" else 3 * 40
        assert found.keys() == {404, 429}
        assert 40 <= found[404] <= budget
        code = honest.tenant.create_code("bob")
        [answer] = send_simultaneously(gateway, [build_redeem_request(honest, code)])
        assert answer.status == 200
    finally:
        if redis_is == "away":
            redis.start()


def build_redeem_request(caller: Caller, code: str) -> bytes:
    path = caller.build_path(f"/redeem/{code}")
    body = json.dumps({"user_id": caller.user_id}).encode()
    return build_request("POST", path, caller.build_headers("POST", path, body), body)
