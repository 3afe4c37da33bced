"""`make run` as a new user sees it: start, paste commands, stop, start again."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
import requests

from tests.support.cli_runner import COUPONCTL_PATH, run_couponctl
from tests.support.make_run import (
    TIMEOUT_SECONDS,
    run_pasted_line,
    started_command,
    wait_until_healthy,
)
from tests.support.ports import find_free_ports, is_port_free
from tests.support.readme_snippets import (
    check_documents,
    check_milestones_earn_coupons,
)
from tests.support.servers import RedisServer
from tests.support.servers.process import wait_until

GEMS = [{"itemId": "gem", "itemQuantity": 100}]
PORTS = "ADMIN_PORT", "QUERY_PORT", "BUS_PORT"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return free ports and a data directory that does not exist yet."""
    ports = dict(zip(PORTS, map(str, find_free_ports(3)), strict=True))
    return {"COUPON_DATA_DIR": str(tmp_path / "var"), **ports}


@pytest.mark.slow
def test_make_run_from_nothing_and_once_more(
    env: dict[str, str], tmp_path: Path
) -> None:
    with started_command(env, "make", "run") as run:
        validate, redeem, playcamp, buy = run.wait_for_curl_lines()
        assert run_pasted_line(validate)["valid"] is True
        assert run_pasted_line(buy).keys() == {"id"}
        assert run_pasted_line(redeem)["status"] == "redeemed"
        assert run_pasted_line(playcamp)["data"]["reward"] == GEMS
        assert run_pasted_line(playcamp)["code"] == "USER_CODE_LIMIT"
        assert run_pasted_line(validate)["error"] == "Coupon has already been used"
        (key,) = re.findall(r"pk_\S+", run.text)
        rewards = f"http://127.0.0.1:{env['ADMIN_PORT']}/v1/tenants/demo/rewards"
        response = requests.get(
            rewards, headers={"X-API-Key": key}, timeout=TIMEOUT_SECONDS
        )
        assert response.json()["total"] == 7
        check_milestones_earn_coupons(run, env, key)
        check_documents(env, tmp_path)
        processes = run.list_processes()
        os.killpg(run.process.pid, signal.SIGINT)  # as Ctrl-C does
        run.expect_exit(processes)
    assert "Traceback" not in run.text
    assert all(is_port_free(int(env[name])) for name in PORTS)

    with started_command(env, "make", "run") as again:
        validate, redeem, playcamp, _ = again.wait_for_curl_lines()
        assert key in again.text
        assert run_pasted_line(validate)["valid"] is True
        assert run_pasted_line(redeem)["status"] == "redeemed"
        assert run_pasted_line(playcamp)["data"]["success"] is True
        processes = again.list_processes()
        again.process.send_signal(signal.SIGTERM)  # to make alone
        again.expect_exit(processes)
    assert "Traceback" not in again.text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_no_signal_leaves_anything_behind(
    env: dict[str, str], number: signal.Signals
) -> None:
    run_couponctl(env, "db", "upgrade")
    with started_command(env, COUPONCTL_PATH, "serve", "all") as run:
        wait_until_healthy(run, int(env["QUERY_PORT"]))
        processes = run.list_processes()
        assert len(processes) >= 6  # of each gateway two, the bus, the workers
        run.process.send_signal(number)
        run.expect_exit(processes)
        assert run.process.returncode == 0
    assert "Traceback" not in run.text


@pytest.mark.slow
def test_not_even_a_kill_leaves_anything_behind(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    with started_command(env, COUPONCTL_PATH, "serve", "all") as run:
        wait_until_healthy(run, int(env["QUERY_PORT"]))
        processes = run.list_processes()
        run.process.kill()
        run.expect_exit(processes)
    assert all(is_port_free(int(env[name])) for name in PORTS)
    assert list(Path(env["COUPON_DATA_DIR"], "groups").iterdir()) == []


@pytest.mark.slow
def test_when_one_process_ends_so_do_all(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    with started_command(env, COUPONCTL_PATH, "serve", "all") as run:
        wait_until_healthy(run, int(env["QUERY_PORT"]))
        processes = run.list_processes()
        (pid,) = re.findall(r"admin started \(pid=(\d+)\)", run.text)
        os.kill(int(pid), signal.SIGKILL)
        run.expect_exit(processes)
        assert run.process.returncode != 0


@pytest.mark.slow
def test_when_nobody_reads_the_output_all_processes_end(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    pipeline = f"{COUPONCTL_PATH} serve all | head -n 3"
    with started_command(env, "sh", "-c", pipeline) as run:
        run.process.wait(TIMEOUT_SECONDS)
        groups = Path(env["COUPON_DATA_DIR"], "groups")
        wait_until(lambda: not [*groups.iterdir()], TIMEOUT_SECONDS, "the end of all")
        assert run.list_group() == []
    assert all(is_port_free(int(env[name])) for name in PORTS)


@pytest.mark.slow
def test_with_a_bus_elsewhere_none_is_started(
    env: dict[str, str], redis: RedisServer
) -> None:
    env = {**env, "COUPON_BROKER_URL": redis.url}
    run_couponctl(env, "db", "upgrade")
    with started_command(env, COUPONCTL_PATH, "serve", "all") as run:
        wait_until_healthy(run, int(env["QUERY_PORT"]))
        assert "workers started" in run.text
        assert "bus started" not in run.text
        assert is_port_free(int(env["BUS_PORT"]))
        url = f"http://127.0.0.1:{env['QUERY_PORT']}/ready"
        wait_until(
            lambda: (
                requests.get(url, timeout=TIMEOUT_SECONDS).json()["message_queue"]
                == "connected"
            ),
            TIMEOUT_SECONDS,
            "the bus",
        )
    assert not (Path(env["COUPON_DATA_DIR"]) / "bus").exists()


@pytest.mark.slow
def test_what_gunicorn_itself_refuses_is_json_too(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    port = int(env["ADMIN_PORT"])
    with started_command(env, COUPONCTL_PATH, "serve", "admin") as run:
        wait_until_healthy(run, port)
        url = f"http://127.0.0.1:{port}/{'x' * 5_000}"
        response = requests.get(url, timeout=TIMEOUT_SECONDS)
        assert (response.status_code, response.json()["code"]) == (414, "URI_TOO_LONG")
        headers = {f"X-{number}": "x" for number in range(100)}
        response = requests.get(url[:30], headers=headers, timeout=TIMEOUT_SECONDS)
        assert (response.status_code, response.json()["code"]) == (
            431,
            "HEADERS_TOO_LARGE",
        )


@pytest.mark.slow
def test_a_second_run_says_that_the_first_one_is_running(env: dict[str, str]) -> None:
    run_couponctl(env, "db", "upgrade")
    port = int(env["ADMIN_PORT"])
    with started_command(env, COUPONCTL_PATH, "serve", "admin") as run:
        wait_until_healthy(run, port)
        result = run_couponctl(env, "serve", "all")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: Port {port} of the admin gateway is not")
    assert "it is used by a running gateway" in result.stderr


@pytest.mark.slow
def test_what_starts_after_the_end_of_its_group_ends(env: dict[str, str]) -> None:
    """Otherwise the guard of the group could have looked before it was there."""
    run_couponctl(env, "db", "upgrade")
    ended = {**env, "COUPON_GROUP": str(Path(env["COUPON_DATA_DIR"], "groups", "1"))}
    with started_command(ended, COUPONCTL_PATH, "serve", "workers") as run:
        assert run.process.wait(TIMEOUT_SECONDS) == 1
    assert run.text.endswith("which started this process, has ended.\n")
