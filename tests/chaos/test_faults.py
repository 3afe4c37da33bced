"""Short versions of the faults that `make chaos` injects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.environments import running_environment
from tests.chaos.faults import (
    FAULTS,
    Fault,
    Outcome,
    database_is_killed,
    database_is_stopped,
    disk_is_full,
    gateway_is_killed,
    run_fault,
    worker_is_killed,
)
from tests.factories.tenant import create_tenant

pytestmark = pytest.mark.slow
QUICK = [
    ("sqlite", gateway_is_killed),
    ("sqlite", disk_is_full),
    ("postgresql", worker_is_killed),
    ("postgresql", database_is_killed),
]
CAUGHT_BY = {
    "answers_early": gateway_is_killed,
    "tells_later": gateway_is_killed,
    "fails_loudly": database_is_stopped,
    "does_not_say_when": database_is_stopped,
}


def borne(database: str, fault: Fault, home: Path, app: str) -> Outcome:
    """Inject a fault and return its outcome."""
    with running_environment(database, home, app) as environment:
        return run_fault(environment, create_tenant(), fault, patience=3)


@pytest.mark.parametrize(("database", "fault"), QUICK)
def test_a_fault_is_borne(tmp_path: Path, database: str, fault: Fault) -> None:
    assert (
        borne(database, fault, tmp_path, "query_gateway:create_app()").violations == []
    )


@pytest.mark.parametrize("saboteur", CAUGHT_BY)
def test_a_saboteur_is_caught(tmp_path: Path, saboteur: str) -> None:
    fault: Callable[..., None] = CAUGHT_BY[saboteur]
    app = f"tests.chaos.mutant_gateways:{saboteur}()"
    assert borne("postgresql", fault, tmp_path, app).violations != []


def test_each_fault_has_its_place() -> None:
    assert {fault for _, fault in QUICK} <= {
        fault for faults_of_database in FAULTS.values() for fault in faults_of_database
    }
