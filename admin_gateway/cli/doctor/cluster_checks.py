"""The checks of a replica for statistics, and of a Redis for rate limits."""

from admin_gateway.cli.core_errors import database_status_message
from admin_gateway.cli.doctor.findings import Finding, Findings
from coupon_core.messaging import health_check
from coupon_core.persistence import diagnostics, report_database
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.loader import Settings


def check_report_database(settings: Settings) -> Findings:
    """Check that statistics can be read, if they have a database of their own."""
    if not settings.report_database_url:
        return
    name = "report database"
    try:
        report_database.fetch_report_rows("SELECT count(*) FROM tenant", {})
    except diagnostics.DATABASE_ERRORS as error:
        message = database_status_message(DatabaseStatus.UNUSABLE, error)
        advice = message.replace("COUPON_DATABASE_URL", "COUPON_REPORT_DATABASE_URL")
        yield Finding(name, "fail", "statistics are answered with 503", advice)
    else:
        yield Finding(name, "ok", "statistics are read from it")


def check_counters(settings: Settings) -> Findings:
    """Check the Redis in which rate limits are counted, if it is not the bus."""
    url = settings.redis_url
    if url in (settings.broker_url, IN_MEMORY_URL):
        return
    if health_check.is_reachable(url.replace("unix:", "redis+socket:", 1)):
        yield Finding("rate limits", "ok", "Redis answers")
    else:
        found = "Redis does not answer; each process counts by itself"
        yield Finding("rate limits", "warn", found, "Correct COUPON_REDIS_URL.")
