"""Milestones beside `make run`: its line and both of the README, as one pastes them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.runs import SECONDS, Run, paste
from tests.shells import COMMAND, ROOT
from workers.__main__ import WORKERS

COUPONCTL = re.compile(r"^\.venv/bin/couponctl .*$", re.MULTILINE)
README = (ROOT / "README.md").read_text()
SOON = 2.0  # seconds in which a milestone becomes a coupon


def milestones_earn_coupons(run: Run, env: dict[str, str], key: str) -> None:
    """The line of `make run` and both of the README, pasted: each earns a coupon."""
    publish, see = COUPONCTL.findall(run.text)
    there = {**os.environ, **env}
    token = alices_token(run)
    earned(env, token, lambda: sh(publish, there))
    assert "STREAK" in sh(see, there)
    earned(env, token, lambda: sh(in_python(env), there))
    earned(env, token, lambda: curl_of_readme(env, key))
    (webhook,) = re.findall(r"^.venv/bin/couponctl webhook .*$", README, re.MULTILINE)
    assert json.loads(sh(webhook, there))["is_active"]
    status = json.loads(sh("couponctl queue status --json", there))
    names = {worker["name"] for worker in status["workers"]}
    assert names == WORKERS.keys()
    assert (status["bus"]["error"], status["dead_letters"]) == (None, 0)


def alices_token(run: Run) -> str:
    """The token that is shown."""
    (token,) = re.findall(r"Player token +(\S+)", run.text)
    return token


def earned(env: dict[str, str], token: str, tell: Callable[[], object]) -> None:
    """Fail unless that tells a milestone that soon is one more coupon to redeem."""
    before = active_codes(env, token)
    tell()
    deadline = time.monotonic() + SOON
    while not (new := active_codes(env, token) - before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (code,) = new
    redeemed = called(env, token, f"redeem/{code}", {"user_id": "alice"})
    assert (redeemed["code"], redeemed["status"]) == (code, "redeemed")


def active_codes(env: dict[str, str], token: str) -> set[str]:
    """What the query gateway shows alice of her coupons."""
    coupons = called(env, token, "user/alice")["coupons"]
    return {one["code"] for one in coupons if one["status"] == "active"}


def called(env: dict[str, str], token: str, path: str, body: Any = None) -> Any:
    """What the query gateway answers a player."""
    url = f"http://127.0.0.1:{env['QUERY_PORT']}/v1/coupons/demo/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    method = "POST" if body else "GET"
    return requests.request(
        method, url, headers=headers, json=body, timeout=SECONDS
    ).json()


def sh(line: str, env: dict[str, str]) -> str:
    """What a pasted line says; it must end well."""
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env={**env, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(env: dict[str, str]) -> str:
    """A line that runs the README's producer, on this bus."""
    (producer,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in producer.splitlines() if line]) <= 10
    program = producer.replace("8003", env["BUS_PORT"])
    return shlex.join(["python", "-c", program])


def curl_of_readme(env: dict[str, str], key: str) -> None:
    """Paste the README's curl line, to this gateway."""
    (line,) = re.findall(r"^curl .*/v1/events .*$", README, re.MULTILINE)
    here = line.replace("8001", env["ADMIN_PORT"]).replace("$KEY", key)
    assert paste(here)["status"] == "accepted"


def a_creators_code_is_redeemed(env: dict[str, str]) -> None:
    """Paste what the README says of creators' codes: the last line grants gems."""
    (block,) = re.findall(r"## Creators' codes.*?```sh\n(.*?)```", README, re.DOTALL)
    (reader,) = re.findall(r"^json\(\) .*$", README, re.MULTILINE)
    lines = f"set -e\n{reader}\n{block}".replace("8002", env["QUERY_PORT"])
    told = json.loads(sh(lines, {**os.environ, **env}).splitlines()[-1])
    assert told["data"]["reward"] == [{"itemId": "gem", "itemQuantity": 100}]
    assert told["data"]["creatorKey"] == "SUN42"
