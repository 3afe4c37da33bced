"""The checks of `couponctl doctor`; each yields findings and changes nothing."""

import sys
from collections.abc import Callable

from admin_gateway.cli.core_errors import (
    broker_unavailable_message,
    database_status_message,
)
from admin_gateway.cli.doctor.backup_checks import check_backups, check_secrets
from admin_gateway.cli.doctor.cluster_checks import (
    check_counters,
    check_report_database,
)
from admin_gateway.cli.doctor.distribution_checks import check_nodes
from admin_gateway.cli.doctor.file_checks import (
    check_data_directory,
    check_disk,
    check_master_key,
)
from admin_gateway.cli.doctor.findings import Finding, Findings, Level
from admin_gateway.cli.doctor.process_checks import check_processes
from admin_gateway.cli.doctor.report_checks import check_counts
from admin_gateway.cli.server import embedded_broker
from admin_gateway.cli.server.addresses import (
    broker_port_problem,
    get_gateways,
    is_healthy,
    port_problem,
)
from coupon_core.domain.models import utc_now
from coupon_core.messaging import health_check, inspection
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.observability.error_causes import ACCESS_REFUSED, find_cause
from coupon_core.persistence import diagnostics, schema
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definition_checks
from coupon_core.settings.loader import Settings

MIN_PYTHON_VERSION = (3, 11)
MIN_CLOCK_YEAR = 2026  # the program was written in 2026: an earlier date is wrong
MAX_CLOCK_SKEW_SECONDS = 2.0
MAX_SHOWN_DEFINITIONS = 10


def check_python(_: Settings) -> Findings:
    """Check that Python is new enough."""
    found = sys.version.split()[0]
    is_supported = sys.version_info >= MIN_PYTHON_VERSION
    advice = "" if is_supported else "Install Python 3.11 or newer and recreate .venv."
    yield Finding(
        "python", "ok" if is_supported else "fail", found=found, advice=advice
    )


def check_database(settings: Settings) -> Findings:
    """Check that the database is up to date, writable, and fits the master key."""
    status, error = diagnostics.check_status()
    if status != DatabaseStatus.READY:
        advice = database_status_message(status, error)
        yield Finding("database", "fail", found=status.value, advice=advice)
        return
    product = diagnostics.describe_product()
    if newer := schema.list_newer_migrations():
        found = f"{product}, newer than this release ({newer[-1]})"
        advice = "Upgrade the programs on this machine to the same release."
        yield Finding("database", "warn", found=found, advice=advice)
    else:
        yield Finding("database", "ok", found=f"{product}, up to date")
    yield _check_journal_mode()
    yield _check_writable()
    yield from _check_session_settings()
    yield check_secrets()
    yield from check_backups(settings)
    yield from _check_tenant_ids()
    yield from _check_definition_names()
    yield from check_counts()
    yield from check_nodes()


def _check_tenant_ids() -> Findings:
    """Report tenants with an ID that newer routes have as a word of their paths."""
    if tenant_ids := tenants.list_with_reserved_ids():
        advice = (
            "Paths that begin with such an ID lead to other routes. Call the query "
            "gateway without the tenant in the path, and create a new tenant."
        )
        yield Finding("tenant ids", "warn", ", ".join(tenant_ids), advice)


def _check_definition_names() -> Findings:
    """Report older definitions whose names differ only by blanks."""
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
        advice = (
            "Move the database to a local disk: without WAL, readers block writers."
        )
        return Finding("journal", "warn", found=product, advice=advice)
    return Finding("journal", "ok", found="readers and writers do not block each other")


def _check_writable() -> Finding:
    try:
        diagnostics.check_writable()
    except diagnostics.DATABASE_ERRORS as error:
        advice = database_status_message(DatabaseStatus.READY, error)
        return Finding("writing", "fail", found="not writable", advice=advice)
    return Finding("writing", "ok", found="the database is writable")


def _check_session_settings() -> Findings:
    """Report deadlines and the time zone if a pooler has dropped them."""
    if missing := "; ".join(diagnostics.list_missing_session_settings()):
        advice = f"Set it in the pooler. With PgBouncer: connect_query='{missing}'."
        yield Finding("session", "fail", found=f"without {missing}", advice=advice)


def check_ports(settings: Settings) -> Findings:
    """Check that each gateway is running or could start."""
    for gateway in get_gateways(settings):
        name = f"{gateway.name} port"
        if is_healthy(gateway):
            yield Finding(name, "ok", found=f"{gateway.port}: a gateway is running")
        elif problem := port_problem(gateway):
            yield Finding(
                name, "fail", found=f"{gateway.port}: not available", advice=problem
            )
        else:
            yield Finding(name, "ok", found=f"{gateway.port}: free")


def check_broker(settings: Settings) -> Findings:
    """Check that the bus answers; the embedded bus only has to be startable."""
    is_embedded = settings.is_broker_embedded
    if health_check.is_reachable(settings.broker_url):
        if is_embedded and not health_check.requires_password(settings.broker_url):
            found = f"{settings.bus_port}: the bus requires no password"
            advice = (
                "Stop the program on this port, perhaps a bus of an earlier release, "
                "and start `couponctl serve bus`."
            )
            yield Finding("bus", "fail", found=found, advice=advice)
        else:
            yield _check_broker_access(settings.broker_url)
    elif not is_embedded:
        yield _check_broker_access(settings.broker_url)
    elif problem := broker_port_problem(settings):
        yield Finding(
            "bus", "fail", found=f"{settings.bus_port}: not available", advice=problem
        )
    else:
        yield _check_broker_program()


def _check_broker_access(url: str) -> Finding:
    try:
        inspection.check_access(url)
    except BrokerUnavailable as error:
        advice = broker_unavailable_message(error)
        is_refused = find_cause(error.__cause__) == ACCESS_REFUSED
        found = "refuses access" if is_refused else "cannot be used"
        return Finding("bus", "fail", found=f"the bus {found}", advice=advice)
    return Finding("bus", "ok", found="the bus answers")


def _check_broker_program() -> Finding:
    program = embedded_broker.find_program()
    if program is None:
        return Finding(
            "bus",
            "fail",
            found="no server program found",
            advice=embedded_broker.INSTALL_ADVICE,
        )
    return Finding("bus", "ok", found=f"not running; {program} is ready to start")


def check_clock(_: Settings) -> Findings:
    """Check that the clock is plausible and close to the database's clock."""
    now = utc_now()
    advice = (
        "Synchronize the clock with NTP: expiry, tokens and signatures depend on it."
    )
    if now.year < MIN_CLOCK_YEAR:
        yield Finding(
            "clock", "fail", found=f"{now:%Y-%m-%d %H:%M:%S} UTC", advice=advice
        )
        return
    try:
        skew = diagnostics.measure_clock_skew()
    except diagnostics.DATABASE_ERRORS:
        skew = 0.0  # check_database reports this error
    level: Level = "warn" if abs(skew) > MAX_CLOCK_SKEW_SECONDS else "ok"
    found = f"{now:%Y-%m-%d %H:%M:%S} UTC, database clock {skew:+.1f} s"
    yield Finding("clock", level, found=found, advice=advice if level == "warn" else "")


CHECKS: tuple[Callable[[Settings], Findings], ...] = (
    check_python,
    check_data_directory,
    check_disk,
    check_master_key,
    check_database,
    check_report_database,
    check_ports,
    check_broker,
    check_processes,
    check_counters,
    check_clock,
)
