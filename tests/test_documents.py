"""What the documents S0, S1 and S2 print comes true: examples, settings, programs.

Everything is made through the admin gateway and asked for at the query gateway. The
programs run as they are printed, but for URL, credentials and, in S0's Python, the
indentation that its page had lost.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient

import admin_gateway
import query_gateway
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.support.servers import find_node
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

HERE = Path(__file__).parent / "documents"
RESPONSES = json.loads((HERE / "responses.json").read_text())
CONFIGS = json.loads((HERE / "configs.json").read_text())
TENANT_ID, USER_ID = "your-tenant-id", "user_123"
GENERATED = datetime(2025, 1, 15, 10, tzinfo=UTC)
REDEEMED = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
TOO_LATE = datetime(2026, 1, 1, tzinfo=UTC)

# ------------------------------------------------------------------- examples


def is_uuid(value: Any) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(value)))


def is_code(value: Any) -> bool:
    return bool(re.fullmatch(r"WELCOME[0-9A-Z]{8}", str(value)))


KINDS = [is_uuid, is_code]


def placeholders(golden: Any, actual: Any) -> Iterator[tuple[str, str]]:
    """Which value stands where the example has one that is different every time."""
    if isinstance(golden, dict) and isinstance(actual, dict):
        for name in golden.keys() & actual.keys():
            yield from placeholders(golden[name], actual[name])
    elif isinstance(golden, list) and isinstance(actual, list):
        for one, other in zip(golden, actual, strict=False):
            yield from placeholders(one, other)
    elif any(is_kind(golden) and is_kind(actual) for is_kind in KINDS):
        yield golden, actual


def with_placeholders(golden: Any, actual: Any) -> Any:
    """The example with this answer's ids and codes, the same ones in all places."""
    text = json.dumps(golden)
    for old, new in dict(placeholders(golden, actual)).items():
        text = text.replace(old, new)
    return json.loads(text)


def assert_is_example(name: str, actual: Any) -> None:
    assert actual == with_placeholders(RESPONSES[name], actual)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return build_settings(database_url)


@dataclass
class Admin:
    """An admin who asks in the words of a `call(method, path, body)`."""

    call: Callable[[str, str, Any], dict[str, Any]]

    def reward(self) -> str:
        body = {**RESPONSES["coupon"]["reward_item"]}
        del body["item_id"]
        return self.call("POST", "rewards", body)["item_id"]

    def define(self, name: str, **config: Any) -> dict[str, Any]:
        whole = {"reward_item_id": self.reward(), **config}
        text = RESPONSES["definitions"]["definitions"][0]["description"]
        body = {"name": name, "description": text, "config": whole}
        return self.call("POST", "coupons", body)

    def generate(self, definition_id: str, **more: Any) -> dict[str, Any]:
        body = {"user_ids": [USER_ID], **more}
        return self.call("POST", f"coupons/{definition_id}/generate", body)


@dataclass
class Player:
    """The user of the examples, with a token made now, in one path style."""

    client: FlaskClient
    tenant: TenantFactory
    start: str

    def get(self, path: str) -> Any:
        headers = self.tenant.build_bearer_headers(USER_ID)
        return self.client.get(self.start + path, headers=headers).json

    def redeem(self, code: str) -> Any:
        headers = self.tenant.build_bearer_headers(USER_ID)
        path, body = f"{self.start}/redeem/{code}", {"user_id": USER_ID}
        return self.client.post(path, json=body, headers=headers).json


@pytest.fixture
def gateways(settings: Settings) -> Iterator[tuple[Flask, Flask]]:
    yield admin_gateway.create_app(settings), query_gateway.create_app(settings)
    database.close_database()


@pytest.fixture
def keys(gateways: tuple[Flask, Flask]) -> tuple[TenantFactory, str]:
    """The tenant of the examples, made as an operator makes one, and its API key."""
    secret, _, key = tenants.create(TENANT_ID, utc_now())
    database.release_connection()
    return TenantFactory(TENANT_ID, secret.secret), key


@pytest.fixture
def admin(gateways: tuple[Flask, Flask], keys: tuple[TenantFactory, str]) -> Admin:
    client, headers = gateways[0].test_client(), {"X-API-Key": keys[1]}

    def call(method: str, path: str, body: Any) -> dict[str, Any]:
        whole = f"/v1/tenants/{TENANT_ID}/{path}"
        answer = client.open(whole, method=method, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    return Admin(call)


@pytest.fixture(params=["", f"/{TENANT_ID}"], ids=["S0", "S1"])
def player(
    request: pytest.FixtureRequest,
    gateways: tuple[Flask, Flask],
    keys: tuple[TenantFactory, str],
) -> Player:
    client = gateways[1].test_client()
    return Player(client, keys[0], f"/v1/coupons{request.param}")


@pytest.fixture
def welcome(admin: Admin) -> Iterator[str]:
    """The id of the examples' definition; its coupons have the examples' dates."""
    shown = RESPONSES["definitions"]["definitions"][0]
    config = {k: v for k, v in shown["config"].items() if k != "reward_item_id"}
    with time_machine.travel(GENERATED, tick=False):
        made = admin.define(shown["name"], **config)
        yield made["id"]


@pytest.fixture
def coupon(admin: Admin, welcome: str) -> dict[str, Any]:
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
    assert_is_example("valid", player.get(f"/validate/{coupon['code']}"))


def test_an_invalid_code_is_as_printed(player: Player, coupon: dict[str, Any]) -> None:
    with time_machine.travel(TOO_LATE, tick=False):
        assert_is_example("invalid", player.get(f"/validate/{coupon['code']}"))


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
    made = admin.define(f"Setting {name}", **CONFIGS[name])
    shown = admin.call("GET", f"coupons/{made['id']}", None)
    assert {key: shown["config"][key] for key in CONFIGS[name]} == CONFIGS[name]


def test_printed_random_codes_look_as_printed(admin: Admin) -> None:
    made = admin.define("Printed random codes", **CONFIGS["random"])
    code = admin.generate(made["id"])["coupons"][0]["code"]
    assert re.fullmatch("REWARD[0-9A-Z]{8}", code)


# ------------------------------------------------------------------- programs

JAVASCRIPT_START = """
const QUERY_API_URL = '{url}';
const getAuthToken = async () => '{token}';
"""


@dataclass
class Programs:
    """Two real gateways with data in them, and the programs to run against them."""

    query_url: str
    admin: Admin
    tenant: TenantFactory
    directory: Path

    def new_coupon(self, **config: Any) -> str:
        """A coupon for the programs' user; gives the code."""
        made = self.admin.define("For a program", **config)
        return self.admin.generate(made["id"])["coupons"][0]["code"]

    def python(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program of the documents."""
        text = (HERE / name).read_text()
        own = {
            "https://query.api.yourgame.gg": self.query_url,
            "your-jwt-token": self.tenant.mint_token(USER_ID),
            "your-tenant-secret": self.tenant.secret,
        }
        for printed, ours in own.items():
            text = text.replace(printed, ours)
        return run([sys.executable, "-"], text, self.directory)

    def javascript(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a JavaScript program of the documents, a module in the browser."""
        start = JAVASCRIPT_START.format(
            url=self.query_url, token=self.tenant.mint_token(USER_ID)
        )
        text = start + (HERE / name).read_text()
        command = [str(find_node()[0]), "--input-type=module", "-"]
        return run(command, text, self.directory)


def run(
    command: list[str], text: str, directory: Path
) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, input=text, cwd=directory, **options)


@pytest.fixture
def programs(
    settings: Settings,
    keys: tuple[TenantFactory, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Programs]:
    homes = [tmp_path_factory.mktemp(name) for name in ("admin", "query", "programs")]
    with (
        gateway_server("admin_gateway", settings, homes[0]) as admin,
        gateway_server("query_gateway", settings, homes[1]) as query,
        requests.Session() as session,
    ):
        session.headers["X-API-Key"] = keys[1]

        def call(method: str, path: str, body: Any) -> dict[str, Any]:
            url = f"{admin.url}/v1/tenants/{TENANT_ID}/{path}"
            answer = session.request(method, url, json=body, timeout=30)
            answer.raise_for_status()
            return answer.json()

        yield Programs(query.url, Admin(call), keys[0], homes[2])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s0_client.py", "s1_client.py"])
def test_the_printed_python_program_redeems(programs: Programs, name: str) -> None:
    code = programs.new_coupon()
    done = programs.python(name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "User has 1 coupons\nRedeemed: 100 Bonus Points\n"
    again = requests.post(
        f"{programs.query_url}/v1/coupons/redeem/{code}",
        json={"user_id": USER_ID},
        headers=programs.tenant.build_bearer_headers(USER_ID),
        timeout=30,
    )
    assert again.json()["message"] == "Coupon has already been redeemed"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s0_client.js", "s1_client.js"])
def test_the_printed_javascript_program_redeems_once(
    programs: Programs, name: str
) -> None:
    custom = {"code_format": "custom", "custom_code": "WELCOME8X4F2K9P"}
    assert programs.new_coupon(**custom) == "WELCOME8X4F2K9P"
    done = programs.javascript(name)
    assert (done.returncode, done.stderr) == (0, "")
    good = "Coupon is valid: 100 Bonus Points\nRedeemed! Reward:"
    assert done.stdout.startswith(good)
    again = programs.javascript(name)
    assert again.stdout == ""
    assert again.stderr == "Coupon error: Coupon has already been used\n"


def made_token(directory: Path, secret: str, user_id: Any) -> str:
    """A token made by the JavaScript program for proxy servers."""
    package = directory / "node_modules" / "jsonwebtoken"
    package.mkdir(parents=True)
    (package / "index.js").write_text((HERE / "jsonwebtoken.js").read_text())
    arguments = json.dumps([TENANT_ID, secret, user_id])
    text = (HERE / "tenant_token.js").read_text()
    text += f"\nconsole.log(createTenantJWT(...{arguments}));\n"
    command = [str(find_node()[0]), "--input-type=commonjs", "-"]
    done = run(command, text, directory)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("user_id", ["user_123", "7", 7, 9007199254740991])
def test_a_token_of_the_printed_program_is_accepted(
    player: Player, tmp_path: Path, user_id: Any
) -> None:
    token = made_token(tmp_path, player.tenant.secret, user_id)
    path = f"{player.start}/user/{user_id}"
    headers = {"Authorization": f"Bearer {token}"}
    assert player.client.get(path, headers=headers).status_code == 200
