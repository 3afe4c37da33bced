"""Which processes use a SQLite file is known, wherever the file is now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coupon_core.persistence.sqlite_users import list_processes, mark_process
from tests.support.concurrency import started_core
from tests.support.settings import build_settings


def test_a_marked_process_is_listed_for_its_file_until_the_mark_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("data")
    monkeypatch.chdir(tmp_path)
    with started_core(build_settings("sqlite:///data/coupons.db")):
        mark = mark_process("gateway")
    assert mark is not None
    for path in (tmp_path / "link/coupons.db", Path("data/coupons.db")):
        assert list(list_processes(path)) == [f"gateway (process {os.getpid()})"]
    assert list(list_processes(tmp_path / "coupons.db")) == []
    os.close(mark)
    assert list(list_processes(tmp_path / "data" / "coupons.db")) == []
