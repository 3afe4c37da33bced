"""Tests that the benchmark measures every row and that its counts add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.cases import CASES
from tests.benchmarks.documentation import render_markdown
from tests.support.paths import PROJECT_ROOT


def run_quickly(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", *arguments]
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
    document = run_quickly(tmp_path, "--only=worker", "--against=HEAD", "--rounds=2")
    assert [row["name"] for row in document["rows"]] == ["worker_cpu"]
    ratio = document["against"]["rows"]["worker_cpu"]
    assert 0.2 < ratio["median"] < 5  # the same code, measured for a moment
    done = document["against"]["runners"]["empty"]["done"]
    assert done > 0
