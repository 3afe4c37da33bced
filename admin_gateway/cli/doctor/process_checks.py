"""The check of `couponctl doctor` that what runs is complete."""

from collections import Counter

from admin_gateway.cli.doctor.findings import Findings, fail, ok, warn
from coupon_core.messaging import health_check
from coupon_core.persistence import diagnostics, running_processes
from coupon_core.settings.loader import Settings

NO_WORKERS_ADVICE = (
    "Start `couponctl serve workers`: until then, no event is published, counted or "
    "delivered, and batches and milestones wait."
)
NO_BUS_ADVICE = (
    "Start `couponctl serve bus`, or set COUPON_BROKER_URL of all processes to a bus "
    "that runs: until then, no event is published, and batches and milestones wait."
)


def check_processes(settings: Settings) -> Findings:
    """Report gateways without workers, and processes without the embedded bus."""
    try:
        running = running_processes.list_running(running_processes.read_clock())
    except diagnostics.DATABASE_ERRORS:
        return  # check_database reports this error
    counts = Counter(process.program for process in running)
    found = ", ".join(f"{program}: {counts[program]}" for program in sorted(counts))
    has_bus = not settings.is_broker_embedded or health_check.is_reachable(
        settings.broker_url
    )
    if counts and not has_bus:
        yield fail("processes", f"{found}, bus: 0", NO_BUS_ADVICE)
    elif counts["gateway"] and not counts["workers"]:
        yield warn("processes", f"{found}, workers: 0", NO_WORKERS_ADVICE)
    elif counts:
        yield ok("processes", found)
