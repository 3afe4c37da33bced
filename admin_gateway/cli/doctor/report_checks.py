"""The check of `couponctl doctor` that events reach the reports."""

from admin_gateway.cli.doctor.findings import Finding, Findings
from coupon_core.domain.models import utc_now
from coupon_core.services.insight import counting

MAX_UNCOUNTED_SECONDS = 60.0


def check_counts() -> Findings:
    """Report events that reports do not contain yet."""
    count, seconds = counting.measure(utc_now())
    found = f"{count} events not counted, oldest {seconds:.1f} s"
    if seconds <= MAX_UNCOUNTED_SECONDS:
        yield Finding("reports", "ok", found=found)
    else:
        advice = (
            "Start the worker that counts them: `couponctl serve workers counter`. "
            "If it runs, its log says why it does not count."
        )
        yield Finding("reports", "warn", found=found, advice=advice)
