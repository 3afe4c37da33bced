"""Calls of all three APIs while everything but the database is killed; then reports."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Any

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.reports import (
    ReportFilter,
    ReportInterval,
    TopBy,
)
from coupon_core.domain.report_counts import ALL_CREATORS, Counts
from coupon_core.services.insight import counting, reports
from coupon_core.services.insight.reports import ReportRequest
from coupon_core.services.points import reversals
from coupon_core.settings.loader import Settings
from tests.chaos import mixed_calls
from tests.chaos.earning import becomes_true
from tests.chaos.faults import (
    FaultEnvironment,
    gateway_is_killed,
    worker_is_killed,
)
from tests.chaos.player_clients import CONNECTION_RESET, RESPONSE_TIMEOUT_SECONDS
from tests.chaos.worker_processes import (
    Broker,
    WorkerGroup,
    declare_worker_queues,
    killing_broker,
    killing_workers,
    worker_group,
)
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import running_in_threads
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.report_invariants import assert_counts_equal_rows, list_uses
from tests.support.servers.gunicorn import Gateway, gateway_server

UNAVAILABLE = (503, CONNECTION_RESET)
GATEWAY_FAULTS = (worker_is_killed, gateway_is_killed)
MAX_SECONDS = 1_800.0  # a gateway that is not restarted must not hang the test


@dataclass(frozen=True)
class Plan:
    """How many calls by how many clients, and how often something is killed."""

    calls: int  # that are answered
    clients: int = 6
    users: int = 200
    kill_interval_seconds: float = 3.0  # 0: nothing is killed
    reversal_interval_seconds: float = 0.05
    call_interval_seconds: float = 0.0  # of each client
    timeout_seconds: float = 60.0

    @property
    def kill_pauses(self) -> tuple[float, float]:
        """The shortest and the longest pause between two kills of workers."""
        return 0.5 * self.kill_interval_seconds, self.kill_interval_seconds


@dataclass
class Outcome:
    """The answers, what was killed, and what the reports show afterwards."""

    answers: Counter[tuple[str, int | str]] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    totals: Counts = field(default_factory=Counts)
    uses: int = 0
    returns: int = 0

    @property
    def answered(self) -> int:
        """The number of calls that were answered."""
        return self._count(lambda name, status: True)

    @property
    def validated(self) -> int:
        """The number of validations that were answered."""
        return self._count(lambda name, status: name == "validate")

    @property
    def refused(self) -> int:
        """The number of other calls that were refused."""
        return self._count(lambda name, status: name != "validate" and status != 200)

    def _count(self, is_meant: Callable[[str, int | str], bool]) -> int:
        return sum(
            count
            for (name, status), count in self.answers.items()
            if status not in UNAVAILABLE and is_meant(name, status)
        )


def report_with_kills(
    settings: Settings, broker: Broker, tenant: TenantFactory, plan: Plan
) -> Outcome:
    """Send all calls while killing, wait until all is counted, and read the reports."""
    outcome, credentials = Outcome(), mixed_calls.prepare_tenant(tenant, plan.users)
    calls = mixed_calls.build_calls(tenant.tenant_id, credentials, plan.users)
    declare_worker_queues(broker)
    home = settings.data_dir / "gateway"
    home.mkdir(parents=True)
    with ExitStack() as stack:
        gateway = stack.enter_context(gateway_server("query_gateway", settings, home))
        counters = stack.enter_context(worker_group("counter", 2, settings))
        relays = stack.enter_context(worker_group("relay", 1, settings))
        with ExitStack() as kills:
            if plan.kill_interval_seconds:
                pauses = plan.kill_pauses
                kills.enter_context(killing_workers(counters, pauses, random.Random(1)))
                kills.enter_context(killing_workers(relays, pauses, random.Random(2)))
                deaths = kills.enter_context(killing_broker(broker, pauses[1], 1))
                kills.enter_context(killing_gateway(settings, gateway, plan, outcome))
            kills.enter_context(reversing(tenant, plan, partial(_reverse, tenant)))
            has_kills = partial(_has_kills, plan, outcome, [counters, relays])
            due = _iterate_until_answered(calls, plan, outcome, has_kills)
            with sending(partial(mixed_calls.send, gateway), due, plan, outcome):
                pass
        if plan.kill_interval_seconds:
            outcome.kills["broker"] = len(deaths)
        outcome.kills["worker"] = counters.kill_count + relays.kill_count
        assert becomes_true(
            lambda: not counting.measure(utc_now())[0], plan.timeout_seconds
        )
    read_reports(tenant, outcome)
    return outcome


def _has_kills(plan: Plan, outcome: Outcome, workers: list[WorkerGroup]) -> bool:
    """Return True if all that the plan wants killed was killed."""
    return not plan.kill_interval_seconds or (
        len(outcome.kills) == len(GATEWAY_FAULTS)
        and all(group.kill_count for group in workers)
    )


def _iterate_until_answered(
    calls: Iterator[mixed_calls.Call],
    plan: Plan,
    outcome: Outcome,
    has_kills: Callable[[], bool],
) -> Iterator[mixed_calls.Call]:
    """Yield calls until enough are answered, not merely sent.

    While a gateway starts, calls fail within milliseconds.
    """
    deadline = time.monotonic() + MAX_SECONDS
    while time.monotonic() < deadline and not (
        outcome.answered >= plan.calls and has_kills()
    ):
        yield next(calls)


def killing_gateway(
    settings: Settings, gateway: Gateway, plan: Plan, outcome: Outcome
) -> Any:
    """Kill one process of a gateway and the whole gateway in turn."""
    environment = FaultEnvironment(settings, gateway, gateway.process, postgres=None)

    def work(stop: Event) -> None:
        faults = list(GATEWAY_FAULTS)
        while not stop.wait(plan.kill_interval_seconds):
            with suppress(IndexError, ProcessLookupError):  # it is just starting
                faults[0](environment)
                outcome.kills[faults[0].__name__] += 1
            faults.reverse()

    return running_in_threads([work], 60)


def reversing(
    tenant: TenantFactory, plan: Plan, reverse: Callable[[int], object]
) -> Any:
    """Give uses back now and then, and at the end, but never the latest use."""
    sql = f"""SELECT redemption_id FROM redemption
        WHERE tenant_id = '{tenant.tenant_id}' AND refunded_at IS NULL
        ORDER BY redemption_id DESC LIMIT 1 OFFSET 1"""

    def work(stop: Event) -> None:
        has_ended = False
        while not has_ended:
            has_ended = stop.wait(plan.reversal_interval_seconds)
            for (redemption_id,) in fetch_rows(sql):
                reverse(redemption_id)

    return running_in_threads([work], 60)


def _reverse(tenant: TenantFactory, redemption_id: int) -> None:
    reversals.reverse(tenant.tenant_id, redemption_id, reason="mistake", now=utc_now())


@contextmanager
def sending(
    send: Callable[[mixed_calls.Request], int | str],
    calls: Iterator[mixed_calls.Call],
    plan: Plan,
    outcome: Outcome,
) -> Iterator[None]:
    """Let the clients of the plan send calls beside the block until none is left."""
    lock, ended = Lock(), [Event() for _ in range(plan.clients)]

    def work(number: int) -> None:
        try:
            while True:
                with lock:
                    call = next(calls, None)
                if call is None:
                    return
                status = send(call[1])
                with lock:
                    outcome.answers[call[0], status] += 1
                time.sleep(plan.call_interval_seconds)
        finally:
            ended[number].set()

    works = [lambda _, number=number: work(number) for number in range(plan.clients)]
    with running_in_threads(works, RESPONSE_TIMEOUT_SECONDS + 5):
        yield
        for event in ended:
            event.wait()


def read_reports(tenant: TenantFactory, outcome: Outcome) -> None:
    """Check every report against the rows, and keep the totals."""
    assert_invariants()
    assert_counts_equal_rows()
    now, tenant_id = utc_now(), tenant.tenant_id
    uses = Counter(
        (definition_id, name)
        for owner_id, definition_id, _, creator_key, _, name in list_uses()
        if owner_id == tenant_id and creator_key != ALL_CREATORS
    )
    definition_ids = {definition_id for definition_id, _ in uses}
    for definition_id in definition_ids:
        is_all = set(definition_id) <= {"0", "-"}
        filters = ReportFilter(definition_id=None if is_all else definition_id)
        request = ReportRequest(filters=filters)
        expected = uses[definition_id, "redeemed"], uses[definition_id, "reversed"]
        for interval in ReportInterval.HOUR, ReportInterval.DAY, ReportInterval.MONTH:
            totals = reports.report_redemptions(
                tenant_id, request, interval, now
            ).totals
            assert (totals.redeemed, totals.reversed) == expected
        if is_all:
            outcome.totals, (outcome.uses, outcome.returns) = totals, expected
            refusals = reports.report_refusals(tenant_id, request, now).totals
            assert totals.refused == refusals.refused
            for by in TopBy.DEFINITION, TopBy.USER:
                top = reports.report_top(tenant_id, request, by, limit=1_000, now=now)
                found = [(row.redeemed, row.reversed) for row in top.rows]
                assert tuple(map(sum, zip(*found, strict=True))) == expected, by
