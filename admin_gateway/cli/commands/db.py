"""`couponctl db`: bring the database up to date, and see how it stands."""

from typing import Any

import rich_click as click

from admin_gateway.cli.errors import Failed, condition_text
from admin_gateway.cli.output import answering, ends_with_one, say
from coupon_core.persistence import diagnostics, schema
from coupon_core.persistence.diagnostics import Condition


@click.group()
def db() -> None:
    """The database: upgrade it, see how it stands."""


@db.command()
@answering()
def upgrade() -> dict[str, Any]:
    """Bring the tables up to date; what is so already is left alone.

    Example: `couponctl db upgrade`
    """
    taken = schema.upgrade()
    steps = ", ".join(taken)
    say(f"The database took {steps}." if taken else "The database was up to date.")
    return {"upgraded": taken}


@db.command()
@answering()
def status() -> dict[str, Any]:
    """Tell which steps the database has taken. Ends with 1 when some are missing.

    Example: `couponctl db status --json`
    """
    found, words = diagnostics.condition()
    if found == Condition.UNREACHABLE:
        raise Failed(condition_text(found, words))
    if found != Condition.GOOD:
        say(condition_text(found, words))
        ends_with_one()
    steps = schema.steps()
    return {
        "database": diagnostics.product(),
        "up_to_date": found == Condition.GOOD,
        "steps": {name: "taken" if applied else "missing" for name, applied in steps},
    }
