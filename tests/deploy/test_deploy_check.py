"""`make deploy-check` says what it has not checked, and CI does not accept that."""

from __future__ import annotations

import re
import sys

import pytest

from tests.deploy.__main__ import check_items
from tests.deploy.items import CheckFailed, Item, run_tool


def find_a_fault() -> str:
    raise CheckFailed("line 3 is wrong")


@pytest.mark.parametrize(
    ("item", "here", "in_ci", "line"),
    [
        (Item("x", (), lambda: "9 files"), 0, 0, "x  checked in N s: 9 files\n"),
        (Item("x", (), find_a_fault), 1, 1, "x  FAILED: line 3 is wrong\n"),
        (
            Item("x", ("no-such-tool",), find_a_fault),
            *(0, 1, "x  NOT CHECKED: tool missing: no-such-tool\n"),
        ),
    ],
    ids=["good", "faulty", "tool missing"],
)
def test_result_of_an_item_is_printed_and_decides(
    capsys: pytest.CaptureFixture[str], item: Item, here: int, in_ci: int, line: str
) -> None:
    for is_ci, status in ((False, here), (True, in_ci)):
        good = Item("y", (), lambda: "")
        assert check_items([item, good], is_complete_required=is_ci) == status
        output = re.sub(r"\d+\.\d s", "N s", capsys.readouterr().out)
        assert output == f"{line}y  checked in N s\n"


def test_what_a_tool_says_is_a_finding() -> None:
    with pytest.raises(CheckFailed, match="exit status 3"):
        run_tool(sys.executable, "-c", "exit(3)")
    warning = "import sys; sys.stderr.write('unknown key')"
    assert run_tool(sys.executable, "-c", warning) == ""
    with pytest.raises(CheckFailed, match="unknown key"):
        run_tool(sys.executable, "-c", warning, must_be_silent=True)
