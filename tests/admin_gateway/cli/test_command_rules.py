"""Rules that hold for every command of couponctl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from admin_gateway.cli.errors import to_command_error
from admin_gateway.cli.param_types import FieldParam, JsonObjectParam
from coupon_core.domain.models import AdminReason, AuthReason, Reason, Refused
from tests.admin_gateway.cli.test_couponctl import ALL_COMMANDS
from tests.support.cli_runner import CouponctlRunner
from tests.support.ports import find_free_ports

CREATING_COMMANDS = {("db", "upgrade")}
SERVERS = {words for words in ALL_COMMANDS if words[0] == "serve"}
SAMPLE_VALUES = {
    "tenant": "acme",
    "user": "ann",
    "uuid": "0198c0de-0000-7000-8000-000000000000",
    "line": "gem=1",
    "key": "ABC12",
}


def build_arguments(command: click.Command) -> list[str]:
    """Return a sample value for each required parameter of a command."""
    words = []
    for parameter in command.params:
        if not parameter.required and parameter.envvar != "COUPON_TENANT":
            continue
        if isinstance(parameter, click.Option):
            words.append(parameter.opts[0])
        kind = parameter.type
        if isinstance(kind, click.Choice):
            words.append(str(kind.choices[0]))
        elif isinstance(kind, JsonObjectParam):
            words.append('{"streak_id": "a", "threshold": 1}')
        elif parameter.envvar:
            words.append("acme")
        elif isinstance(kind, FieldParam):
            words.append(SAMPLE_VALUES[kind.name])
        else:
            words.append("-" if isinstance(kind, click.File) else "1")
    return words


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CouponctlRunner:
    """Return a runner in an empty folder without any settings."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (port,) = find_free_ports(1)
    return CouponctlRunner({"BUS_PORT": str(port)})


@pytest.mark.parametrize(
    "words", sorted(ALL_COMMANDS.keys() - SERVERS - CREATING_COMMANDS), ids=" ".join
)
def test_only_db_upgrade_creates_a_database_or_a_key(
    empty_folder: CouponctlRunner, words: tuple[str, ...]
) -> None:
    arguments = build_arguments(ALL_COMMANDS[words])
    result = empty_folder.run(*words, *arguments, stdin="")
    assert list(Path.cwd().iterdir()) == [], result.output
    assert result.exit_code in (0, 1, 2)
    assert not isinstance(result.exception, TypeError)


def test_in_an_empty_folder_a_command_says_what_to_run(
    empty_folder: CouponctlRunner,
) -> None:
    message = empty_folder.expect_refusal("tenant", "list")
    path = Path.cwd() / "var" / "coupons.db"
    assert message.startswith(f"There is no database at {path} yet. Run `couponctl db")
    report = empty_folder.json("doctor", status=1)
    findings = {finding["check"]: finding for finding in report["checks"]}
    assert findings["data"]["advice"] == message
    assert empty_folder.run("db", "upgrade").exit_code == 0
    assert empty_folder.json("tenant", "list") == {"tenants": [], "total": 0}


def test_a_lost_master_key_is_not_replaced_by_reading(
    empty_folder: CouponctlRunner,
) -> None:
    empty_folder.run("db", "upgrade")
    key = Path("var", "master.key")
    key.unlink()
    assert "There is no master key" in empty_folder.expect_refusal("tenant", "list")
    assert not key.exists()


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_an_expiry_has_one_name_everywhere(words: tuple[str, ...]) -> None:
    for parameter in ALL_COMMANDS[words].params:
        if parameter.name == "expires_at":
            assert parameter.opts == ["--expires"]


def test_an_integer_out_of_its_range_names_the_range() -> None:
    parameters = [each for command in ALL_COMMANDS.values() for each in command.params]
    for parameter in parameters:
        if isinstance(parameter.type, click.IntRange):
            with pytest.raises(click.BadParameter, match='"a": expected an integer'):
                parameter.type.convert("a", parameter, None)


def test_help_lists_each_command_once_by_its_name() -> None:
    assert {
        words
        for words, command in ALL_COMMANDS.items()
        if command.name != words[-1] and not command.hidden
    } == set()


def test_all_invalid_options_are_named_at_once(
    cli_without_tables: CouponctlRunner,
) -> None:
    cli_without_tables.run("db", "upgrade")
    cli_without_tables.create_tenant()
    message = cli_without_tables.expect_usage_error(
        *("definition", "create", "--tenant", "acme", "--name", "Sale"),
        *("--reward", "100 Gold", "--per-customer", "0"),
    )
    assert 'Invalid --reward "100 Gold": expected a UUID.' in message
    assert 'Invalid --per-customer "0": expected an integer of 1 to' in message


# They only add, and say what; there is nothing to confirm.
IMPORTS_WITH_DRY_RUN = {("creator", "import")}


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_what_changes_many_things_asks_first(words: tuple[str, ...]) -> None:
    options = {option for param in ALL_COMMANDS[words].params for option in param.opts}
    is_destructive = words[-1] in ("revoke", "delete")
    if is_destructive and options & {"--all", "--batch", "--user"} - {"--user"}:
        assert {"--yes", "--dry-run"} <= options
    if words not in IMPORTS_WITH_DRY_RUN:
        assert bool(options & {"--yes", "--confirm"}) >= ("--dry-run" in options)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("2027-02-29", '"2027-02-29" does not exist: 2027-02 has the days 01 to 28;'),
        ("31.12.2099", '"31.12.2099" does not begin with the year:'),
        ("2099-01-01T24:00", '"2099-01-01T24:00"'),
        ("2020-01-01T00:00:00Z", "expected a time in the future."),
    ],
)
def test_an_invalid_expiry_is_one_error_everywhere(
    acme_cli: CouponctlRunner, value: str, problem: str
) -> None:
    generate = "generate", "--definition", acme_cli.create_definition(), "--count", "1"
    extend = "code", "extend", "--batch", SAMPLE_VALUES["uuid"]
    key = "key", "create", "--name", "a"
    for words in (generate, extend, key):
        arguments = *words, "--tenant", "acme", "--expires", value
        message = acme_cli.expect_usage_error(*arguments)
        assert "Error: Invalid --expires" in message
        assert problem in message
        assert message.partition("Error: ")[2].count(value) == 1


# The exit status of a refusal follows from its status over HTTP.
@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        (Reason.REVOKED, 1, "COUPON_REVOKED"),
        (Reason.POOL_EMPTY, 1, "USAGE_LIMIT_EXCEEDED"),
        (Reason.COUPON_NOT_FOUND, 4, "COUPON_NOT_FOUND"),
        (AdminReason.TENANT_NOT_FOUND, 4, "TENANT_NOT_FOUND"),
        (AdminReason.TENANT_EXISTS, 5, "TENANT_EXISTS"),
        (AdminReason.NAME_TAKEN, 5, "NAME_TAKEN"),
        (AdminReason.UNKNOWN_REWARD_ITEM, 1, "UNKNOWN_REWARD_ITEM"),
        (AdminReason.SCOPE_TOO_WIDE, 3, "SCOPE_TOO_WIDE"),
        (AuthReason.BAD_API_KEY, 3, None),
        (AuthReason.SCOPE_MISSING, 3, None),
    ],
)
def test_refusals_have_an_exit_status_and_a_code(
    reason: Any, status: int, code: str | None
) -> None:
    error = to_command_error(Refused(reason))
    assert error
    assert error.exit_code == status
    assert code is None or error.code == code


@pytest.mark.parametrize(
    ("words", "status", "code", "text"),
    [
        (("tenent", "list"), 2, "USAGE", "No such command 'tenent'"),
        (("tenant", "list", "--limit", "0"), 2, "USAGE", "--limit"),
        (("tenant", "create", "acme"), 5, "TENANT_EXISTS", "exists already"),
        (("key", "list", "--tenant", "x"), 4, "TENANT_NOT_FOUND", 'Tenant "x"'),
        (
            (
                *("client-key", "create", "--tenant", "acme", "--kind", "mambo"),
                *("--name", "a", "--expires", "soon"),
            ),
            *(2, "VALIDATION_ERROR", 'Invalid --expires: "soon" is'),
        ),
        (("event", "dead", "delete", "--all"), 2, "USAGE", "give --yes"),
    ],
)
def test_every_error_with_json_is_one_object(
    cli_without_tables: CouponctlRunner,
    words: tuple[str, ...],
    status: int,
    code: str,
    text: str,
) -> None:
    cli_without_tables.run("db", "upgrade")
    cli_without_tables.create_tenant()
    error = cli_without_tables.read_error(*words)
    assert (error["exit_status"], error["code"]) == (status, code)
    assert text in error["error"]


def test_rejected_lines_are_in_the_error(
    acme_cli: CouponctlRunner, tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code\n!\n?\n")
    definition_id = acme_cli.create_definition()
    words = "code", "import", "--tenant", "acme", "--definition", definition_id
    result = acme_cli.run(*words, str(path), "--json")
    details = json.loads(result.stderr)["details"]
    assert [detail["path"] for detail in details] == ["line 2", "line 3"]


def test_each_invalid_line_of_a_file_is_named(
    cli_without_tables: CouponctlRunner, tmp_path: Path
) -> None:
    cli_without_tables.run("db", "upgrade")
    cli_without_tables.create_tenant()
    path = tmp_path / "creators.csv"
    path.write_text("creator_key,name,count\nABC12,Ann,0\nabc,Bob,1\n")
    words = "creator", "import", "--tenant", "acme", str(path), "--campaign", "a"
    result = cli_without_tables.run(*words)
    lines = [line.partition(":")[0] for line in result.stderr.splitlines()]
    assert lines == ["line 2", "line 3", "Error"]
