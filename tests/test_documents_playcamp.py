"""The examples and the complete flow of the PlayCamp specification work as printed.

Data is created through the admin gateway and read through a running query gateway.
The published Node SDK is not available here; fetch sends the same requests.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.settings.loader import Settings
from tests.support.concurrency import started_core
from tests.support.servers import find_node
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "documents"
EXAMPLES = json.loads((HERE / "playcamp.json").read_text())
CODE, USER = "CREATOR-ABC12-001", "user_12345"
Call = Callable[[str, Any], dict[str, Any]]


@dataclass
class Game:
    """A game server with its own key, before a code is redeemed."""

    url: str
    key: str
    admin: Call

    def call(self, path: str, code: str) -> requests.Response:
        """Send a request of the SDK about a code."""
        headers = {"Authorization": f"Bearer {self.key}"}
        body = {"couponCode": code, "userId": USER}
        url = f"{self.url}/v1/server/coupons/{path}"
        return requests.post(url, json=body, headers=headers, timeout=60)


def caller(session: requests.Session, root: str) -> Call:
    """Return a function that posts to the admin gateway."""

    def call(path: str, body: Any) -> dict[str, Any]:
        answer = session.post(f"{root}/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    return call


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Yield the settings of a started core."""
    with started_core(build_settings(database_url, tmp_path)) as running:
        yield running


@pytest.fixture
def game(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Game]:
    """Create the specification's campaign, creator and package over HTTP."""
    _, _, api_key = tenants.create("acme", utc_now())
    database.release_connection()
    homes = [tmp_path_factory.mktemp(name) for name in ("admin", "query")]
    with (
        gateway_server("admin_gateway", settings, homes[0]) as admin,
        gateway_server("query_gateway", settings, homes[1]) as query,
        requests.Session() as session,
    ):
        session.headers["X-API-Key"] = api_key
        call = caller(session, f"{admin.url}/v1/tenants/acme")
        fill(call)
        key = call("client-keys", {"kind": "playcamp_server", "name": "game"})
        yield Game(query.url, key["credential"], call)


def fill(call: Call) -> None:
    """Create the specification's campaign, creator and package."""
    call("campaigns", EXAMPLES["campaign"])
    call("creators", EXAMPLES["creator"])
    package = call("campaigns/campaign_001/packages", EXAMPLES["package"])
    call("creators/ABC12/codes", {"package_id": package["package_id"], "count": 1})


def select_printed_members(printed: Any, answered: Any) -> Any:
    """Return only the members of an answer that the specification prints."""
    return {name: answered.get(name) for name in printed}


def test_requests_are_answered_as_printed(game: Game) -> None:
    answer = game.call("validate", CODE)
    printed = EXAMPLES["valid"]
    assert (
        answer.status_code,
        select_printed_members(printed, answer.json()["data"]),
    ) == (
        200,
        printed,
    )
    answer = game.call("validate", "INVALID-CODE")
    assert (answer.status_code, answer.json()) == (200, {"data": EXAMPLES["invalid"]})
    done = game.call("redeem", CODE)
    data, printed = done.json()["data"], EXAMPLES["redeemed"]
    own_members = {name: data[name] for name in ("usageId", "redeemedAt")}
    assert (done.status_code, select_printed_members(printed, data)) == (
        200,
        {**printed, **own_members},
    )
    assert type(data["usageId"]) is int
    assert len(data["redeemedAt"]) == len(printed["redeemedAt"])


# The program sees HTTP only.
@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_the_complete_flow_grants_once(game: Game) -> None:
    start = f"const BASE_URL = '{game.url}';\nconst KEY = '{game.key}';\n"
    text = start + (HERE / "s3_client.js").read_text()
    command = [str(find_node()[0]), "--input-type=module", "-"]
    options = {"capture_output": True, "text": True, "timeout": 60}
    done = subprocess.run(command, input=text, **options)
    assert (done.returncode, done.stderr) == (0, "")
    reward = [{"itemId": "gem", "itemQuantity": 100}]
    assert json.loads(done.stdout) == {
        "first": {"success": True, "reward": reward},
        "second": {
            "success": False,
            "error": "USER_CODE_LIMIT",
            "message": "User code usage limit exceeded",
        },
        "unknown": {
            "success": False,
            "error": "COUPON_NOT_FOUND",
            "message": "Coupon not found",
        },
        "refused": "400 USER_CODE_LIMIT: User code usage limit exceeded",
        "granted": [{"userId": USER, **reward[0]}],
    }
