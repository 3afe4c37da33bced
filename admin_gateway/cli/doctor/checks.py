"""The checks of `couponctl doctor`; each yields findings and changes nothing."""

import sys
from collections.abc import Callable

from admin_gateway.cli.core_errors import broker_unavailable_message
from admin_gateway.cli.doctor.database_checks import (
    check_database,
    check_report_database,
)
from admin_gateway.cli.doctor.file_checks import (
    check_data_directory,
    check_disk,
    check_master_key,
)
from admin_gateway.cli.doctor.findings import Finding, Findings, fail, ok, warn
from admin_gateway.cli.doctor.process_checks import check_processes
from admin_gateway.cli.server import embedded_broker
from admin_gateway.cli.server.addresses import (
    get_bus,
    get_gateways,
    is_healthy,
    port_problem,
)
from coupon_core.domain.models import utc_now
from coupon_core.messaging import health_check, inspection
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.observability.error_causes import ACCESS_REFUSED, find_cause
from coupon_core.persistence import diagnostics
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.loader import Settings

MIN_PYTHON_VERSION = (3, 11)
MIN_CLOCK_YEAR = 2026  # the program was written in 2026: an earlier date is wrong
MAX_CLOCK_SKEW_SECONDS = 2.0
OTHER_BUS_ADVICE = (
    "Stop the program on this port, perhaps a bus of an earlier release, and start "
    "`couponctl serve bus`."
)
CLOCK_ADVICE = (
    "Synchronize the clock with NTP: expiry, tokens and signatures depend on it."
)


def check_python(_: Settings) -> Findings:
    """Check that Python is new enough."""
    found = sys.version.split()[0]
    if sys.version_info >= MIN_PYTHON_VERSION:
        yield ok("python", found)
    else:
        yield fail("python", found, "Install Python 3.11 or newer and recreate .venv.")


def check_ports(settings: Settings) -> Findings:
    """Check that each gateway is running or could start."""
    for gateway in get_gateways(settings):
        name = f"{gateway.name} port"
        if is_healthy(gateway):
            yield ok(name, f"{gateway.port}: a gateway is running")
        elif problem := port_problem(gateway):
            yield fail(name, f"{gateway.port}: not available", problem)
        else:
            yield ok(name, f"{gateway.port}: free")


def check_broker(settings: Settings) -> Findings:
    """Check that the bus answers; the embedded bus only has to be startable."""
    url, port = settings.broker_url, settings.bus_port
    is_running = health_check.is_reachable(url)
    is_embedded = settings.is_broker_embedded
    if is_running and is_embedded and not health_check.requires_password(url):
        yield fail("bus", f"{port}: the bus requires no password", OTHER_BUS_ADVICE)
    elif is_running or not is_embedded:
        yield _check_broker_access(url)
    elif problem := port_problem(get_bus(settings)):
        yield fail("bus", f"{port}: not available", problem)
    elif program := embedded_broker.find_program():
        yield ok("bus", f"not running; {program} is ready to start")
    else:
        advice = embedded_broker.INSTALL_ADVICE
        yield fail("bus", "no server program found", advice)


def _check_broker_access(url: str) -> Finding:
    try:
        inspection.check_access(url)
    except BrokerUnavailable as error:
        is_refused = find_cause(error.__cause__) == ACCESS_REFUSED
        found = "refuses access" if is_refused else "cannot be used"
        return fail("bus", f"the bus {found}", broker_unavailable_message(error))
    return ok("bus", "the bus answers")


def check_counters(settings: Settings) -> Findings:
    """Check the Redis in which rate limits are counted, if it is not the bus."""
    url = settings.redis_url
    if url in (settings.broker_url, IN_MEMORY_URL):
        return
    if health_check.is_reachable(url.replace("unix:", "redis+socket:", 1)):
        yield ok("rate limits", "Redis answers")
    else:
        found = "Redis does not answer; each process counts by itself"
        yield warn("rate limits", found, "Correct COUPON_REDIS_URL.")


def check_clock(_: Settings) -> Findings:
    """Check that the clock is plausible and close to the database's clock."""
    now = utc_now()
    time = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now.year < MIN_CLOCK_YEAR:
        yield fail("clock", time, CLOCK_ADVICE)
        return
    try:
        skew = diagnostics.measure_clock_skew()
    except diagnostics.DATABASE_ERRORS:
        skew = 0.0  # check_database reports this error
    found = f"{time}, database clock {skew:+.1f} s"
    if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
        yield warn("clock", found, CLOCK_ADVICE)
    else:
        yield ok("clock", found)


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
