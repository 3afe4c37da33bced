"""Which processes use a SQLite file is known, wherever the file is now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coupon_core.persistence.sqlite_users import list_processes, mark_process


def test_a_marked_process_is_listed_for_its_file_until_the_mark_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    mark = mark_process("gateway", tmp_path / "data" / "coupons.db")
    assert mark is not None
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "link/coupons.db", Path("data/coupons.db")):
        assert list(list_processes(path)) == [f"gateway (process {os.getpid()})"]
    assert list(list_processes(tmp_path / "coupons.db")) == []
    os.close(mark)
    assert list(list_processes(tmp_path / "data" / "coupons.db")) == []
