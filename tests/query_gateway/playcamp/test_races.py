"""Simultaneous redeems in PlayCamp's words at real processes: limits hold exactly."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.invariants import assert_invariants
from tests.query_gateway.last_byte import Answer, request, send_at_once
from tests.query_gateway.playcamp.studio import Studio
from tests.servers.gunicorn import Gateway, gateway_server

pytestmark = pytest.mark.slow
PATH = "/v1/server/coupons/redeem"


@pytest.fixture(scope="module")
def gateway(
    app: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Two processes of eight threads on the database that this process fills."""
    home: Path = tmp_path_factory.mktemp("gunicorn")
    database.release()
    two = dataclasses.replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, home) as running:
        yield running


def redeem_at_once(
    gateway: Gateway, studio: Studio, uses: Sequence[tuple[str, str]]
) -> list[Answer]:
    """A redeem for each code and user, all at one moment."""
    headers = {"Authorization": f"Bearer {studio.key()}"}
    bodies = [{"couponCode": code, "userId": user} for code, user in uses]
    database.release()
    made = [request("POST", PATH, headers, json.dumps(one).encode()) for one in bodies]
    return send_at_once(gateway, made)


def tally(answers: Sequence[Answer]) -> Counter[str]:
    """How many succeeded, and how many were refused with which code."""
    return Counter(
        "done" if one.status == 200 else f"{one.status} {one.json['errorCode']}"
        for one in answers
    )


def test_of_200_users_50_get_what_50_may_have(gateway: Gateway, studio: Studio) -> None:
    code = studio.open(total_limit=50)
    uses = [(code, f"user-{number}") for number in range(200)]
    answers = redeem_at_once(gateway, studio, uses)
    assert tally(answers) == {"done": 50, "400 TOTAL_USAGE_LIMIT": 150}
    used = {one.json["data"]["usageId"] for one in answers if one.status == 200}
    assert len(used) == 50
    assert_invariants()


def test_of_50_connections_of_a_user_one_gets_what_one_may_have(
    gateway: Gateway, studio: Studio
) -> None:
    code = studio.open(per_code_limit=1)
    answers = redeem_at_once(gateway, studio, [(code, "ann")] * 50)
    assert tally(answers) == {"done": 1, "400 USER_CODE_LIMIT": 49}
    assert_invariants()


def test_over_ten_creators_codes_a_user_gets_two(
    gateway: Gateway, studio: Studio
) -> None:
    studio.campaign()
    offer = studio.package(per_user_limit=2)
    codes = []
    for number in range(10):
        key = studio.creator(f"KEY{number:02}")
        codes += studio.give(offer, f"GO-{number}", creator_key=key)
    answers = redeem_at_once(gateway, studio, [(code, "ann") for code in codes])
    assert tally(answers) == {"done": 2, "400 USER_PACKAGE_LIMIT": 8}
    assert_invariants()
