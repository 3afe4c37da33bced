"""Simultaneous PlayCamp redeems in real processes: limits hold exactly."""

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
from tests.factories.campaigns import CampaignFactory
from tests.support.invariants import assert_invariants
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import (
    TimedResponse,
    build_request,
    send_simultaneously,
)

pytestmark = pytest.mark.slow
PATH = "/v1/server/coupons/redeem"


@pytest.fixture(scope="module")
def gateway(
    app: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Yield a gateway of two processes with eight threads each on the same database."""
    home: Path = tmp_path_factory.mktemp("gunicorn")
    database.release_connection()
    two = dataclasses.replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, home) as running:
        yield running


def redeem_at_once(
    gateway: Gateway, studio: CampaignFactory, uses: Sequence[tuple[str, str]]
) -> list[TimedResponse]:
    """Send a redeem for each code and user simultaneously."""
    headers = {"Authorization": f"Bearer {studio.create_client_key()}"}
    bodies = [{"couponCode": code, "userId": user} for code, user in uses]
    database.release_connection()
    requests = [
        build_request("POST", PATH, headers, json.dumps(body).encode())
        for body in bodies
    ]
    return send_simultaneously(gateway, requests)


def count_outcomes(answers: Sequence[TimedResponse]) -> Counter[str]:
    """Return the number of successes, and of refusals for each code."""
    return Counter(
        "done"
        if answer.status == 200
        else f"{answer.status} {answer.json['errorCode']}"
        for answer in answers
    )


def test_of_200_users_50_get_what_50_may_have(
    gateway: Gateway, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code(total_limit=50)
    uses = [(code, f"user-{number}") for number in range(200)]
    answers = redeem_at_once(gateway, campaign_factory, uses)
    assert count_outcomes(answers) == {"done": 50, "400 TOTAL_USAGE_LIMIT": 150}
    used = {
        answer.json["data"]["usageId"] for answer in answers if answer.status == 200
    }
    assert len(used) == 50
    assert_invariants()


def test_of_50_connections_of_a_user_one_gets_what_one_may_have(
    gateway: Gateway, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code(per_code_limit=1)
    answers = redeem_at_once(gateway, campaign_factory, [(code, "ann")] * 50)
    assert count_outcomes(answers) == {"done": 1, "400 USER_CODE_LIMIT": 49}
    assert_invariants()


def test_over_ten_creators_codes_a_user_gets_two(
    gateway: Gateway, campaign_factory: CampaignFactory
) -> None:
    campaign_factory.create_campaign()
    offer = campaign_factory.create_package(per_user_limit=2)
    codes = []
    for number in range(10):
        key = campaign_factory.create_creator(f"KEY{number:02}")
        codes += campaign_factory.assign_codes(offer, f"GO-{number}", creator_key=key)
    answers = redeem_at_once(
        gateway, campaign_factory, [(code, "ann") for code in codes]
    )
    assert count_outcomes(answers) == {"done": 2, "400 USER_PACKAGE_LIMIT": 8}
    assert_invariants()
