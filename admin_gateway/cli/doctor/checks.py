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

from admin_gateway.cli.errors import WRONG_MASTER_KEY_MESSAGE, database_status_message
from admin_gateway.cli.server import embedded_broker
from admin_gateway.cli.server.addresses import (
    broker_port_problem,
    get_gateways,
    is_healthy,
    port_problem,
)
from coupon_core.domain.models import Page, utc_now
from coupon_core.messaging import health_check
from coupon_core.persistence import diagnostics
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definition_checks
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings

MIN_PYTHON_VERSION = (3, 11)
MIN_CLOCK_YEAR = 2026  # the program was written in it: an earlier clock is wrong
MAX_CLOCK_SKEW_SECONDS = 2.0
GIBIBYTE = 2**30
MAX_SHOWN_DEFINITIONS = 10
GROUP_AND_OTHER_PERMISSIONS = stat.S_IRWXG | stat.S_IRWXO

Level = Literal["ok", "warn", "fail"]
# How bad it is to have less than so many bytes free.
FREE_SPACE_THRESHOLDS: tuple[tuple[Level, int], ...] = (
    ("fail", GIBIBYTE // 10),
    ("warn", GIBIBYTE),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    level: Level
    found: str
    advice: str = ""


Findings = Iterator[Finding]


def check_python(_: Settings) -> Findings:
    """Whether Python is new enough."""
    found = sys.version.split()[0]
    fine = sys.version_info >= MIN_PYTHON_VERSION
    advice = "" if fine else "Install Python 3.11 or newer and make .venv anew."
    yield Finding("python", "ok" if fine else "fail", found, advice)


def check_disk(settings: Settings) -> Findings:
    """Whether the data directory has room."""
    free = shutil.disk_usage(settings.data_dir).free
    level: Level = next(
        (level for level, least in FREE_SPACE_THRESHOLDS if free < least), "ok"
    )
    advice = "" if level == "ok" else f"Make room where {settings.data_dir} lies."
    yield Finding("disk", level, f"{free / GIBIBYTE:.1f} GiB free", advice)


def check_data_directory(settings: Settings) -> Findings:
    """Whether the data directory can be written."""
    directory = settings.data_dir
    if os.access(directory, os.W_OK | os.X_OK):
        yield Finding("data directory", "ok", str(directory))
    else:
        advice = "Give this user the right to write there, or set COUPON_DATA_DIR."
        yield Finding("data directory", "fail", f"{directory}: not writable", advice)


def check_master_key(settings: Settings) -> Findings:
    """Where the master key comes from, and who else can read it."""
    path = settings.data_dir / MASTER_KEY_FILE
    if not path.exists() or path.read_text().strip() not in settings.master_keys:
        count = len(settings.master_keys)
        yield Finding("master key", "ok", f"{count} from COUPON_MASTER_KEYS")
        return
    yield _check_file_mode(path)


def _check_file_mode(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    found = f"{path}, mode {mode:04o}"
    if mode & GROUP_AND_OTHER_PERMISSIONS:
        return Finding("master key", "fail", found, f"Run: chmod 600 {path}")
    return Finding("master key", "ok", found)


def check_database(_: Settings) -> Findings:
    """Whether the database is there, up to date, writable, and opened by our key."""
    status, detail = diagnostics.check_status()
    if status != DatabaseStatus.READY:
        advice = database_status_message(status, detail)
        yield Finding("database", "fail", status.value, advice)
        return
    yield Finding("database", "ok", f"{diagnostics.describe_product()}, up to date")
    yield _check_journal_mode()
    yield _check_writable()
    yield _check_secrets()
    yield from _check_definition_names()


def _check_definition_names() -> Findings:
    """Name older definitions whose name is another one's but for blanks."""
    duplicates = definition_checks.find_duplicate_names(MAX_SHOWN_DEFINITIONS)
    if duplicates:
        found = ", ".join(
            f'"{name}" ({definition_id} of {tenant_id})'
            for tenant_id, definition_id, name in duplicates
        )
        advice = (
            "Another definition has the same name but for outer blanks or composed "
            "characters. Rename one: couponctl definition update."
        )
        yield Finding("definition names", "warn", found, advice)


def _check_journal_mode() -> Finding:
    product = diagnostics.describe_product()
    if product.startswith("SQLite") and "journal wal" not in product:
        advice = "Put the database on a local disk: without WAL readers block writers."
        return Finding("journal", "warn", product, advice)
    return Finding("journal", "ok", "readers and writers do not block each other")


def _check_writable() -> Finding:
    try:
        diagnostics.check_writable()
    except diagnostics.DATABASE_ERRORS as error:
        advice = "Give this user the right to write to the database."
        return Finding("writing", "fail", str(error), advice)
    return Finding("writing", "ok", "the database can be written")


def _check_secrets() -> Finding:
    """Whether the stored secrets open: those of one tenant speak for all."""
    rows, _ = tenants.list_tenants(Page(limit=1))
    try:
        for tenant_id, _ in rows:
            tenants.list_secrets(tenant_id)
    except InvalidToken:
        return Finding(
            "secrets", "fail", "sealed by another key", WRONG_MASTER_KEY_MESSAGE
        )
    return Finding("secrets", "ok", "the master key opens them")


def check_ports(settings: Settings) -> Findings:
    """Whether each gateway runs, or could."""
    for gateway in get_gateways(settings):
        name = f"{gateway.name} port"
        if is_healthy(gateway):
            yield Finding(name, "ok", f"{gateway.port}: a gateway answers there")
        elif problem := port_problem(gateway):
            yield Finding(name, "fail", f"{gateway.port}: not usable", problem)
        else:
            yield Finding(name, "ok", f"{gateway.port}: free")


def check_broker(settings: Settings) -> Findings:
    """Whether the bus answers; the embedded one may also be about to."""
    if health_check.is_reachable(settings.broker_url):
        yield Finding("bus", "ok", "it answers")
    elif not settings.is_broker_embedded:
        advice = "Start it, or mend COUPON_BROKER_URL. What goes out waits meanwhile."
        yield Finding("bus", "fail", "it does not answer", advice)
    elif problem := broker_port_problem(settings):
        yield Finding("bus", "fail", f"{settings.bus_port}: not usable", problem)
    else:
        yield _check_broker_program()


def _check_broker_program() -> Finding:
    program = embedded_broker.find_program()
    if program is None:
        return Finding(
            "bus", "fail", "no server program", embedded_broker.INSTALL_ADVICE
        )
    return Finding("bus", "ok", f"not running; {program} would be it")


def check_clock(_: Settings) -> Findings:
    """Whether the clock can be right, and goes with the database's."""
    now = utc_now()
    advice = "Set the clock, best by NTP: expiry, tokens and signatures depend on it."
    if now.year < MIN_CLOCK_YEAR:
        yield Finding("clock", "fail", f"{now:%Y-%m-%d %H:%M:%S} UTC", advice)
        return
    try:
        lead = diagnostics.measure_clock_skew()
    except diagnostics.DATABASE_ERRORS:
        lead = 0.0  # told by the check of the database
    level: Level = "warn" if abs(lead) > MAX_CLOCK_SKEW_SECONDS else "ok"
    found = f"{now:%Y-%m-%d %H:%M:%S} UTC, the database {lead:+.1f} s"
    yield Finding("clock", level, found, advice if level == "warn" else "")


CHECKS: tuple[Callable[[Settings], Findings], ...] = (
    check_python,
    check_data_directory,
    check_disk,
    check_master_key,
    check_database,
    check_ports,
    check_broker,
    check_clock,
)
