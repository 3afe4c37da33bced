"""The examples, settings and programs of the Phoenix specification work as printed.

Data is created through the admin gateway and read through the query gateway. The
programs run unchanged except for URL, credentials, and the indentation that the
first Python program lost on its page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

import query_gateway
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import started_admin_gateway
from tests.support.printed_examples import (
    CONFIGS,
    RESPONSES,
    TENANT_ID,
    USER_ID,
    Admin,
    Player,
    assert_is_example,
)
from tests.support.printed_programs import PrintedPrograms, create_printed_token
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

GENERATED = datetime(2025, 1, 15, 10, tzinfo=UTC)
REDEEMED = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
TOO_LATE = datetime(2026, 1, 1, tzinfo=UTC)

# Programs see HTTP only, and each starts a gateway or a process.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Return the settings of both gateways."""
    return build_settings(database_url)


@pytest.fixture
def gateways(settings: Settings) -> Iterator[tuple[Flask, Flask]]:
    """Yield both gateways."""
    query_app = create_query_app()
    with started_admin_gateway(settings.database_url) as admin_app:
        yield admin_app, query_app


@cache  # created once, as the admin gateway is: the app keeps no state
def create_query_app() -> Flask:
    """Return the query gateway, on the database that is opened next."""
    return query_gateway.create_app(build_settings("sqlite:///:memory:"))


@pytest.fixture
def keys(gateways: tuple[Flask, Flask]) -> tuple[TenantFactory, str]:
    """Create the examples' tenant as an operator does; return it and its API key."""
    secret, _, key = tenants.create(TENANT_ID, utc_now())
    database.release_connection()
    return TenantFactory(TENANT_ID, secret.secret), key


@pytest.fixture
def admin(gateways: tuple[Flask, Flask], keys: tuple[TenantFactory, str]) -> Admin:
    """Return a client of the admin gateway."""
    client, headers = gateways[0].test_client(), {"X-API-Key": keys[1]}

    def call(method: str, path: str, body: Any) -> dict[str, Any]:
        full_path = f"/v1/tenants/{TENANT_ID}/{path}"
        answer = client.open(full_path, method=method, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    return Admin(call)


@pytest.fixture(params=["", f"/{TENANT_ID}"], ids=["S0", "S1"])
def player(
    request: pytest.FixtureRequest,
    gateways: tuple[Flask, Flask],
    keys: tuple[TenantFactory, str],
) -> Player:
    """Return a client of the query gateway for each path style."""
    client = gateways[1].test_client()
    return Player(client, keys[0], f"/v1/coupons{request.param}")


@pytest.fixture
def welcome(admin: Admin) -> Iterator[str]:
    """Yield the ID of the examples' definition, created at the examples' time."""
    shown = RESPONSES["definitions"]["definitions"][0]
    config = {k: v for k, v in shown["config"].items() if k != "reward_item_id"}
    with time_machine.travel(GENERATED, tick=False):
        definition = admin.define(shown["name"], **config)
        yield definition["id"]


@pytest.fixture
def coupon(admin: Admin, welcome: str) -> dict[str, Any]:
    """Issue the examples' coupon."""
    expiry = RESPONSES["coupon"]["expires_at"]
    return admin.generate(welcome, expires_at=expiry)["coupons"][0]


def test_definitions_are_as_printed(player: Player, welcome: str) -> None:
    assert_is_example("definitions", player.get("/definitions"))


def test_a_new_coupon_is_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    shown = player.get(f"/user/{USER_ID}/{coupon['id']}")
    assert_is_example("coupon", shown)
    assert_is_example("coupon", coupon)


def test_a_users_coupons_are_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    assert_is_example("coupons", player.get(f"/user/{USER_ID}"))


def test_a_valid_code_is_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    answer = player.get(f"/validate/{coupon['code']}")
    assert answer.pop("error_code") is None  # our own member
    assert_is_example("valid", answer)


def test_an_invalid_code_is_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    with time_machine.travel(TOO_LATE, tick=False):
        answer = player.get(f"/validate/{coupon['code']}")
    assert answer.pop("error_code") == "COUPON_EXPIRED"  # our own member
    assert_is_example("invalid", answer)


def test_a_redeemed_coupon_is_as_printed(
    player: Player, coupon: dict[str, Any]
) -> None:
    with time_machine.travel(REDEEMED, tick=False):
        assert_is_example("redeemed", player.redeem(coupon["code"]))


def test_history_is_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    with time_machine.travel(REDEEMED, tick=False):
        player.redeem(coupon["code"])
        history = player.get(f"/user/{USER_ID}/redemptions?limit=100")
    assert_is_example("redemptions", history)


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_the_printed_spellings_are_one_code(
    player: Player, coupon: dict[str, Any], change: Callable[[str], str]
) -> None:
    assert player.get(f"/validate/{change(coupon['code'])}")["valid"]


# ------------------------------------------------------------ settings (S2)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_printed_setting_is_taken_and_shown_as_printed(
    admin: Admin, name: str
) -> None:
    definition = admin.define(f"Setting {name}", **CONFIGS[name])
    shown = admin.call("GET", f"coupons/{definition['id']}", None)
    assert {key: shown["config"][key] for key in CONFIGS[name]} == CONFIGS[name]


def test_printed_random_codes_look_as_printed(admin: Admin) -> None:
    definition = admin.define("Printed random codes", **CONFIGS["random"])
    code = admin.generate(definition["id"])["coupons"][0]["code"]
    assert re.fullmatch("REWARD[0-9A-Z]{8}", code)


# ------------------------------------------------------------------- programs


@pytest.fixture
def programs(
    settings: Settings,
    keys: tuple[TenantFactory, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PrintedPrograms]:
    """Yield the programs and running gateways."""
    homes = [tmp_path_factory.mktemp(name) for name in ("admin", "query", "programs")]
    with (
        gateway_server("admin_gateway", settings, homes[0]) as admin,
        gateway_server("query_gateway", settings, homes[1]) as query,
        requests.Session() as session,
    ):
        session.headers["X-API-Key"] = keys[1]

        def call(method: str, path: str, body: Any) -> dict[str, Any]:
            url = f"{admin.url}/v1/tenants/{TENANT_ID}/{path}"
            answer = session.request(method, url, json=body, timeout=60)
            answer.raise_for_status()
            return answer.json()

        yield PrintedPrograms(query.url, Admin(call), keys[0], homes[2])


@on_sqlite
@pytest.mark.slow
@pytest.mark.parametrize("name", ["s0_client.py", "s1_client.py"])
def test_the_printed_python_program_redeems(
    programs: PrintedPrograms, name: str
) -> None:
    code = programs.create_coupon()
    done = programs.run_python(name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "User has 1 coupons\nRedeemed: 100 Bonus Points\n"
    again = requests.post(
        f"{programs.query_url}/v1/coupons/redeem/{code}",
        json={"user_id": USER_ID},
        headers=programs.tenant.build_bearer_headers(USER_ID),
        timeout=60,
    )
    assert again.json()["message"] == "Coupon has already been redeemed"


@on_sqlite
@pytest.mark.slow
@pytest.mark.parametrize("name", ["s0_client.js", "s1_client.js"])
def test_the_printed_javascript_program_redeems_once(
    programs: PrintedPrograms, name: str
) -> None:
    custom = {"code_format": "custom", "custom_code": "WELCOME8X4F2K9P"}
    assert programs.create_coupon(**custom) == "WELCOME8X4F2K9P"
    done = programs.run_javascript(name)
    assert (done.returncode, done.stderr) == (0, "")
    good = "Coupon is valid: 100 Bonus Points\nRedeemed! Reward:"
    assert done.stdout.startswith(good)
    again = programs.run_javascript(name)
    assert again.stdout == ""
    assert again.stderr == "Coupon error: Coupon has already been used\n"


@on_sqlite
@pytest.mark.parametrize("user_id", ["user_123", "7", 7, 9007199254740991])
def test_a_token_of_the_printed_program_is_accepted(
    player: Player, tmp_path: Path, user_id: Any
) -> None:
    token = create_printed_token(tmp_path, player.tenant.secret, user_id)
    path = f"{player.base_path}/user/{user_id}"
    headers = {"Authorization": f"Bearer {token}"}
    assert player.client.get(path, headers=headers).status_code == 200
