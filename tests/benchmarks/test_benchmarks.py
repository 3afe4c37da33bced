"""Tests that the benchmark measures every row and that its counts add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import wrk
from tests.benchmarks.cases import CASES
from tests.benchmarks.documentation import render_markdown
from tests.benchmarks.gunicorn import running_empty_app
from tests.benchmarks.http import build_get
from tests.benchmarks.load import LoadPlan
from tests.support.paths import PROJECT_ROOT

SHORT = "--seconds=0.15"  # of each round: a fraction of those of --quick


def run_quickly(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", SHORT, *arguments]
    done = subprocess.run(
        [*command, "--output", output], cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(output.read_text())
    return document


def test_a_quick_run_measures_every_row_and_loses_nothing(tmp_path: Path) -> None:
    document = run_quickly(tmp_path)
    assert [row["name"] for row in document["rows"]] == [row.name for row in CASES]
    assert document["counts_match"]
    assert all(runner["done"] for runner in document["runners"].values())
    table = render_markdown(document)
    assert all(f"| {row.description} |" in table for row in CASES)


def test_another_commit_is_measured_in_turn(tmp_path: Path) -> None:
    document = run_quickly(tmp_path, "--only=worker", "--against=HEAD")
    assert [row["name"] for row in document["rows"]] == ["worker_cpu"]
    ratio = document["against"]["rows"]["worker_cpu"]
    assert 0.2 < ratio["median"] < 5  # the same code, measured for a moment
    done = document["against"]["runners"]["empty"]["done"]
    assert done > 0


@pytest.mark.skipif(not wrk.can_drive(1), reason="wrk is not installed")
def test_wrk_sends_each_request_once_and_checks_bodies(tmp_path: Path) -> None:
    with running_empty_app(tmp_path, 1, is_stock=False) as server:
        endless = LoadPlan(server.port, [build_get("/", "x")], 1, repeat=True)
        outcome = wrk.drive(endless, 2)
        assert outcome.completed > 10
        assert not outcome.failures
        other_body = LoadPlan(
            server.port, [build_get("/", "x")] * 3, 1, required_bytes=b"no such body"
        )
        assert wrk.drive(other_body, 1).failures == [  # the first is never sent
            "2 answers had another body",
            "1 time the requests ran out before the end of the round",
        ]


def test_options_that_measure_nothing_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--rounds", "0"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--rounds is 0; expected a number greater than 0" in done.stderr
