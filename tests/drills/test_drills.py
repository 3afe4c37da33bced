"""`docs/operations/backup.md` restores whole databases: short drills."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.drills import DRILLS
from tests.drills.tools import find_litestream
from tests.support.requirements import report_missing


# `make drills` runs all of them. What `couponctl backup` and `db copy` do is tested
# with these commands, in less time.
@pytest.mark.parametrize("name", ["litestream", "recovery"])
def test_what_a_procedure_restores_is_whole(tmp_path: Path, name: str) -> None:
    if name == "litestream" and not find_litestream():
        report_missing("litestream", "`make drills` installs it")
    assert DRILLS[name](tmp_path, 20).rows > 20
