"""`couponctl queue`: status of the bus, the outbox and the workers."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import rich_click as click

from admin_gateway.cli.output import exit_with_failure, json_command
from admin_gateway.cli.tables import print_members
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.url_redaction import remove_credentials
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.observability.heartbeats import list_heartbeats
from coupon_core.services import outbox
from coupon_core.services.events import dead_letters
from coupon_core.settings import loader


@click.group()
def queue() -> None:
    """Queues of the bus, the outbox, and the workers."""


@queue.command()
@json_command(render=lambda report: print_members(dict(_format_lines(report))))
def status() -> dict[str, Any]:
    """Show waiting messages, the outbox, dead letters, and workers.

    Lists the workers that share this data directory. Exit status 1 if the bus does
    not answer.

    Example: `couponctl queue status --json`
    """
    settings = loader.load(creates_secrets=False)
    bus, queues = _inspect_broker(settings.broker_url)
    if bus["error"]:
        exit_with_failure()
    pending, seconds = outbox.measure_backlog(utc_now())
    return {
        "bus": bus,
        "queues": queues,
        "outbox": {"pending": pending, "oldest_seconds": round(seconds, 1)},
        "dead_letters": dead_letters.list_dead_letters(None, Page(limit=1))[1],
        "workers": [asdict(each) for each in list_heartbeats(settings.data_dir)],
    }


def _inspect_broker(url: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from coupon_core.messaging import inspection  # imports kombu, which is slow

    bus = {"url": remove_credentials(url), "error": None}
    try:
        return bus, [asdict(depth) for depth in inspection.queue_depths(url)]
    except BrokerUnavailable as error:
        return {**bus, "error": str(error)}, []


def _format_lines(report: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "bus", report["bus"]["error"] or report["bus"]["url"]
    for depth in report["queues"]:
        consumers = depth["consumers"]
        detail = "" if consumers is None else f", {consumers} consumers"
        yield f"queue {depth['queue']}", f"{depth['messages']} waiting{detail}"
    pending, oldest = report["outbox"]["pending"], report["outbox"]["oldest_seconds"]
    yield "outbox", f"{pending} waiting, oldest {oldest} s"
    yield "dead letters", report["dead_letters"]
    for worker in report["workers"]:
        state = "alive" if worker["alive"] else "not responding"
        detail = f"{state}, last heartbeat {worker['seconds_ago']} s ago"
        yield f"worker {worker['name']} {worker['pid']}", detail
    if not report["workers"]:
        yield "workers", "none"
