"""Tests that the benchmark measures every row and that its counts add up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.cases import CASES
from tests.support.paths import PROJECT_ROOT


def test_a_quick_run_measures_every_row_and_loses_nothing(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--output", output]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    document = json.loads(output.read_text())
    assert [row["name"] for row in document["rows"]] == [row.name for row in CASES]
    assert document["counts_match"]
    assert all(runner["done"] for runner in document["runners"].values())
