"""The demo tenant: load, show, drop."""

from __future__ import annotations

import json
import shlex
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from admin_gateway.cli.demo import points_offer, welcome_message
from admin_gateway.cli.demo.phoenix_definitions import DEMO_DEFINITIONS
from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.persistence.tables import ALL_TABLES, AuditEntryTable
from coupon_core.security import authentication
from coupon_core.settings import loader
from tests.support.cli_runner import CouponctlRunner, Terminal
from tests.support.settings import build_settings

DEMO = "--tenant", "demo"
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def demo(cli: CouponctlRunner) -> CouponctlRunner:
    """Return a runner with the demo tenant loaded."""
    assert cli.run("demo", "load").exit_code == 0
    return cli


def list_coupons(runner: CouponctlRunner) -> list[dict[str, Any]]:
    return runner.json("coupon", "list", *DEMO, "--limit", "500")["coupons"]


def count_rows(database_url: str) -> int:
    bootstrap.start(build_settings(database_url))
    # The audit log is not counted: it is kept when its tenant is deleted.
    counts = [
        table.select().count() for table in ALL_TABLES if table is not AuditEntryTable
    ]
    database.close_database()
    return sum(counts)


def test_four_campaigns_are_loaded(demo: CouponctlRunner) -> None:
    rows = demo.json("definition", "list", *DEMO)["definitions"]
    names = {row["name"] for row in rows if row["config"]["code_format"] != "shared"}
    assert names == {
        *(campaign.name for campaign in DEMO_DEFINITIONS),
        points_offer.OFFER_NAME,
    }
    assert len(names) == 5
    assert {row["status"] for row in rows} == {"active"}
    rewards = demo.json("reward", "list", *DEMO)["reward_items"]
    types = {row["reward_type"] for row in rewards}
    assert len(types - {"package"}) == 5


def test_a_creator_campaign_is_loaded(demo: CouponctlRunner) -> None:
    assert demo.json("campaign", "list", *DEMO)["total"] == 1
    assert demo.json("package", "list", *DEMO)["total"] == 2
    stats = demo.json("campaign", "stats", *DEMO, "launch_2026")
    assert (stats["codes"], stats["redemptions"], stats["users"]) == (9, 4, 3)


def test_the_creators_code_shown_is_unused_and_another_once_it_is_used(
    demo: CouponctlRunner,
) -> None:
    codes = []
    for _ in range(3):
        document = demo.json("demo", "show")
        codes.append(document["playcamp_code"])
        assert document["playcamp_key"] in document["playcamp_curl"]
        redeem = (
            "redeem",
            *DEMO,
            document["playcamp_code"],
            "--user",
            document["user_id"],
        )
        assert demo.run(*redeem).exit_code == 0
    assert len(set(codes)) == 3


def test_about_forty_coupons_of_a_dozen_users_are_loaded(demo: CouponctlRunner) -> None:
    rows = list_coupons(demo)
    states = Counter(row["status"] for row in rows)
    assert 35 <= len(rows) <= 45
    assert len({row["user_id"] for row in rows} - {None}) == 12
    assert states["redeemed"] >= 8
    assert states["revoked"] == 1


def test_no_time_of_the_demo_lies_ahead(demo: CouponctlRunner) -> None:
    now = f"{utc_now():%Y-%m-%dT%H:%M:%SZ}"
    times = [row["redeemed_at"] for row in list_coupons(demo) if row["redeemed_at"]]
    assert times
    assert max(times) < now


def test_the_shared_code_can_be_claimed_by_anybody(demo: CouponctlRunner) -> None:
    arguments = "redeem", *DEMO, "newyear2027", "--user", "somebody-new"
    assert demo.json(*arguments)["code"] == "NEWYEAR2027"


def test_a_second_load_changes_nothing(demo: CouponctlRunner) -> None:
    before = list_coupons(demo), demo.json("key", "list", *DEMO)
    assert demo.json("demo", "load") == {"tenant_id": "demo", "added": []}
    expected = 'The demo data of tenant "demo" is complete already.\n'
    assert demo.run("demo", "load").stderr == expected
    assert (list_coupons(demo), demo.json("key", "list", *DEMO)) == before


def test_a_load_that_broke_off_is_completed(
    cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "admin_gateway.cli.demo.seed.DEMO_DEFINITIONS", DEMO_DEFINITIONS[:1]
    )
    cli.run("demo", "load")
    monkeypatch.undo()
    added = cli.json("demo", "load")["added"]
    assert added == [campaign.name for campaign in DEMO_DEFINITIONS[1:]]


def test_credentials_are_kept_for_this_user_only(demo: CouponctlRunner) -> None:
    path = Path(demo.env["COUPON_DATA_DIR"]) / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stored = json.loads(path.read_text())
    assert stored["api_key"] == demo.json("demo", "show")["api_key"]


@pytest.mark.parametrize("text", ["", "[]", '{"api_key": "pk_of_another"}'])
def test_credentials_that_are_lost_are_made_anew(
    demo: CouponctlRunner, database_url: str, text: str
) -> None:
    path = Path(demo.env["COUPON_DATA_DIR"]) / "demo.json"
    path.write_text(text)
    key = demo.json("demo", "show")["api_key"]
    bootstrap.start(build_settings(database_url))
    assert authentication.authenticate_admin(key, None, utc_now()).tenant_id == "demo"
    assert demo.json("demo", "show")["api_key"] == key


def test_a_revoked_key_is_not_shown(demo: CouponctlRunner) -> None:
    document = demo.json("demo", "show")
    demo.run("key", "revoke", *DEMO, document["api_key_id"])
    assert demo.json("demo", "show")["api_key"] != document["api_key"]


def test_a_rotated_secret_is_shown(demo: CouponctlRunner) -> None:
    new = demo.json("tenant", "rotate-secret", "demo")["tenant_secret"]
    assert demo.json("demo", "show")["tenant_secret"] == new


def test_the_code_shown_is_unused_and_another_once_it_is_used(
    demo: CouponctlRunner,
) -> None:
    first = demo.json("demo", "show")
    assert demo.json("demo", "show")["code"] == first["code"]
    redeem = "redeem", *DEMO, first["code"], "--user", first["user_id"]
    assert demo.run(*redeem).exit_code == 0
    second = demo.json("demo", "show")
    assert second["code"] != first["code"]
    validate = "validate", *DEMO, second["code"], "--user", second["user_id"]
    assert demo.json(*validate)["valid"]


def test_the_curl_lines_are_whole_commands(demo: CouponctlRunner) -> None:
    document = demo.json("demo", "show")
    port = demo.env["QUERY_PORT"]
    for name, line in document["curl"].items():
        arguments = shlex.split(line)
        assert arguments[0] == "curl"
        url = f"http://127.0.0.1:{port}/v1/coupons/demo/{name}/{document['code']}"
        assert arguments[-1] == url
        assert f"Authorization: Bearer {document['token']}" in arguments


def test_the_keys_of_the_sdk_stay_the_same(demo: CouponctlRunner) -> None:
    first, second = (demo.json("demo", "show")["mambo"] for _ in range(2))
    assert (first["key_id"], first["secret"]) == (second["key_id"], second["secret"])
    arguments = shlex.split(first["curl"])
    url = f"http://127.0.0.1:{demo.env['QUERY_PORT']}/api/v1/demo/activities/sync"
    assert (arguments[0], arguments[-1]) == ("curl", url)


def test_without_a_code_to_give_it_says_what_to_do(demo: CouponctlRunner) -> None:
    (welcome,) = demo.json("definition", "list", *DEMO, "--name", "welcome b")[
        "definitions"
    ]
    demo.run("definition", "archive", *DEMO, welcome["id"])
    assert demo.json("demo", "show")["curl"] is None
    assert "couponctl demo delete" in demo.run("demo", "show").stdout


def test_drop_leaves_nothing_and_a_load_begins_anew(
    demo: CouponctlRunner, database_url: str
) -> None:
    assert count_rows(database_url) > 100
    demo.json("demo", "delete", "--yes")
    assert count_rows(database_url) == 0
    assert not (Path(demo.env["COUPON_DATA_DIR"]) / "demo.json").exists()
    assert len(demo.json("demo", "load")["added"]) == 8


def test_drop_leaves_other_tenants_alone(demo: CouponctlRunner) -> None:
    demo.create_tenant("acme")
    stored = demo.generate_coupons(demo.create_definition(), "ann")
    demo.json("demo", "delete", "--yes")
    listed = demo.json("coupon", "list", "--tenant", "acme")
    assert [row["id"] for row in listed["coupons"]] == [stored[0]["id"]]


def test_drop_asks_first(demo: CouponctlRunner) -> None:
    result = demo.run("demo", "delete", stdin=Terminal(b"n\n"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Remove the tenant demo" in result.stderr
    assert result.stderr.endswith("Error: Aborted; nothing was changed.\n")
    assert "--yes" in demo.expect_usage_error("demo", "delete")
    assert list_coupons(demo)
    assert demo.run("demo", "delete", stdin=Terminal(b"y\n")).exit_code == 0


@pytest.mark.parametrize(
    ("host", "demo", "count", "message"),
    [
        (
            EVERY_INTERFACE,
            "",
            0,
            "There is no demo tenant, because the gateways listen on",
        ),
        (EVERY_INTERFACE, "0", 0, ""),
        ("127.0.0.1", "0", 0, ""),
        (EVERY_INTERFACE, "1", 1, "Warning: the gateways listen on 0.0.0.0, so other"),
    ],
)
def test_make_run_does_not_open_the_demo_to_other_machines_unasked(
    cli: CouponctlRunner, host: str, demo: str, count: int, message: str
) -> None:
    env = {**cli.env, "COUPON_BIND_HOST": host, "COUPON_DEMO": demo}
    result = CouponctlRunner(env).run("demo", "load", "--if-enabled")
    assert result.exit_code == 0
    assert message in result.stderr
    assert ("Warning" in result.stderr) == ("Warning" in message)
    assert cli.json("tenant", "list")["total"] == count


def test_the_welcome_shows_no_credentials_to_an_open_network(
    demo: CouponctlRunner, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**demo.env, "COUPON_BIND_HOST": EVERY_INTERFACE}.items():
        monkeypatch.setenv(name, value)
    text = welcome_message.render_welcome(loader.load())
    assert "API key" not in text
    assert "Warning: the gateways listen on 0.0.0.0" in text


def test_without_the_demo_tenant_there_is_nothing_to_show(cli: CouponctlRunner) -> None:
    expected = "There is no demo tenant. Create it with `couponctl demo load`."
    assert cli.expect_refusal("demo", "show", status=4) == expected
    assert cli.expect_refusal("demo", "delete", "--yes", status=4) == expected
