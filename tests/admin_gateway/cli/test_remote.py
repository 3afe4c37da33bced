"""couponctl against a gateway on another port, and stored profiles."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from admin_gateway.cli.commands.login import SHOWN_MEMBERS
from coupon_core.domain.models import Scope, utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.settings.loader import Settings
from coupons_sdk import ApiKey, CouponsAdmin
from coupons_sdk.models.inventory import GeneratedCoupons
from tests.admin_gateway.cli.test_couponctl import list_loaded
from tests.support.cli_runner import CouponctlRunner, listening_couponctl
from tests.support.concurrency import started_core
from tests.support.databases import Databases
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

REWARD = "reward", "create", "--name", "Gems", "--type", "gem"


@dataclass(frozen=True)
class Server:
    """A gateway: its address, two API keys of the tenant acme, and the tenant shop."""

    url: str
    settings: Settings
    full_key: str
    read_key: str
    shop_key: str
    shop_secret: str


@pytest.fixture(scope="module")
def server(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Yield a running admin gateway."""
    with ExitStack() as stack:
        url = stack.enter_context(migrated_template.temporary_database())
        settings = build_settings(url, tmp_path_factory.mktemp("core"))
        stack.enter_context(started_core(settings))
        home = tmp_path_factory.mktemp("gateway")
        gateway = stack.enter_context(gateway_server("admin_gateway", settings, home))
        _, _, full_key = tenants.create("acme", utc_now())
        secret, _, shop_key = tenants.create("shop", utc_now())
        _, read_key = tenants.create_key(
            None,
            "acme",
            name="reader",
            scopes=frozenset({Scope.READ}),
            expires_at=None,
            now=utc_now(),
        )
        database.release_connection()
        yield Server(gateway.url, settings, full_key, read_key, shop_key, secret.secret)


@pytest.fixture
def remote(server: Server, tmp_path: Path) -> Iterator[CouponctlRunner]:
    """Yield a runner that has a server and a key, and no database."""
    env = {
        "COUPON_SERVER": server.url,
        "COUPON_API_KEY": server.full_key,
        "COUPON_TENANT": "acme",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COUPON_DATABASE_URL": f"sqlite:///{tmp_path / 'absent.db'}",
    }
    yield CouponctlRunner(env)
    assert not (tmp_path / "absent.db").exists()


def without_key(remote: CouponctlRunner, **changes: str) -> CouponctlRunner:
    """Return a runner without server, key and tenant in its environment."""
    names = {"COUPON_SERVER", "COUPON_API_KEY", "COUPON_TENANT"}
    env = {name: value for name, value in remote.env.items() if name not in names}
    return CouponctlRunner({**env, **changes})


def test_a_write_says_where_and_a_read_is_quiet(remote: CouponctlRunner) -> None:
    notice = "Changing tenant acme on http://127.0.0.1:"
    result = remote.run(*REWARD, "--output", "id")
    assert (result.exit_code, result.stderr.startswith(notice)) == (0, True)
    listed = remote.run("reward", "list", "--output", "id")
    assert (listed.stdout, listed.stderr) == (result.stdout, "")
    as_json = remote.run("reward", "show", result.stdout.strip(), "--json")
    assert (json.loads(as_json.stdout)["name"], as_json.stderr) == ("Gems", "")
    deleted = remote.run("reward", "delete", "gems", "--json")
    assert json.loads(deleted.stdout) == {"deleted": result.stdout.strip()}
    assert deleted.stderr.startswith(notice)


def test_a_read_key_reads_and_is_refused_to_write_by_the_missing_scope(
    remote: CouponctlRunner, server: Server
) -> None:
    reader = CouponctlRunner({**remote.env, "COUPON_API_KEY": server.read_key})
    assert reader.json("reward", "list") == {"reward_items": [], "total": 0}
    error = reader.read_error(*REWARD)
    assert (error["exit_status"], error["code"]) == (3, "SCOPE_MISSING")
    assert "'definitions'" in error["error"]
    assert error["notice"].startswith("Changing tenant acme on http://127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("reward", "show", "nothing"), 4, "couponctl reward list --tenant acme"),
        (("reward", "create", "--name", "a"), 2, "Missing --type"),
        (("reward", "list", "--tenant", "other"), 3, "denied"),
        (("reward", "list", "--server", "http://k:x@host"), 2, "URL"),
        (("reward", "list", "--server", "http://127.0.0.1:1"), 1, "No answer"),
        (("reward", "list", "--profile", "a", "--server", "b"), 2, "either"),
        (("reward", "list", "--profile", "none"), 2, 'no profile "none"'),
        (("tenant", "list"), 2, "only beside the database"),
        (("db", "status"), 2, "only beside the database"),
        (("event", "tail"), 2, "only beside the database"),
        (("code", "list", "--limit", "0"), 2, "integer of 1 to 500"),
        (("serve", "query"), 2, "only beside the database"),
    ],
)
def test_an_error_has_a_status_and_a_sentence(
    remote: CouponctlRunner, words: tuple[str, ...], status: int, text: str
) -> None:
    tenant = () if "--tenant" in words or words[0] != "reward" else ("--tenant", "acme")
    result = remote.run(*words, *tenant)
    assert (result.exit_code, result.stdout) == (status, "")
    assert text in " ".join(result.stderr.split())


def test_a_list_of_a_server_loads_no_core(remote: CouponctlRunner) -> None:
    unneeded = {"flask", "marshmallow", "peewee", "coupon_core.domain.models"}
    words = ["reward", "list", "--output", "csv"]
    assert list_loaded(words, unneeded, remote.env) == ""


def test_reports_events_and_users_are_those_of_the_server(
    remote: CouponctlRunner,
) -> None:
    shown = remote.run("report", "funnel", "--since", "24h")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith('Funnel of tenant "acme"')
    assert remote.json("report", "signals")["signals"] == []
    publish = "event", "publish", "streak.milestone_reached", "--user", "ann", "--data"
    event = remote.run(*publish, '{"streak_id": "daily", "threshold": 7}', "--json")
    assert json.loads(event.stdout)["status"] == "accepted"
    assert event.stderr.startswith("Changing tenant acme")
    assert "data.threshold: missing" in remote.read_error(*publish, "{}")["error"]
    assert remote.json("event", "dead", "list") == {"dead_letters": [], "total": 0}
    unknown = "01890000-0000-7000-8000-000000000000"
    assert remote.read_error("event", "dead", "delete", unknown)["exit_status"] == 4


def test_objects_are_named_instead_of_giving_their_ids(
    remote: CouponctlRunner,
) -> None:
    campaign = remote.json("campaign", "create", "--id", "x", "Spring sale")
    assert remote.json("campaign", "show", "spring SALE") == campaign
    assert remote.json("campaign", "show", "x") == campaign
    assert remote.json("report", "funnel", "--campaign", "Spring sale")["subjects"]
    remote.json("campaign", "create", "--id", "y", "X")
    assert remote.json("campaign", "show", "x") == campaign  # an ID wins over a name
    remote.json("creator", "create", "ANN01", "--name", "Ann Lee")
    assert remote.json("creator", "show", "ann lee")["creator_key"] == "ANN01"
    url = "https://hooks.example.invalid/a"
    hook = remote.json("webhook", "create", "--event", "coupon.redeemed", "--url", url)
    assert remote.json("webhook", "show", url)["id"] == hook["id"]
    remote.json("webhook", "create", "--event", "coupon.revoked", "--url", url)
    error = remote.read_error("webhook", "delete", url)
    assert (error["exit_status"], str(hook["id"]) in error["error"]) == (2, True)


def test_a_user_is_erased_on_the_server_after_a_question(
    remote: CouponctlRunner,
) -> None:
    remote.json("user", "create", "ann")
    preview = remote.json("user", "erase", "ann", "--dry-run")
    assert (preview["pseudonym"], preview["dry_run"]) == (None, True)
    asked = remote.run("user", "erase", "ann")
    assert asked.exit_code == 2
    assert f"from {sum(preview['rows'].values())} row?" in asked.stderr
    assert remote.json("user", "show", "ann")["user_id"] == "ann"
    erased = remote.json("user", "erase", "ann", "--yes")
    assert erased["rows"] == preview["rows"]
    assert remote.read_error("user", "show", "ann")["exit_status"] == 4


def test_the_audit_log_of_a_server_is_followed(remote: CouponctlRunner) -> None:
    arguments = "audit", "tail", "--count", "2", "--json"
    with listening_couponctl(remote.env, *arguments) as tail:
        item = remote.json(*REWARD)["item_id"]
        remote.json("reward", "delete", item)
        output, _ = tail.communicate(timeout=60)
    entries = [json.loads(line) for line in output.splitlines()]
    assert [(entry["action"], entry["object_id"]) for entry in entries] == [
        ("reward_item.created", item),
        ("reward_item.deleted", item),
    ]


@pytest.fixture(scope="module")
def query_gateway(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the address of a query gateway of the same database."""
    home = tmp_path_factory.mktemp("query")
    with gateway_server("query_gateway", server.settings, home) as gateway:
        yield gateway.url


def test_codes_are_used_on_the_query_gateway(
    remote: CouponctlRunner, server: Server, query_gateway: str
) -> None:
    with CouponsAdmin(server.url, ApiKey(server.shop_key), tenant_id="shop") as admin:
        item = admin.rewards.create("Gems", "gem")
        config = {"reward_item_id": item.item_id}
        definition = admin.definitions.create("Gems", config)
        generated = admin.generate(definition.id, user_ids=["ann"])
    assert isinstance(generated, GeneratedCoupons)
    (coupon,) = generated.coupons
    signing = {"COUPON_QUERY_SERVER": query_gateway, "COUPON_TENANT": "shop"}
    player = without_key(remote, **signing, COUPON_TENANT_SECRET=server.shop_secret)
    validate = "validate", coupon.code, "--user", "ann"
    assert player.json(*validate)["valid"]
    redeemed = player.run("redeem", coupon.code, "--user", "ann", "--field", "status")
    assert redeemed.stdout == "redeemed\n"
    assert redeemed.stderr == f"Changing tenant shop on {query_gateway}.\n"
    assert player.json(*validate, status=1)["error_code"] == "ALREADY_REDEEMED"
    assert player.json("history", "--user", "ann")["total"] == 1
    again = player.read_error("redeem", coupon.code, "--user", "ann")
    assert (again["code"], again["exit_status"]) == ("ALREADY_REDEEMED", 1)
    error = without_key(remote, **signing).read_error(*validate)
    assert (error["code"], error["exit_status"]) == ("NO_TENANT_SECRET", 3)
    assert "COUPON_QUERY_SERVER" in remote.read_error(*validate)["error"]


def test_a_server_without_a_key_is_not_called(remote: CouponctlRunner) -> None:
    result = without_key(remote).run("reward", "list", "--server", "http://x")
    assert result.exit_code == 3
    assert "set COUPON_API_KEY" in " ".join(result.stderr.split())


def test_a_stored_profile_is_used_if_it_is_named_or_chosen(
    remote: CouponctlRunner, tmp_path: Path
) -> None:
    cli, key = without_key(remote), remote.env["COUPON_API_KEY"]
    login = "login", "--server", remote.env["COUPON_SERVER"], "--profile", "shop"
    stored = cli.json(*login, stdin=f"{key}\n")
    assert stored["tenant_id"] == "acme"
    assert set(SHOWN_MEMBERS) < set(stored)
    path = tmp_path / "config" / "couponctl" / "profiles.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cli.json("reward", "list", "--profile", "shop")["total"] == 0
    assert cli.run("reward", "list").exit_code == 2  # beside the database, no tenant
    assert cli.json("profile", "use", "shop") == {"current": "shop"}
    assert cli.json("reward", "list")["total"] == 0
    (row,) = cli.json("profile", "list")["profiles"]
    assert (row["profile"], row["tenant_id"], row["current"]) == ("shop", "acme", True)
    path.chmod(0o640)
    assert "mode 640" in cli.expect_refusal("reward", "list")
    path.chmod(0o600)
    assert cli.json("profile", "delete", "shop") == {"removed": "shop"}
    assert cli.json("profile", "list")["total"] == 0


class Keyring(KeyringBackend):
    """The keyring of a system: `keyring` calls one behind such a class."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def set_password(self, service: str, username: str, password: str) -> None:
        self.keys[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("nobody answered the prompt")
        return self.keys.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        del self.keys[service, username]


@pytest.fixture
def system_keyring() -> Iterator[Keyring]:
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def test_a_keyring_of_the_system_has_the_key_instead_of_the_file(
    remote: CouponctlRunner, tmp_path: Path, system_keyring: Keyring
) -> None:
    cli, key = without_key(remote), remote.env["COUPON_API_KEY"]
    login = "login", "--server", remote.env["COUPON_SERVER"], "--profile", "shop"
    cli.json(*login, stdin=f"{key}\n")
    path = tmp_path / "config" / "couponctl" / "profiles.json"
    assert key not in path.read_text()
    assert system_keyring.keys == {("couponctl", "shop"): key}
    call = "reward", "list", "--profile", "shop"
    assert cli.json(*call)["total"] == 0
    system_keyring.is_locked = True
    assert "refuses the key of the profile" in cli.expect_refusal(*call)
    system_keyring.is_locked = False
    cli.json("profile", "delete", "shop")
    assert system_keyring.keys == {}
    cli.json(*login, stdin=f"{key}\n")
    system_keyring.keys.clear()  # by another program
    assert "run `couponctl login` again" in cli.expect_refusal(*call)


def test_a_wrong_key_is_not_stored(remote: CouponctlRunner, tmp_path: Path) -> None:
    login = "login", "--server", remote.env["COUPON_SERVER"]
    result = without_key(remote).run(*login, stdin="pk_wrong\n")
    assert result.exit_code == 3
    assert not (tmp_path / "config").exists()


def test_one_member_and_csv_are_for_programs(remote: CouponctlRunner) -> None:
    payload = "--payload", '{"amount": 1}', "--description", "=1+1"
    created = remote.json(*REWARD, *payload)
    shown = remote.run("reward", "list", "--field", "payload.amount")
    assert shown.stdout == "1\n"
    head, row = remote.run("reward", "list", "--output", "csv").stdout.splitlines()
    assert "payload.amount" in head.split(",")
    assert created["item_id"] in row
    assert "'=1+1" in row
    remote.json("reward", "delete", created["item_id"])
