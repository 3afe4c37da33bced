"""The command `couponctl doctor`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import rich_click as click

from admin_gateway.cli.core import describe_missing_data, started_core
from admin_gateway.cli.doctor import checks, database_checks, file_checks
from admin_gateway.cli.doctor.findings import Finding, fail, ok, warn
from admin_gateway.cli.output import (
    describe_count,
    exit_with_failure,
    json_command,
    print_status,
)
from coupon_core.settings import loader
from coupon_core.settings.loader import InvalidSettings

# These need what `db upgrade` creates.
DATA_CHECKS = {
    file_checks.check_data_directory,
    file_checks.check_disk,
    file_checks.check_master_key,
    database_checks.check_database,
    checks.check_clock,
}


@click.command()
@json_command("check", "level", "found", "advice", starts_core=False)
def doctor() -> dict[str, Any]:
    """Check this machine and suggest fixes. Exit status 1 if a check fails.

    Example: `couponctl doctor --json`
    """
    findings = list(_run_checks())
    counts = Counter(finding.level for finding in findings)
    if counts["fail"]:
        exit_with_failure()
    warnings = describe_count(counts["warn"], "warning")
    print_status(f"{counts['fail']} failed, {warnings}, {counts['ok']} ok.")
    return {
        "ok": not counts["fail"],
        "checks": [asdict(finding) for finding in findings],
    }


def _run_checks() -> Iterator[Finding]:
    try:
        settings = loader.load(creates_secrets=False)
        problem = describe_missing_data(settings)
        yield ok("settings", "valid")
        for text in loader.describe_unknown_variables():
            yield warn("settings", text, "Correct or remove it; it has no effect.")
        if problem:
            yield fail("data", "not created yet", problem)
        with nullcontext() if problem else started_core():
            for check in checks.CHECKS:
                if not (problem and check in DATA_CHECKS):
                    yield from check(settings)
    except InvalidSettings as error:
        advice = "Correct the environment variables, then run `couponctl config check`."
        yield fail("settings", str(error), advice)
