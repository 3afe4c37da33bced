"""`couponctl doctor`: what is wrong with this machine, and what to do about it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import rich_click as click

from admin_gateway.cli.doctor.checks import CHECKS, Finding
from admin_gateway.cli.output import answering, core, ends_with_one
from coupon_core.settings.loader import BadSettings


@click.command()
@answering("check", "level", "found", "advice", start=False)
def doctor() -> dict[str, Any]:
    """Check this machine, and say what to mend. Ends with 1 when a check fails.

    Example: `couponctl doctor --json`
    """
    findings = list(_findings())
    is_well = all(finding.level != "fail" for finding in findings)
    if not is_well:
        ends_with_one()
    return {"ok": is_well, "checks": [asdict(finding) for finding in findings]}


def _findings() -> Iterator[Finding]:
    try:
        with core() as settings:
            yield Finding("settings", "ok", "they make sense")
            for check in CHECKS:
                yield from check(settings)
    except BadSettings as error:
        advice = "Mend the environment, then run `couponctl config check`."
        yield Finding("settings", "fail", str(error), advice)
