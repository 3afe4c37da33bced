"""The examples of docstrings, and the samples of the document, on real gateways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from coupon_core.persistence import database
from tests.sdk.conftest import RunningSystem
from tests.sdk.documents import prepare_codes, read_samples
from tests.sdk.examples import ExampleRunner, list_docstrings
from tests.support.paths import PROJECT_ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
LAST_LINES = """
answer = app.test_client().post("/redeem/SAVE40", json={"user_id": "ann"})
assert answer.json == {"error": "ALREADY_REDEEMED"}, answer.json
for client in coupons, admin, fake:
    client.close()
"""
DOCSTRINGS = {name: text for name, text in list_docstrings() if ">>>" in text}


def test_the_samples_of_the_document_run(system: RunningSystem, tmp_path: Path) -> None:
    prepare_codes(system)
    database.release_connection()
    program = read_samples("docs/sdk-python.md", "python", system) + LAST_LINES
    output = run(sys.executable, program, tmp_path, system.environment)
    assert output.startswith("True None\nYou get 100 Bonus Points\n['SAVE40', ")
    assert "\n404 COUPON_NOT_FOUND " in output
    assert (tmp_path / "codes.csv").read_text().count("WINTER-") == 2_002
    assert output.endswith("GET /health 200\nhealthy\n")


def run(
    python: str | Path, program: str, directory: Path, environment: Mapping[str, str]
) -> str:
    """Run a program, which must succeed without a warning; return its output."""
    done = subprocess.run(
        [python, "-W", "error", "-c", program],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_two_signed_redeems_in_one_second_are_two(system: RunningSystem) -> None:
    code = system.tenant.issue_code(system.tenant.define(per_code_limit=9), "ann")
    database.release_connection()
    with system.open_coupons() as coupons:
        counts = [coupons.redeem(code, "ann").redemption_count for _ in range(4)]
        held = {coupons.reserve(code, "ann").reservation_id for _ in range(4)}
    assert (counts, len(held)) == ([1, 2, 3, 4], 4)


def test_the_wheels_work_in_an_empty_environment(
    system: RunningSystem, tmp_path: Path
) -> None:
    make = ["make", "--silent", "dist", f"DIST={tmp_path}"]
    subprocess.run(make, cwd=PROJECT_ROOT, check=True)
    wheels = sorted(tmp_path.glob("*.whl"))
    assert [path.name.partition("-")[0] for path in wheels] == [
        "couponctl",
        "coupons_sdk",
    ]
    assert len(list(tmp_path.glob("*.tar.gz"))) == 2
    programs = tmp_path / "env" / "bin"
    uv = [Path(sys.executable).with_name("uv"), "--quiet"]
    create = ["venv", "--python", sys.executable, programs.parent]
    subprocess.run([*uv, *create], check=True)
    pip, target = [*uv, "pip"], ["--python", programs / "python"]
    lock = ["--require-hashes", "-r", PROJECT_ROOT / "requirements.lock"]
    locked = subprocess.run(
        [*pip, "install", *target, *lock], capture_output=True, text=True
    )
    if "error sending request" in locked.stderr:
        pytest.skip("the package index cannot be reached")
    assert locked.returncode == 0, locked.stderr
    subprocess.run([*pip, "install", *target, "--no-deps", *wheels], check=True)
    subprocess.run([*pip, "check", *target], check=True)
    (empty := tmp_path / "empty").mkdir()
    for command in (
        ["--help"],
        ["db", "upgrade", "--json"],
        ["tenant", "create", "acme", "--json"],
    ):
        done = subprocess.run(
            [programs / "couponctl", *command],
            cwd=empty,
            env={"PATH": os.defpath, "HOME": str(empty)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tenant_id"] == "acme"
    program = read_samples("sdk/python/README.md", "python", system)
    output = run(programs / "python", program, empty, system.environment)
    assert output == "False COUPON_NOT_FOUND\n"


def test_every_example_shows_what_the_gateways_answer(system: RunningSystem) -> None:
    failures = []
    with system.open_admin() as admin, system.open_coupons() as coupons:
        runner = ExampleRunner(system, admin, coupons)
        for name, text in sorted(DOCSTRINGS.items(), key=rotates_secrets):
            failures += runner.run(name, text)
    assert not failures, "".join(failures)


def rotates_secrets(docstring: tuple[str, str]) -> bool:
    """Return True if the client cannot sign requests after the examples."""
    return ".keys.Secrets." in docstring[0]
