"""Documents for people: nothing that can be copied is cut, and nothing is left out."""

from __future__ import annotations

import io
from typing import Any

import pytest

from admin_gateway.cli import tables
from tests.support.cli_runner import CouponctlRunner

ID = "0198c0de-1234-7000-8000-000000000001"
ACME = "--tenant", "acme"


class NarrowTerminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        """Return True: the width of the terminal counts."""
        return True


def print_in_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: list[str], rows: list[dict[str, Any]]
) -> list[str]:
    """Return the lines of a table in a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")  # no bold headings
    monkeypatch.setattr("sys.stdout", terminal := NarrowTerminal())
    tables.print_table(columns, rows)
    return terminal.getvalue().splitlines()


def test_ids_are_whole_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"id": ID, "code": "SHOP-0123456789-ABCD", "name": "long words " * 9}
    lines = print_in_terminal(monkeypatch, list(row), [row])
    assert lines[1].split()[:2] == [ID, row["code"]]
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("words") == 9


def test_rows_that_cannot_fit_are_shown_member_by_member(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = {"id": ID, "batch_id": ID, "definition_id": ID, "nothing": None}
    assert print_in_terminal(monkeypatch, list(row), [row, row])[:5] == [
        f"id             {ID}",
        f"batch_id       {ID}",
        f"definition_id  {ID}",
        "nothing        -",
        "",
    ]


def test_nested_members_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"names": {"en": "Start", "ko": "런칭"}, "config": {"limit": {"uses": 3}}}
    tables.print_table(["names", "config.limit.uses", "config.other"], [row])
    _, line = capsys.readouterr().out.splitlines()
    assert line.split() == ["en:", "Start,", "ko:", "런칭", "3", "-"]


def test_lists_of_objects_become_tables(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_members({"codes": 2, "rows": [{"a": 1, "b": 2}, {"a": 3, "c": 4}]})
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert words == [
        ["codes", "2"],
        [],
        ["rows:"],
        ["a", "b", "c"],
        ["1", "2", "-"],
        ["3", "-", "4"],
    ]


@pytest.mark.parametrize(
    ("document", "shown", "offset", "expected"),
    [
        ({"total": 2}, 2, 0, "2 of 2"),
        ({"total": 2}, 0, 5, "0 of 2"),
        ({"total": 300_000}, 2, 0, "First 2 of 300,000; show more with --offset 2 or"),
        ({"total": 300_000}, 2, 4, "5 to 6 of 300,000; show more with --offset 6 or"),
        ({"total": 6}, 2, 4, "5 to 6 of 6"),
        ({"next": "abc"}, 2, 0, "First 2; there are more. Show them with --cursor abc"),
        ({"next": None}, 2, 0, None),
        ({"next": None}, 0, 0, "None found."),
        ({"hits": []}, 0, 0, "None found."),
        ({"checks": []}, 2, 0, None),
    ],
)
def test_a_list_says_which_part_of_it_is_shown(
    document: dict[str, Any], shown: int, offset: int, expected: str | None
) -> None:
    text = tables.describe_position(document, shown, offset)
    assert text == expected if expected is None else (text or "").startswith(expected)


def test_pages_of_real_lists_name_the_rest(acme_cli: CouponctlRunner) -> None:
    definition_id = acme_cli.create_definition()
    acme_cli.generate_coupons(definition_id, "ann", "bob", "cid")
    page = "list", *ACME, "--definition", definition_id, "--limit", "2"
    assert acme_cli.run("coupon", *page).stderr == (
        "First 2 of 3; show more with --offset 2 or a larger --limit\n"
    )
    cursor = acme_cli.json("code", *page)["next"]
    assert acme_cli.run("code", *page).stderr == (
        f"First 2; there are more. Show them with --cursor {cursor}\n"
    )
    assert acme_cli.run("code", *page, "--cursor", cursor).stderr == ""


@pytest.mark.parametrize(
    ("env", "is_coloured"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["on a terminal", "with NO_COLOR"],
)
def test_states_have_colours_on_terminals_only(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    env: dict[str, str],
    is_coloured: bool,
) -> None:
    rows = [{"status": "active", "name": "active"}]
    tables.print_table(["status", "name"], rows)
    assert "\x1b" not in capsys.readouterr().out
    for name, value in {"TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    tables.print_table(["status", "name"], rows)
    assert capsys.readouterr().out.count("\x1b[32mactive") == int(is_coloured)
