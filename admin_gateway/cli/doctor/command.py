"""The command `couponctl doctor`."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import rich_click as click

from admin_gateway.cli.doctor.checks import CHECKS
from admin_gateway.cli.doctor.findings import Finding
from admin_gateway.cli.output import exit_with_failure, json_command, started_core
from coupon_core.settings.loader import InvalidSettings


@click.command()
@json_command("check", "level", "found", "advice", starts_core=False)
def doctor() -> dict[str, Any]:
    """Check this machine and suggest fixes. Exit status 1 if a check fails.

    Example: `couponctl doctor --json`
    """
    findings = list(_run_checks())
    has_passed = all(finding.level != "fail" for finding in findings)
    if not has_passed:
        exit_with_failure()
    return {"ok": has_passed, "checks": [asdict(finding) for finding in findings]}


def _run_checks() -> Iterator[Finding]:
    try:
        with started_core() as settings:
            yield Finding("settings", "ok", found="valid")
            for check in CHECKS:
                yield from check(settings)
    except InvalidSettings as error:
        advice = "Correct the environment variables, then run `couponctl config check`."
        yield Finding("settings", "fail", found=str(error), advice=advice)
