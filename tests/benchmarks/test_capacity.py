"""Tests of the capacity model: its arithmetic, and its result in the document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.capacity import (
    MEASURED_COSTS,
    RATES,
    Assumptions,
    Costs,
    find_slots,
    format_plans,
    main,
    plan_machines,
    predict_rate,
    read_costs,
)
from tests.support.paths import PROJECT_ROOT

# One second of CPU for each redeem, without validates, and all of each core in use.
SIMPLE = Assumptions(
    cores_per_gateway=1,
    cores_per_database=2,
    utilization=1.0,
    validates_per_redeem=0.0,
    events_per_relay=5,
)


def test_machines_follow_from_costs() -> None:
    costs = Costs(gateway=1_000_000, postgresql=500_000)
    plan = plan_machines(10, costs, SIMPLE)
    assert (plan.gateways, plan.databases, plan.relays) == (10, 3, 2)
    half_used = replace(SIMPLE, utilization=0.5)
    assert plan_machines(10, costs, half_used).gateways == 20
    with_validates = replace(
        SIMPLE, validates_per_redeem=1.0, validate_gateway_share=0.7
    )
    assert plan_machines(10, costs, with_validates).gateways == 17


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--cores", "0"], "--cores 0: expected 1 or more"),
        (
            ["--bench", "missing.json"],
            "--bench missing.json is no result of make bench",
        ),
        (["--bench", "pyproject.toml"], "--bench pyproject.toml is no result"),
    ],
)
def test_wrong_options_are_explained(
    arguments: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(PROJECT_ROOT)
    monkeypatch.setattr("sys.argv", ["capacity", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert expected in capsys.readouterr().err


def test_one_code_is_limited_by_its_counter_and_by_the_commit() -> None:
    assert find_slots(1_000, Assumptions()) == 1
    assert find_slots(1_001, Assumptions()) == 4  # 1 ms for each commit
    assert find_slots(1_001, Assumptions(synchronous_commit_seconds=0.0001)) == 1
    assert find_slots(5_478, Assumptions()) is None


def test_costs_are_read_from_a_benchmark(tmp_path: Path) -> None:
    redeem = {
        "cpu_us_by_server": {"gunicorn": 700.0, "postgresql": 250.0},
        "client_cpu_us": 50.0,
        "per_second": {"median": 1_900.0},
    }
    path = tmp_path / "bench.json"
    path.write_text(json.dumps({"runners": {"redeem": redeem}}))
    costs, rate = read_costs(path)
    assert (costs, rate) == (Costs(700.0, 250.0, client=50.0), 1_900.0)
    assert predict_rate(costs, cores=2) == pytest.approx(2_000)


def test_the_document_shows_the_result() -> None:
    plans = [plan_machines(rate, MEASURED_COSTS, Assumptions()) for rate in RATES]
    table = format_plans(plans, Assumptions())
    assert table in (PROJECT_ROOT / "docs" / "scaling.md").read_text()
