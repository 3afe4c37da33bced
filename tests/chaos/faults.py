"""What may happen to a gateway and its database, and what must hold all the same."""

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
from tests.support.servers import PostgresServer
from tests.support.servers.gunicorn import Gateway
from tests.support.servers.process import Process, wait_until

HEALTHY_SECONDS = 1.0
LOCK_SECONDS = 10.0
DOWNTIME_SECONDS = 3.0
MAX_RECOVERY_SECONDS = 5.0  # LIMITS 3: the database is back, and so are we
MAX_RESPONSE_SECONDS = (
    5.0 + 1.0
)  # a promise of the gateway's, and a busy machine's grace
ALLOWED_STATUSES = {200, 400, 503, CONNECTION_RESET}


@dataclass
class FaultEnvironment:
    """What can be broken."""

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
    """All of it, as in a power cut; then it is started again."""
    for pid in [*list_child_pids(environment.process.pid), environment.process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    environment.process.stop(signal.SIGKILL)
    environment.process.start()


def worker_is_killed(environment: FaultEnvironment) -> None:
    """One of the gateway's processes; its master hires another."""
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
    """A session holds the coupons, as a long maintenance would."""
    with psycopg.connect(environment.settings.database_url) as held:
        held.execute("LOCK TABLE coupon IN ACCESS EXCLUSIVE MODE")
        time.sleep(LOCK_SECONDS)


def file_is_held(environment: FaultEnvironment) -> None:
    """Another program writes to the file for long."""
    held = sqlite3.connect(environment.database_file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    time.sleep(LOCK_SECONDS)
    held.execute("ROLLBACK")
    held.close()


def disk_is_full(environment: FaultEnvironment) -> None:
    """As far as the gateway's processes can tell: no file of theirs may grow."""
    limited = [environment.process.pid, *list_child_pids(environment.process.pid)]
    before = {pid: set_file_size_limit(pid, (0, -1)) for pid in limited}
    time.sleep(DOWNTIME_SECONDS)
    for pid, limits in before.items():
        with contextlib.suppress(ProcessLookupError):
            set_file_size_limit(pid, limits)


def set_file_size_limit(pid: int, limits: tuple[int, int]) -> tuple[int, int]:
    """Set how large a file of a process may become; gives what it was."""
    import resource

    return resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def list_child_pids(pid: int) -> list[int]:
    """The processes that a process has started; those of threads aside."""
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
    """How a fault was borne."""

    players: PlayerClients
    recovery_seconds: float  # seconds from the healing to the first success
    violations: Sequence[str]


def run_fault(
    environment: FaultEnvironment,
    tenant: TenantFactory,
    fault: Fault,
    codes: int = 3_000,
) -> Outcome:
    """Redeem, break, heal, redeem on; then count."""
    with running_players(
        environment.gateway, tenant, issue_codes(tenant, codes)
    ) as shoppers:
        time.sleep(HEALTHY_SECONDS)
        fault(environment)
        healed_at = time.monotonic()
        deadline = healed_at + 2 * MAX_RECOVERY_SECONDS
        while time.monotonic() < deadline and isinf(
            shoppers.seconds_until_success(healed_at)
        ):
            time.sleep(0.05)
        time.sleep(HEALTHY_SECONDS)
    wait_for_database()
    recovered = shoppers.seconds_until_success(healed_at)
    return Outcome(shoppers, recovered, list_violations(shoppers, tenant, recovered))


def wait_for_database() -> None:
    """Until this process's own connections are good again."""

    def answers() -> bool:
        try:
            fetch_rows("SELECT 1")
        except database.UNAVAILABLE_ERRORS:
            database.database_proxy.close()
            return False
        return True

    wait_until(answers, 30, "the database")


def list_violations(
    players: PlayerClients, tenant: TenantFactory, recovery_seconds: float
) -> list[str]:
    """The rules of LIMITS 2 and 3 that did not hold, in words."""
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
        f"good codes were refused: {sorted(refused)[:3]}": refused,
        f"I12: answered {sorted(map(str, unexpected))}": unexpected,
        f"I12: {len(without_retry_after)} times 503 without Retry-After": (
            without_retry_after
        ),
        f"an answer took {slowest:.1f} s": slowest > MAX_RESPONSE_SECONDS,
        f"served again only after {recovery_seconds:.1f} s": (
            recovery_seconds > MAX_RECOVERY_SECONDS
        ),
        "no use at all": not acknowledged,
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
    except AssertionError as error:
        return [str(error)[:300]]
    return []
