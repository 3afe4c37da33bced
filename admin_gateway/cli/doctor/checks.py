"""What `couponctl doctor` looks at: each check gives findings, and touches nothing."""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.fernet import InvalidToken

from admin_gateway.cli.errors import OTHER_MASTER_KEY, condition_text
from admin_gateway.cli.server import embedded_broker
from admin_gateway.cli.server.addresses import (
    gateways,
    is_healthy,
    trouble_at,
    trouble_at_bus,
)
from coupon_core.domain.models import Page, utc_now
from coupon_core.messaging import health_check
from coupon_core.persistence import diagnostics
from coupon_core.persistence.diagnostics import Condition
from coupon_core.services.access import tenants
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings

OLDEST_PYTHON = (3, 11)
OLDEST_YEAR = 2026  # the program was written in it: an earlier clock is wrong
MOST_SECONDS_APART = 2.0
GIBIBYTE = 2**30
OTHERS_MAY_READ = stat.S_IRWXG | stat.S_IRWXO

Level = Literal["ok", "warn", "fail"]
# How bad it is to have less than so many bytes free.
SPACE: tuple[tuple[Level, int], ...] = (("fail", GIBIBYTE // 10), ("warn", GIBIBYTE))


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    level: Level
    found: str
    advice: str = ""


Findings = Iterator[Finding]


def python(_: Settings) -> Findings:
    """Whether Python is new enough."""
    found = sys.version.split()[0]
    fine = sys.version_info >= OLDEST_PYTHON
    advice = "" if fine else "Install Python 3.11 or newer and make .venv anew."
    yield Finding("python", "ok" if fine else "fail", found, advice)


def disk(settings: Settings) -> Findings:
    """Whether the data directory has room."""
    free = shutil.disk_usage(settings.data_dir).free
    level: Level = next((level for level, least in SPACE if free < least), "ok")
    advice = "" if level == "ok" else f"Make room where {settings.data_dir} lies."
    yield Finding("disk", level, f"{free / GIBIBYTE:.1f} GiB free", advice)


def data_directory(settings: Settings) -> Findings:
    """Whether the data directory can be written."""
    directory = settings.data_dir
    if os.access(directory, os.W_OK | os.X_OK):
        yield Finding("data directory", "ok", str(directory))
    else:
        advice = "Give this user the right to write there, or set COUPON_DATA_DIR."
        yield Finding("data directory", "fail", f"{directory}: not writable", advice)


def master_key(settings: Settings) -> Findings:
    """Where the master key comes from, and who else can read it."""
    path = settings.data_dir / MASTER_KEY_FILE
    if not path.exists() or path.read_text().strip() not in settings.master_keys:
        count = len(settings.master_keys)
        yield Finding("master key", "ok", f"{count} from COUPON_MASTER_KEYS")
        return
    yield _mode(path)


def _mode(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    found = f"{path}, mode {mode:04o}"
    if mode & OTHERS_MAY_READ:
        return Finding("master key", "fail", found, f"Run: chmod 600 {path}")
    return Finding("master key", "ok", found)


def database(_: Settings) -> Findings:
    """Whether the database is there, up to date, writable, and opened by our key."""
    found, words = diagnostics.condition()
    if found != Condition.GOOD:
        advice = condition_text(found, words)
        yield Finding("database", "fail", found.value, advice)
        return
    yield Finding("database", "ok", f"{diagnostics.product()}, up to date")
    yield _journal()
    yield _writable()
    yield _unsealed()


def _journal() -> Finding:
    product = diagnostics.product()
    if product.startswith("SQLite") and "journal wal" not in product:
        advice = "Put the database on a local disk: without WAL readers block writers."
        return Finding("journal", "warn", product, advice)
    return Finding("journal", "ok", "readers and writers do not block each other")


def _writable() -> Finding:
    try:
        diagnostics.check_writable()
    except diagnostics.FAILURES as error:
        advice = "Give this user the right to write to the database."
        return Finding("writing", "fail", str(error), advice)
    return Finding("writing", "ok", "the database can be written")


def _unsealed() -> Finding:
    """Whether the stored secrets open: those of one tenant speak for all."""
    rows, _ = tenants.listed(Page(limit=1))
    try:
        for tenant_id, _ in rows:
            tenants.list_secrets(tenant_id)
    except InvalidToken:
        return Finding("secrets", "fail", "sealed by another key", OTHER_MASTER_KEY)
    return Finding("secrets", "ok", "the master key opens them")


def ports(settings: Settings) -> Findings:
    """Whether each gateway runs, or could."""
    for gateway in gateways(settings):
        name = f"{gateway.name} port"
        if is_healthy(gateway):
            yield Finding(name, "ok", f"{gateway.port}: a gateway answers there")
        elif found := trouble_at(gateway):
            yield Finding(name, "fail", f"{gateway.port}: not usable", found)
        else:
            yield Finding(name, "ok", f"{gateway.port}: free")


def bus(settings: Settings) -> Findings:
    """Whether the bus answers; the embedded one may also be about to."""
    if health_check.answers(settings.broker_url):
        yield Finding("bus", "ok", "it answers")
    elif not settings.embeds_bus:
        advice = "Start it, or mend COUPON_BROKER_URL. What goes out waits meanwhile."
        yield Finding("bus", "fail", "it does not answer", advice)
    elif found := trouble_at_bus(settings):
        yield Finding("bus", "fail", f"{settings.bus_port}: not usable", found)
    else:
        yield _server()


def _server() -> Finding:
    program = embedded_broker.program()
    if program is None:
        return Finding("bus", "fail", "no server program", embedded_broker.NO_PROGRAM)
    return Finding("bus", "ok", f"not running; {program} would be it")


def clock(_: Settings) -> Findings:
    """Whether the clock can be right, and goes with the database's."""
    now = utc_now()
    advice = "Set the clock, best by NTP: expiry, tokens and signatures depend on it."
    if now.year < OLDEST_YEAR:
        yield Finding("clock", "fail", f"{now:%Y-%m-%d %H:%M:%S} UTC", advice)
        return
    try:
        lead = diagnostics.clock_lead()
    except diagnostics.FAILURES:
        lead = 0.0  # told by the check of the database
    level: Level = "warn" if abs(lead) > MOST_SECONDS_APART else "ok"
    found = f"{now:%Y-%m-%d %H:%M:%S} UTC, the database {lead:+.1f} s"
    yield Finding("clock", level, found, advice if level == "warn" else "")


CHECKS: tuple[Callable[[Settings], Findings], ...] = (
    python,
    data_directory,
    disk,
    master_key,
    database,
    ports,
    bus,
    clock,
)
