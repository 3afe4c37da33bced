"""The units of systemd: they are verified, and a service that has started answers."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from pathlib import Path

import pytest
import requests

from tests.deploy.items import CheckFailed, find_tool
from tests.deploy.systemd import UNITS, installed_units, verify_units
from tests.support.make_run import started_command
from tests.support.notifications import received_notifications
from tests.support.ports import find_free_port
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


def read_keys(unit: str, copy: Path) -> dict[str, str]:
    """Return the keys of a unit whose ExecStart is of this environment."""
    return dict(re.findall(r"^(\w+)=(.*)$", (copy / unit).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["admin", "query", "workers"])
def test_systemd_waits_until_a_process_says_that_it_works(name: str) -> None:
    keys = read_keys(f"coupons-{name}.service", UNITS)
    assert keys["Type"] == "notify"
    # gunicorn's master cannot know when its processes answer.
    assert keys.get("NotifyAccess") == (None if name == "workers" else "all")


@pytest.mark.slow
def test_a_gateway_that_has_started_answers_at_once(tmp_path: Path) -> None:
    port = find_free_port()
    env = {"COUPON_DATA_DIR": str(tmp_path), "QUERY_PORT": str(port)}
    with installed_units(UNITS) as variables, received_notifications() as notifications:
        units = Path(variables["SYSTEMD_UNIT_PATH"].rstrip(":"))
        command = read_keys("coupons-query.service", units)["ExecStart"]
        begun_at = time.monotonic()
        env |= notifications.environment
        with started_command(env, *shlex.split(command)) as run:
            assert notifications.receive() == "READY=1"
            started_at = time.monotonic()
            url = f"http://127.0.0.1:{port}/ready"
            assert requests.get(url, timeout=60).json()["migrations"] == "outdated"
            # gunicorn's own notification came when a third of the start was over.
            assert time.monotonic() - started_at < (started_at - begun_at) / 4
            processes = run.list_processes()
            run.process.terminate()
            run.expect_exit(processes)
