"""`make deploy-check` finds what systemd-analyze only warns of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.deploy.items import CheckFailed, find_tool
from tests.deploy.systemd import UNITS, verify_units
from tests.support.requirements import report_missing


def test_unknown_key_of_a_unit_is_a_finding(tmp_path: Path) -> None:
    if not find_tool("systemd-analyze"):
        report_missing("systemd", "it is not installed")
    units = tmp_path / "units"
    shutil.copytree(UNITS, units)
    with (units / "coupons-.service.d/hardening.conf").open("a") as file:
        file.write("ProtectSytem=strict\n")
    with pytest.raises(CheckFailed, match="'ProtectSytem'"):
        verify_units(units)
