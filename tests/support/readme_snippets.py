"""Shell and Python blocks of the documents, run beside `make run`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.support.cli_runner import COUPONCTL_PATH
from tests.support.forked_programs import forked_couponctl
from tests.support.make_run import TIMEOUT_SECONDS, Run, run_pasted_line
from tests.support.paths import PROJECT_ROOT
from workers.__main__ import WORKERS

COUPONCTL_LINE = re.compile(r"^\.venv/bin/couponctl .*$", re.MULTILINE)
DOCUMENTS = (
    *("docs/tour.md", "docs/support.md", "docs/events.md", "docs/webhooks.md"),
    *("docs/operations/data-protection.md", "docs/reports.md", "docs/couponctl.md"),
)
EVENTS_DOCUMENT = (PROJECT_ROOT / "docs/events.md").read_text()
OWN_PATH = 'PATH="$PWD/.venv/bin:$PATH"  # for couponctl\n'


def check_milestones_earn_coupons(run: Run, env: dict[str, str], key: str) -> None:
    """Check that the line of `make run` and both of docs/events.md earn a coupon."""
    publish, see = COUPONCTL_LINE.findall(run.text)
    whole_env = {**os.environ, **env}
    token = get_player_token(run)
    check_earns_coupon(env, token, lambda: run_shell_line(publish, whole_env))
    assert "STREAK" in run_shell_line(see, whole_env)
    check_earns_coupon(
        env, token, lambda: run_shell_line(build_python_producer(env), whole_env)
    )
    check_earns_coupon(env, token, lambda: run_readme_curl(env, key))
    status = json.loads(run_shell_line("couponctl queue status --json", whole_env))
    names = {worker["name"] for worker in status["workers"]}
    assert names == WORKERS.keys()
    assert (status["bus"]["error"], status["dead_letters"]) == (None, 0)


def get_player_token(run: Run) -> str:
    """Return the token that the output shows."""
    (token,) = re.findall(r"Player token +(\S+)", run.text)
    return token


def check_earns_coupon(
    env: dict[str, str], token: str, publish: Callable[[], object]
) -> None:
    """Fail unless a new milestone soon results in one more redeemable coupon."""
    before = list_active_codes(env, token)
    publish()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (new := list_active_codes(env, token) - before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (code,) = new
    redeemed = call_query_gateway(env, token, f"redeem/{code}", {"user_id": "alice"})
    assert (redeemed["code"], redeemed["status"]) == (code, "redeemed")


def list_active_codes(env: dict[str, str], token: str) -> set[str]:
    """Return alice's active codes, as the query gateway lists them."""
    coupons = call_query_gateway(env, token, "user/alice")["coupons"]
    return {coupon["code"] for coupon in coupons if coupon["status"] == "active"}


def call_query_gateway(
    env: dict[str, str], token: str, path: str, body: Any = None
) -> Any:
    """Return the query gateway's answer to a player."""
    url = f"http://127.0.0.1:{env['QUERY_PORT']}/v1/coupons/demo/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    method = "POST" if body else "GET"
    return requests.request(
        method, url, headers=headers, json=body, timeout=TIMEOUT_SECONDS
    ).json()


def run_shell_line(
    line: str, env: dict[str, str], couponctl: Path = COUPONCTL_PATH
) -> str:
    """Run a shell line, which must succeed; return its output."""
    path = f"{couponctl.parent}:{COUPONCTL_PATH.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=PROJECT_ROOT,
        env={**env, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def build_python_producer(env: dict[str, str]) -> str:
    """Return a line that runs the producer of docs/events.md on this broker."""
    (producer,) = re.findall(r"```python\n(.*?)```", EVENTS_DOCUMENT, re.DOTALL)
    assert len([line for line in producer.splitlines() if line]) <= 10
    program = producer.replace("8003", env["BUS_PORT"])
    program = program.replace(
        "var/bus.password", f"{env['COUPON_DATA_DIR']}/bus.password"
    )
    return shlex.join(["python", "-c", program])


def run_readme_curl(env: dict[str, str], key: str) -> None:
    """Paste the curl line of docs/events.md, for this gateway."""
    (line,) = re.findall(r"^curl .*/v1/events .*$", EVENTS_DOCUMENT, re.MULTILINE)
    here = line.replace("8001", env["ADMIN_PORT"]).replace("$KEY", key)
    assert run_pasted_line(here)["status"] == "accepted"


def check_documents(env: dict[str, str], directory: Path) -> None:
    """Run every shell block of the documents in order, with commands that are forks.

    Only the refusals that the tour announces may occur: a second redeem of a code.
    """
    text = "".join((PROJECT_ROOT / name).read_text() for name in DOCUMENTS)
    script = "\n".join(["set -e", *re.findall(r"```sh\n(.*?)```", text, re.DOTALL)])
    for setting, port in (("ADMIN_PORT", 8001), ("QUERY_PORT", 8002)):
        script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{env[setting]}")
    script = script.replace(OWN_PATH, "")
    # What the documents let a reader delete by himself is not left in /tmp.
    places = {"XDG_CONFIG_HOME": env["COUPON_DATA_DIR"], "TMPDIR": str(directory)}
    with forked_couponctl(directory) as program:
        output = run_shell_line(script, {**os.environ, **env, **places}, program)
    for text in re.findall(r'\|\| echo "([^"]+)"', script):
        assert text in output, text  # the command before it has failed, as announced
    errors = re.findall(r'"error":"([^"]+)"', output)
    assert errors == ["Coupon has already been redeemed"], output
