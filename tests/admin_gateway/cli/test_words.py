"""Commands and options have the same words and meanings in all groups."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import click
import pytest

from admin_gateway.cli import COMMANDS, couponctl
from tests.admin_gateway.cli.test_couponctl import ALL_COMMANDS
from tests.support.paths import PROJECT_ROOT

OPTIONS_OF_LISTS = {"--offset", "--cursor"}
# They list what belongs to an object, or what was measured, not the objects themselves.
OTHER_LISTS = {
    *(("campaign", "creators"), ("creator", "codes"), ("points", "entries")),
    *(("webhook", "logs"), ("code", "attempts"), ("report", "signals"), ("history",)),
}
# The words that helps of commands begin with.
FIRST_WORDS = {
    "list": {"List"},
    "show": {"Show"},
    "create": {"Create", "Subscribe", "Register", "Copy"},
    "update": {"Change", "Replace"},
    "delete": {"Delete"},
    "revoke": {"Revoke"},
    "tail": {"Show"},
}
OTHER_WORDS = {"get", "view", "add", "new", "set", "edit", "drop", "remove", "rotate"}
# An option has one type, and these have one help as well.
SAME_HELP = {
    *("--offset", "--output", "--field", "--yes", "--dry-run", "--limit", "--file"),
    *("--server", "--profile", "--follow-definition", "--api"),
    *("--ignore-columns", "--no-header", "--encoding", "--since", "--interval"),
}
# What describes an object, has the type of its member.
TYPES_OF_MEMBERS = {
    *("--name", "--description", "--reward", "--status", "--kind", "--source"),
    *("--code", "--user", "--tenant", "--campaign", "--metadata", "--pattern"),
}


def describe_type(option: click.Option) -> tuple[Any, ...]:
    """Return what a caller must give."""
    return option.type.name, option.is_flag, option.multiple


def list_visible_options() -> dict[str, dict[tuple[str, ...], click.Option]]:
    """Return, by the name of each option, the commands that have it."""
    found: dict[str, dict[tuple[str, ...], click.Option]] = defaultdict(dict)
    for words, command in ALL_COMMANDS.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                found[parameter.opts[0]][words] = parameter
    return found


OPTIONS = list_visible_options()


@pytest.mark.parametrize("name", sorted(OPTIONS.keys() - TYPES_OF_MEMBERS))
def test_an_option_has_one_type_in_all_groups(name: str) -> None:
    by_type = defaultdict(list)
    for words, option in OPTIONS[name].items():
        by_type[describe_type(option)].append(words)
    assert len(by_type) == 1, dict(by_type)


@pytest.mark.parametrize("name", sorted(SAME_HELP))
def test_an_option_has_one_help_in_all_groups(name: str) -> None:
    assert len({option.help for option in OPTIONS[name].values()}) == 1


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_what_has_pages_is_a_list(words: tuple[str, ...]) -> None:
    options = {name for param in ALL_COMMANDS[words].params for name in param.opts}
    if options & OPTIONS_OF_LISTS:
        assert "--limit" in options
        assert words[-1] == "list" or words in OTHER_LISTS


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_a_command_has_one_word_in_all_groups(words: tuple[str, ...]) -> None:
    first_word = (ALL_COMMANDS[words].help or "").split()[0]
    expected = FIRST_WORDS.get(words[-1])
    assert expected is None or first_word in expected
    assert words[-1] not in OTHER_WORDS


@pytest.mark.parametrize("words", ALL_COMMANDS, ids=" ".join)
def test_what_asks_can_be_tried(words: tuple[str, ...]) -> None:
    options = {name for param in ALL_COMMANDS[words].params for name in param.opts}
    assert ("--yes" in options) <= ("--dry-run" in options)


def test_a_count_is_not_written_before_a_plural() -> None:
    """`describe_count` knows that there may be one."""
    counted = re.compile(r"\{\w*(?:count|total|len\(\w+\))(?::,)?\} [a-z]+s\b")
    sources = (PROJECT_ROOT / "admin_gateway" / "cli").rglob("*.py")
    assert [path.name for path in sources if counted.search(path.read_text())] == []


GROUPS = sorted({words[:-1] for words in ALL_COMMANDS if words[1:]})


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_a_group_names_only_commands_that_it_has(group: tuple[str, ...]) -> None:
    names = {words[-1] for words in ALL_COMMANDS if words[:-1] == group}
    command: Any = couponctl
    for word in group:
        _, command, _ = command.resolve_command(click.Context(command), [word])
    shown = [text for name, _, text in COMMANDS if (name,) == group]
    for text in (*shown, command.help.partition(".")[0]):
        assert {*re.findall("(?<=[:,] )[a-z-]+(?=,|$)", text)} <= names, text
