"""The program couponctl: help, output streams, exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from admin_gateway.cli import COMMANDS, LOCAL_COMMANDS, couponctl
from admin_gateway.cli.errors import to_command_error
from admin_gateway.cli.option_errors import LIST_COMMANDS
from admin_gateway.refusals import REFUSALS
from coupon_core.domain.models import AdminReason, Reason, Refused
from tests.support.cli_runner import run_couponctl


def list_commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield each executable command with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        _, subcommand, _ = command.resolve_command(context, [name])
        yield from list_commands(subcommand, (*path, name))


ALL_COMMANDS = dict(list_commands(couponctl))
COMMANDS_WITHOUT_JSON = {
    ("serve", name) for name in ("admin", "query", "workers", "bus", "all")
} | {("completion",)}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return the settings for a separate process, on SQLite."""
    return {"COUPON_DATA_DIR": str(tmp_path / "var")}


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_every_command_has_an_example_and_json(words: tuple[str, ...]) -> None:
    command = ALL_COMMANDS[words]
    assert f"couponctl {' '.join(words)}" in " ".join((command.help or "").split())
    options = {option for param in command.params for option in param.opts}
    assert ("--json" in options) == (words not in COMMANDS_WITHOUT_JSON)


def test_the_list_of_commands_says_what_they_say_themselves() -> None:
    names = {name for name, *_ in COMMANDS}
    assert {words[0] for words in ALL_COMMANDS} == names
    assert len(names) == len(COMMANDS)


@pytest.mark.parametrize("reason", [*Reason, *AdminReason])
def test_every_reason_has_a_sentence(reason: Reason | AdminReason) -> None:
    error = to_command_error(Refused(reason))
    assert error
    assert error.message


def test_every_id_that_is_not_found_is_followed_by_a_command_that_lists() -> None:
    codes = {
        code
        for status, code, text in REFUSALS.values()
        if status == 404 and text.endswith(" not found")
    }
    assert codes - set(LIST_COMMANDS) == {"SECRET_NOT_FOUND", "JOB_NOT_FOUND"}
    for _, command in LIST_COMMANDS.values():
        name, *_ = command.split(" {")  # without its arguments
        assert tuple(name.split()) in ALL_COMMANDS


def list_loaded(
    words: list[str], packages: set[str], env: Mapping[str, str] | None = None
) -> str:
    """Return those of the packages that the command loads in a process of its own.

    Anything else that it prints to stderr is returned as well.
    """
    code = (
        "import sys; from admin_gateway.cli import couponctl;"
        f"couponctl({words!r}, standalone_mode=False);"
        f"sys.exit(','.join(sorted({packages!r} & sys.modules.keys())) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env
    )
    return result.stderr


HEAVY = {"peewee", "flask", "marshmallow", "httpx2", "jwt", "psycopg", "kombu"}


@pytest.mark.parametrize("words", [(), ("reward", "list")], ids=" ".join)
def test_help_comes_without_loading_what_it_does_not_need(
    words: tuple[str, ...],
) -> None:
    core = {"coupon_core.domain.models"}
    assert list_loaded([*words, "--help"], HEAVY | core) == ""


def test_completion_of_what_calls_servers_loads_neither_core_nor_sdk() -> None:
    # The commands of these have not been converted yet.
    local = LOCAL_COMMANDS | {"generate", "batch", "coupon", "creator", "code"}
    modules = {module for name, module, _ in COMMANDS if name not in local}
    lines = [
        f"import admin_gateway.cli.commands.{module}" for module in sorted(modules)
    ]
    code = f"import sys; {';'.join(lines)}; print({HEAVY!r} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_list_beside_the_database_loads_only_its_routes(
    env: dict[str, str],
) -> None:
    run_couponctl(env, "db", "upgrade")
    run_couponctl(env, "tenant", "create", "acme")
    unneeded = {
        *("coupon_core.web.openapi.document", "coupon_core.messaging.broker"),
        *("admin_gateway.routes.webhooks", "admin_gateway.console"),
        *("kombu", "redis", "limits", "authlib", "argon2", "segno"),
    }
    words = ["reward", "list", "--tenant", "acme", "--output", "csv"]
    assert list_loaded(words, unneeded, env) == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_without_loading_the_core(
    env: dict[str, str], shell: str
) -> None:
    script = run_couponctl(env, "completion", shell)
    assert "_COUPONCTL_COMPLETE" in script.stdout
    asked = {
        **env,
        "_COUPONCTL_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "couponctl reward cr",
        "COMP_CWORD": "cr" if shell == "fish" else "2",
    }
    assert "create" in run_couponctl(asked).stdout


def test_a_command_that_reads_the_database_loads_neither_web_nor_bus() -> None:
    heavy = {"flask", "jinja2", "redis", "kombu", "limits", "urllib3"}
    assert list_loaded(["tenant", "--help"], heavy) == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("tenent", "list"), "'tenant'"), (("tenant", "craete"), "'create'")],
)
def test_unknown_commands_suggest_near_ones(
    env: dict[str, str], words: tuple[str, ...], expected: str
) -> None:
    result = run_couponctl(env, *words)
    assert (result.returncode, result.stdout) == (2, "")
    suggestion = result.stderr.partition("Did you mean")[2]
    assert expected in suggestion


def test_data_goes_to_stdout_and_words_to_stderr(env: dict[str, str]) -> None:
    upgraded = run_couponctl(env, "db", "upgrade", "--json")
    assert re.match(r"Applied \d+ migrations \(0001_baseline … ", upgraded.stderr)
    assert json.loads(upgraded.stdout)["upgraded"]
    created = run_couponctl(env, "tenant", "create", "acme", "--json")
    assert created.returncode == 0
    assert json.loads(created.stdout)["tenant_id"] == "acme"


def test_a_refusal_with_json_is_one_object_and_a_status(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    result = run_couponctl(
        env, "token", "mint", "--tenant", "nobody", "--user", "u", "--json"
    )
    assert (result.returncode, result.stdout) == (4, "")
    assert json.loads(result.stderr) == {
        "error": 'Tenant "nobody" not found; `couponctl tenant list` shows all tenants',
        "code": "TENANT_NOT_FOUND",
        "exit_status": 4,
        "details": [],
    }


def test_bad_settings_are_a_sentence_and_status_one(env: dict[str, str]) -> None:
    result = run_couponctl({**env, "QUERY_PORT": "high"}, "serve", "query")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == 'Error: QUERY_PORT "high": Not a valid integer.\n'


def test_users_are_read_from_standard_input(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    run_couponctl(env, "demo", "load")
    listed = run_couponctl(
        env, "definition", "list", "--tenant", "demo", "--name", "vip loot", "--json"
    )
    definition = json.loads(listed.stdout)["definitions"][0]["id"]
    words = (
        "--tenant",
        "demo",
        "--definition",
        definition,
        "--users-file",
        "-",
        "--json",
    )
    result = run_couponctl(env, "generate", *words, stdin="user_id\nann\nbob\n")
    assert [row["user_id"] for row in json.loads(result.stdout)["coupons"]] == [
        "ann",
        "bob",
    ]


def test_an_interrupted_command_is_quiet(env: dict[str, str]) -> None:
    code = (
        "import signal; from admin_gateway.cli import couponctl, core;"
        # A suite that runs in the background may have SIGINT ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "core.started_core = lambda *_: signal.raise_signal(signal.SIGINT);"
        "couponctl(['tenant', 'list'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **env},
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")
