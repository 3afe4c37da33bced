"""The trials of `make chaos`: load, kills, and a summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.loader import Settings
from tests.chaos import (
    batching,
    delivering,
    earning,
    guessing,
    reporting,
    upgrading,
)
from tests.chaos.redelivery import measure_redelivery
from tests.chaos.worker_processes import Broker
from tests.factories.tenant import create_tenant
from tests.support.installations import (
    PREVIOUS_RELEASE_ADVICE,
    export_previous_release,
    find_previous_release,
)
from tests.support.servers import (
    RabbitServer,
)

TrialResult = tuple[bool, str]
# The p99 of an honest player beside guessers: an absolute limit, and one relative to
# the p99 beside as many ordinary callers.
MAX_P99_MILLISECONDS, MAX_SLOWDOWN_FACTOR = 100, 1.5
MAX_COST_FACTOR = 1.1  # of a validation's CPU; runs differ by a few hundredths


def run_earning_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Send milestones while workers and brokers are killed."""
    plan = earning.Plan(events=10_000, seconds=30, broker_up_seconds=10)
    tenant = create_tenant()
    feed, outcome = earning.earn_with_kills(settings, broker, tenant, plan)
    missing = feed.users - outcome.coupons.keys()
    twice = [user for user, count in outcome.coupons.items() if count > 1]
    buried = set(outcome.dead_letter_bodies)
    is_good = not (missing or twice) and buried == feed.poison
    return is_good, (
        f"{plan.events} events, {outcome.coupons.total()} coupons of "
        f"{len(feed.users)} ({len(missing)} missing, {len(twice)} duplicated), "
        f"{len(buried)} of {len(feed.poison)} poison messages dead-lettered; "
        f"{outcome.workers_killed} workers and {outcome.brokers_killed} brokers "
        f"killed; processed {outcome.seconds_after:.1f} s after the last event"
    )


def run_delivery_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Redeem while relays and brokers are killed."""
    plan = delivering.Plan(redemptions=5_000, seconds=40)
    used, outcome = delivering.deliver_with_kills(
        settings, broker, create_tenant(), plan
    )
    doubled = outcome.events.total() - len(outcome.events)
    missing = used - outcome.events.keys()
    is_good = not missing and doubled < 0.05 * len(used) and outcome.seconds_after <= 30
    return is_good, (
        f"{len(used)} redeems (slowest: {outcome.slowest_ms:.0f} ms), "
        f"{len(outcome.events)} events, {len(missing)} missing, "
        f"{doubled} duplicated "
        f"({doubled / len(used):.1%}); {outcome.relays_killed} relays and "
        f"{outcome.brokers_killed} brokers killed; outbox empty "
        f"{outcome.seconds_after:.1f} s after the last redeem"
    )


def run_redelivery_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Measure how soon a killed worker's message is redelivered."""
    redelivery = measure_redelivery(settings, create_tenant(), 120)
    is_rabbit = isinstance(broker, RabbitServer)
    is_good = (
        redelivery.after_successor <= 2 if is_rabbit else redelivery.after_death <= 90
    )
    return is_good, (
        f"redelivered {redelivery.after_death:.1f} s after its worker was killed, "
        f"{redelivery.after_successor:.1f} s after its successor started"
    )


def run_batch_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Generate a million coupons while workers are killed."""
    plan = batching.Plan(coupons=1_000_000)
    outcome = batching.generate_with_kills(settings, create_tenant(), plan)
    requested = plan.coupons
    is_good = (outcome.coupons, outcome.codes, outcome.completion_events) == (
        requested,
        requested,
        1,
    )
    return is_good and outcome.batch.state == "completed", (
        f"{outcome.coupons:,} coupons with {outcome.codes:,} codes of {requested:,}; "
        f"{outcome.batch.state}, {outcome.completion_events} completion events; "
        f"{outcome.kills} workers killed; {outcome.seconds:.0f} s"
    )


def run_guessing_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Measure how code guessing affects honest players."""
    url = IN_MEMORY_URL if isinstance(broker, RabbitServer) else broker.url
    plan = guessing.Plan(
        100_000,
        unassigned_codes=10_000,
        honest_redemptions=800,
        rounds=8,
        check_latency=True,
    )
    outcome = guessing.measure_guessing(
        replace(settings, redis_url=url), create_tenant(), plan
    )
    allowed = outcome.budget * (
        2 if url == IN_MEMORY_URL else 1
    )  # the budget applies to each of two processes
    alone, beside_callers, beside_guessers = (
        outcome.alone,
        outcome.beside_callers,
        outcome.beside_guessers,
    )
    unharmed = beside_guessers.p99_ms <= min(
        MAX_P99_MILLISECONDS, MAX_SLOWDOWN_FACTOR * beside_callers.p99_ms
    )
    is_good = (
        unharmed and beside_guessers.cost_us <= MAX_COST_FACTOR * beside_callers.cost_us
    )
    return is_good and outcome.is_good(allowed), (
        f"{beside_guessers.answers.total():,} guesses, "
        f"{outcome.evaluated} evaluated of "
        f"{allowed} allowed, {beside_guessers.answers[200]} hits; "
        f"p99 of an honest redeem: {beside_guessers.p99_ms:.0f} ms beside "
        f"{beside_guessers.rate:.0f} guesses/s of {beside_guessers.cost_us:.0f} µs, "
        f"{beside_callers.p99_ms:.0f} ms beside {beside_callers.rate:.0f} "
        f"validations/s of {beside_callers.cost_us:.0f} µs, "
        f"{alone.p99_ms:.0f} ms alone"
    )


def run_report_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Call all three APIs, first without and then with kills, and read the reports."""
    calm, killed = (
        reporting.report_with_kills(
            replace(settings, gateway_workers=2, data_dir=settings.data_dir / name),
            broker,
            create_tenant(now=None),
            reporting.Plan(calls, kill_interval_seconds=pause),
        )
        for name, calls, pause in (("calm", 5_000, 0.0), ("killed", 20_000, 3.0))
    )
    is_good = abs(calm.totals.refused - calm.refused) <= 0.01 * calm.refused
    return is_good and calm.totals.validated == calm.validated, (
        f"{killed.answers.total():,} calls, {killed.uses:,} uses and "
        f"{killed.returns:,} returns, all in each report; {_describe_kills(killed)}; "
        f"{killed.totals.refused:,} of {killed.refused:,} refusals reported, "
        f"{calm.totals.refused:,} of {calm.refused:,} when nothing was killed"
    )


def run_upgrade_trial(settings: Settings, broker: Broker) -> TrialResult:
    """Replace the previous release under load while everything is killed."""
    commit = find_previous_release()
    if not commit:
        return True, f"not run: {PREVIOUS_RELEASE_ADVICE}"
    previous = export_previous_release(commit, settings.data_dir)
    outcome = upgrading.upgrade_under_load(
        settings,
        broker,
        previous,
        reporting.Plan(calls=20_000, users=1_000, timeout_seconds=120),
    )
    errors = outcome.errors - set(reporting.UNAVAILABLE)
    old_late = outcome.events["old", "coupon.redeemed", "late"]
    old_after = outcome.events["old", "coupon.redeemed", "after"]
    return not (errors or outcome.missing_events), (
        f"{outcome.answers.total():,} calls, {outcome.uses:,} uses and "
        f"{outcome.returns:,} returns, all in each report; the previous release "
        f"stored {old_after:,} uses after the cut-over, and {old_late:,} by a slow "
        f"clock; {_describe_kills(outcome)}; {len(errors)} unexpected answers"
    )


def _describe_kills(outcome: reporting.Outcome) -> str:
    kills = (f"{count} {name}" for name, count in outcome.kills.items())
    return f"killed: {', '.join(kills)}"


UPGRADE_NAME = "upgrade"  # begins with a database without tables
TRIALS: dict[str, Callable[[Settings, Broker], TrialResult]] = {
    "earn": run_earning_trial,
    "deliver": run_delivery_trial,
    "redo": run_redelivery_trial,
    "batch": run_batch_trial,
    "guess": run_guessing_trial,
    "report": run_report_trial,
    UPGRADE_NAME: run_upgrade_trial,
}
