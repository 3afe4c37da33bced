"""Faults of a gateway and its database, and the guarantees that must hold."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isinf
from pathlib import Path

import psycopg

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.chaos.player_clients import (
    CONNECTION_RESET,
    PlayerClients,
    issue_codes,
    running_players,
)
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.report_invariants import assert_reports_agree
from tests.support.servers import PostgresServer
from tests.support.servers.gunicorn import Gateway
from tests.support.servers.process import Process, wait_until

HEALTHY_SECONDS = 1.0
LOCK_SECONDS = 10.0
DOWNTIME_SECONDS = 3.0
MAX_RECOVERY_SECONDS = 5.0  # after the database is back (docs/performance.md)
MAX_RESPONSE_SECONDS = (
    5.0 + 1.0
)  # the gateway's limit, and extra time for a busy machine
ALLOWED_STATUSES = {200, 400, 503, CONNECTION_RESET}


@dataclass
class FaultEnvironment:
    """What a fault may break."""

    settings: Settings
    gateway: Gateway
    process: Process
    postgres: PostgresServer | None

    @property
    def database_file(self) -> Path:
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    @property
    def postgres_server(self) -> PostgresServer:
        assert self.postgres
        return self.postgres


# --------------------------------------------------------------- what may happen


def gateway_is_killed(environment: FaultEnvironment) -> None:
    """Kill the whole gateway, as in a power failure, and start it again."""
    for pid in [*list_child_pids(environment.process.pid), environment.process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    environment.process.stop(signal.SIGKILL)
    environment.process.start()


def worker_is_killed(environment: FaultEnvironment) -> None:
    """Kill one of the gateway's processes; its master starts another."""
    os.kill(list_child_pids(environment.process.pid)[0], signal.SIGKILL)


def database_is_stopped(environment: FaultEnvironment) -> None:
    _restart_database(environment, signal.SIGINT)


def database_is_killed(environment: FaultEnvironment) -> None:
    _restart_database(environment, signal.SIGKILL)


def _restart_database(
    environment: FaultEnvironment, signal_number: signal.Signals
) -> None:
    environment.postgres_server.stop(signal_number)
    time.sleep(DOWNTIME_SECONDS)
    environment.postgres_server.start()


def tables_are_held(environment: FaultEnvironment) -> None:
    """Lock the coupon table in another session, as long maintenance does."""
    with psycopg.connect(environment.settings.database_url) as held:
        held.execute("LOCK TABLE coupon IN ACCESS EXCLUSIVE MODE")
        time.sleep(LOCK_SECONDS)


def file_is_held(environment: FaultEnvironment) -> None:
    """Let another program write to the database file for long."""
    held = sqlite3.connect(environment.database_file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    time.sleep(LOCK_SECONDS)
    held.execute("ROLLBACK")
    held.close()


def disk_is_full(environment: FaultEnvironment) -> None:
    """Let every write of the gateway's processes fail as on a full disk."""
    limited = [environment.process.pid, *list_child_pids(environment.process.pid)]
    before = {pid: set_file_size_limit(pid, (0, -1)) for pid in limited}
    time.sleep(DOWNTIME_SECONDS)
    for pid, limits in before.items():
        with contextlib.suppress(ProcessLookupError):
            set_file_size_limit(pid, limits)


def set_file_size_limit(pid: int, limits: tuple[int, int]) -> tuple[int, int]:
    """Limit the file size of a process; return the previous limit."""
    import resource

    return resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def list_child_pids(pid: int) -> list[int]:
    """Return the processes that the main thread of a process has started."""
    return [
        int(pid_text)
        for pid_text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


Fault = Callable[[FaultEnvironment], None]
COMMON_FAULTS: Sequence[Fault] = (gateway_is_killed, worker_is_killed)
FAULTS: dict[str, Sequence[Fault]] = {
    "sqlite": (*COMMON_FAULTS, file_is_held, disk_is_full),
    "postgresql": (
        *COMMON_FAULTS,
        database_is_stopped,
        database_is_killed,
        tables_are_held,
    ),
}


# ---------------------------------------------------------------- what must hold


@dataclass(frozen=True)
class Outcome:
    """How the gateway and its clients fared."""

    players: PlayerClients
    recovery_seconds: float  # from the repair to the first success
    violations: Sequence[str]


def run_fault(
    environment: FaultEnvironment,
    tenant: TenantFactory,
    fault: Fault,
    *,
    codes: int = 3_000,
    patience: float = 1.0,
) -> Outcome:
    """Redeem, inject the fault, repair, redeem on, and count.

    `patience` multiplies the limits of the times.
    """
    with running_players(
        environment.gateway, tenant, issue_codes(tenant, codes)
    ) as shoppers:
        time.sleep(HEALTHY_SECONDS)
        fault(environment)
        healed_at = time.monotonic()
        deadline = healed_at + 2 * patience * MAX_RECOVERY_SECONDS
        while time.monotonic() < deadline and isinf(
            shoppers.seconds_until_success(healed_at)
        ):
            time.sleep(0.05)
        time.sleep(HEALTHY_SECONDS)
    wait_for_database()
    recovered = shoppers.seconds_until_success(healed_at)
    violations = list_violations(
        shoppers, tenant, recovery_seconds=recovered, patience=patience
    )
    return Outcome(shoppers, recovered, violations)


def wait_for_database() -> None:
    """Wait until this process's own connections work again."""

    def answers() -> bool:
        try:
            fetch_rows("SELECT 1")
        except database.UNAVAILABLE_ERRORS:
            database.database_proxy.close()
            return False
        return True

    wait_until(answers, 60, "the database")


def list_violations(
    players: PlayerClients,
    tenant: TenantFactory,
    *,
    recovery_seconds: float,
    patience: float,
) -> list[str]:
    """Return a text for each violated rule of docs/performance.md."""
    answers = players.responses
    used = count_uses_by_code(tenant)
    acknowledged = Counter(answer.code for answer in answers if answer.status == 200)
    lost = [code for code, count in acknowledged.items() if count > used.get(code, 0)]
    unknown = {
        answer.code for answer in answers if answer.status in (503, CONNECTION_RESET)
    }
    refused = (
        {answer.code for answer in answers if answer.status == 400} - unknown - {"HOT"}
    )
    unexpected = {answer.status for answer in answers} - ALLOWED_STATUSES
    without_retry_after = [
        answer for answer in answers if answer.status == 503 and not answer.retry_after
    ]
    slowest = max((answer.seconds for answer in answers), default=0.0)
    rules = {
        f"I3: {len(lost)} acknowledged uses are not stored": lost,
        f"valid codes were refused: {sorted(refused)[:3]}": refused,
        f"I12: unexpected answers {sorted(map(str, unexpected))}": unexpected,
        f"I12: {len(without_retry_after)} answers 503 without Retry-After": (
            without_retry_after
        ),
        f"an answer took {slowest:.1f} s": (slowest > patience * MAX_RESPONSE_SECONDS),
        f"recovered only after {recovery_seconds:.1f} s": (
            recovery_seconds > patience * MAX_RECOVERY_SECONDS
        ),
        "no redeem succeeded": not acknowledged,
    }
    return [
        *(description for description, bad in rules.items() if bad),
        *list_invariant_violations(),
    ]


def count_uses_by_code(tenant: TenantFactory) -> dict[str, int]:
    sql = f"""SELECT c.code, sum(c.redemption_count) FROM coupon c
        WHERE c.tenant_id = '{tenant.tenant_id}' GROUP BY c.code"""
    return {code: int(count) for code, count in fetch_rows(sql)}


def list_invariant_violations() -> list[str]:
    try:
        assert_invariants()
        assert_reports_agree()
    except AssertionError as error:
        return [str(error)[:300]]
    return []
