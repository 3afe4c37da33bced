"""Calls of all three APIs while the previous release is replaced; then reports."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path

from coupon_core.domain.models import utc_now
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.tables import to_datetime
from coupon_core.services.insight import backfill, counting
from coupon_core.settings.loader import Settings
from tests.chaos import mixed_calls, previous_tenant
from tests.chaos.earning import becomes_true
from tests.chaos.mixed_calls import Call, Router
from tests.chaos.reporting import (
    Outcome,
    Plan,
    killing_gateway,
    read_reports,
    reversing,
    sending,
)
from tests.chaos.worker_processes import (
    Broker,
    build_environment,
    declare_worker_queues,
    killing_broker,
    killing_workers,
    worker_group,
)
from tests.factories.tenant import TenantFactory
from tests.support.installations import THIS_RELEASE, Installation
from tests.support.invariants import fetch_rows
from tests.support.servers.gunicorn import gateway_server
from tests.support.servers.process import wait_until

PHASES = 4
SLOW_CLOCK_SECONDS = -30  # tokens are accepted a minute before they were issued
FAST_CLOCK_SECONDS = 660  # the backfill begins ten minutes after the upgrade
MAX_PHASE_SECONDS = 600.0
UPGRADE = ["-c", "from admin_gateway.cli import main; main()", "db", "upgrade"]
SELECT_EVENTS = """
    SELECT o.data, o.event_type,
        CASE WHEN o.occurred_at >= b.cut_over_at THEN 'after'
            WHEN CAST(o.event_id AS text) >= '{first_id}' THEN 'late'
            ELSE 'before' END
    FROM outbox o JOIN report_backfill b ON b.tenant_id = o.tenant_id
    WHERE o.event_type IN ('coupon.redeemed', 'coupon.refunded', 'redemption.reversed')
"""
REQUIRED_EVENTS = {
    *product(["old"], ["coupon.redeemed"], ["before", "late", "after"]),
    *product(["old"], ["redemption.reversed"], ["before", "after"]),
    *product(["new"], ["coupon.redeemed", "redemption.reversed"], ["after"]),
}


@dataclass
class UpgradeOutcome(Outcome):
    """Also the uses and returns by release, type of event, and when they occurred.

    That is `before` or `after` the cut-over, or `late`: before it by a slow clock.
    """

    events: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused_by_new: int = 0  # of redeems, purchases and refunds

    @property
    def missing_events(self) -> set[tuple[str, str, str]]:
        """The kinds of events without which the trial says little."""
        return REQUIRED_EVENTS - self.events.keys()

    @property
    def errors(self) -> set[int | str]:
        """The answers that no client may get, unless a gateway was killed."""
        return {status for _, status in self.answers} - {200, 400, 404}


@dataclass
class Trial:
    """What the steps of the trial share."""

    settings: Settings
    plan: Plan
    tenant: TenantFactory
    outcome: UpgradeOutcome = field(default_factory=UpgradeOutcome)
    query: Router = field(default_factory=Router)
    admin: Router = field(default_factory=Router)
    call_count: int = 0
    has_ended: bool = False

    def iterate(self, calls: Iterator[Call]) -> Iterator[Call]:
        """Yield and count the calls until the trial has ended."""
        for call in calls:
            if self.has_ended:
                return
            self.call_count += 1
            yield call

    def wait_for_calls(self) -> None:
        """Wait until the calls of a phase have been sent."""
        end = self.call_count + self.plan.calls // PHASES
        wait_until(
            lambda: self.call_count >= end, MAX_PHASE_SECONDS, f"call number {end}"
        )

    def reverse(self, redemption_id: int) -> None:
        """Give a use back through the admin API."""
        path = f"/v1/tenants/{self.tenant.tenant_id}/redemptions/{redemption_id}"
        body = {"reason": "mistake"}
        self.admin.send(("POST", f"{path}/reverse", body, self.tenant.api_key))

    def serve(self, stack: ExitStack, installations: Sequence[Installation]) -> None:
        """Start a query gateway of each, an admin gateway and a relay of the first."""
        first = installations[0]
        stack.enter_context(worker_group("relay", 1, self.settings, first))
        for router, app, each in (
            (self.admin, "admin_gateway", first),
            *((self.query, "query_gateway", each) for each in installations),
        ):
            home = Path(tempfile.mkdtemp(dir=self.settings.data_dir))
            server = gateway_server(app, self.settings, home, installation=each)
            router.gateways.append(stack.enter_context(server))


def upgrade_under_load(
    settings: Settings, broker: Broker, previous: Installation, plan: Plan
) -> UpgradeOutcome:
    """Upgrade an empty database from the previous release while calls are sent.

    Every call of a phase is sent before the next step.
    """
    tenant, credentials = previous_tenant.create_with(previous, settings, plan.users)
    calls = mixed_calls.build_calls(tenant.tenant_id, credentials, plan.users)
    declare_worker_queues(broker)
    trial = Trial(settings, plan, tenant)
    with ExitStack() as new, ExitStack() as old:
        slow = replace(previous, clock_offset_seconds=SLOW_CLOCK_SECONDS)
        trial.serve(old, [previous, slow])
        with (
            sending(trial.query.send, trial.iterate(calls), plan, trial.outcome),
            reversing(tenant, plan, trial.reverse),
            ExitStack() as kills,
        ):
            try:
                _replace_release(trial, old, new, kills, broker)
            finally:
                trial.has_ended = True
        assert becomes_true(_is_counted, plan.timeout_seconds)
    trial.outcome.refused_by_new = sum(
        count
        for (gateway, method, status), count in trial.query.answers.items()
        if gateway in trial.query.gateways and method == "POST" and status != 200
    )
    read_reports(tenant, trial.outcome)
    ((cut_over_at,),) = fetch_rows("SELECT cut_over_at FROM report_backfill")
    first_id = get_min_id_at(to_datetime(cut_over_at))
    for data, *kind in fetch_rows(SELECT_EVENTS.format(first_id=first_id)):
        # The previous release does not store the creator in events.
        release = "new" if "creator_key" in json.loads(data) else "old"
        trial.outcome.events[release, *kind] += 1
    return trial.outcome


def _replace_release(
    trial: Trial, old: ExitStack, new: ExitStack, kills: ExitStack, broker: Broker
) -> None:
    """Upgrade the schema, start this release, and stop the previous one."""
    plan, settings, outcome = trial.plan, trial.settings, trial.outcome
    old_query, old_admin = list(trial.query.gateways), list(trial.admin.gateways)
    has_kills, pauses = plan.kill_interval_seconds > 0, plan.kill_pauses
    if has_kills:
        old.enter_context(killing_gateway(settings, old_query[0], plan, outcome))
        deaths = kills.enter_context(killing_broker(broker, pauses[1], 1))
    trial.wait_for_calls()
    environment = build_environment(settings) | THIS_RELEASE.build_environment()
    subprocess.run([sys.executable, *UPGRADE], env=environment, check=True)
    trial.wait_for_calls()
    trial.serve(new, [THIS_RELEASE])
    counters = new.enter_context(worker_group("counter", 2, settings))
    if has_kills:
        kills.enter_context(killing_workers(counters, pauses, random.Random(1)))
        gateway = trial.query.gateways[-1]
        kills.enter_context(killing_gateway(settings, gateway, plan, outcome))
    trial.wait_for_calls()
    trial.query.withdraw(old_query)
    trial.admin.withdraw(old_admin)
    old.close()
    fast = Installation(clock_offset_seconds=FAST_CLOCK_SECONDS)
    sweepers = new.enter_context(worker_group("sweeper", 1, settings, fast))
    if has_kills:
        kills.enter_context(killing_workers(sweepers, pauses, random.Random(2)))
    trial.wait_for_calls()
    if has_kills:
        outcome.kills["broker"] = len(deaths)
        outcome.kills["worker"] = counters.kill_count + sweepers.kill_count


def _is_counted() -> bool:
    """Return True if every event is counted, and all uses before the upgrade."""
    now = utc_now()
    return not (
        counting.measure(now)[0] or backfill.list_due_tenants(now + timedelta(days=1))
    )
