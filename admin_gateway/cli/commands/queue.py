"""`couponctl queue`: how much waits where, and who works on it."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich_click as click

from admin_gateway.cli.output import core, json_option, show
from coupon_core.domain.models import Page, utc_now
from coupon_core.messaging.topology import BusAway
from coupon_core.services import outbox
from coupon_core.services.events import dead_letters
from coupon_core.settings.loader import Settings

SECONDS_OF_THE_LIVING = 10.0  # workers tell every two seconds that they get on


@click.group()
def queue() -> None:
    """The queues of the bus, the outbox, the workers."""


@queue.command()
@json_option
def status(as_json: bool) -> None:
    """Show what waits in queues and outbox, dead letters, and how the workers are.

    Ends with 1 when the bus is away. Workers are those of this data directory.

    Example: `couponctl queue status --json`
    """
    with core() as settings:
        bus, queues = _bus(settings.broker_url)
        found = {"bus": bus, "queues": queues, **_stored(), **_workers(settings)}
    show(found if as_json else dict(_lines(found)), as_json)
    if bus["error"]:
        raise click.exceptions.Exit(1)


def _bus(url: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from coupon_core.messaging import inspection  # takes kombu along

    bus = {"url": inspection.place_of(url), "error": None}
    try:
        return bus, [asdict(depth) for depth in inspection.depths(url)]
    except BusAway as error:
        return {**bus, "error": str(error)}, []


def _stored() -> dict[str, Any]:
    count, seconds = outbox.pending(utc_now())
    waiting = {"pending": count, "oldest_seconds": round(seconds, 1)}
    return {
        "outbox": waiting,
        "dead_letters": dead_letters.listed(None, Page(limit=1))[1],
    }


def _workers(settings: Settings) -> dict[str, Any]:
    files = sorted((settings.data_dir / "workers").glob("*-*"))
    return {"workers": [worker for file in files for worker in _worker(file)]}


def _worker(file: Path) -> Iterator[dict[str, Any]]:
    name, _, pid = file.name.rpartition("-")
    try:
        seconds = round(max(0.0, time.time() - file.stat().st_mtime), 1)
    except OSError:  # it has just ended
        return
    alive = seconds < SECONDS_OF_THE_LIVING
    yield {"name": name, "pid": int(pid), "seconds_ago": seconds, "alive": alive}


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The same for people, a line for each thing."""
    yield "bus", found["bus"]["error"] or found["bus"]["url"]
    for depth in found["queues"]:
        consumers = depth["consumers"]
        told = "" if consumers is None else f", {consumers} consumers"
        yield f"queue {depth['queue']}", f"{depth['messages']} waiting{told}"
    pending, oldest = found["outbox"]["pending"], found["outbox"]["oldest_seconds"]
    yield "outbox", f"{pending} waiting, the oldest for {oldest} s"
    yield "dead letters", found["dead_letters"]
    for one in found["workers"]:
        state = "alive" if one["alive"] else "silent"
        told = f"{state}, last heard of {one['seconds_ago']} s ago"
        yield f"worker {one['name']} {one['pid']}", told
    if not found["workers"]:
        yield "workers", "none"
