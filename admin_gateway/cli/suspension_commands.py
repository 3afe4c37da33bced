"""The commands `suspend` and `resume` of definitions, batches and campaigns."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import rich_click as click

from admin_gateway.cli.output import tenant_command
from coupon_core.domain.models import Definition, utc_now
from coupon_core.domain.models.batches import Batch
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.services import suspension
from coupon_core.services.suspension import Suspendable

T = TypeVar("T", Definition, Batch, Campaign)

HELP_TEXTS = {
    "suspend": "Suspend a {noun}: none of its codes is valid until it is resumed.",
    "resume": "Resume a suspended {noun}: its codes are as valid as before.",
}


def add_suspension_commands(
    group: click.Group,
    argument: Any,
    kind: Suspendable[T],
    serialize: Callable[[T], dict[str, Any]],
) -> None:
    """Add both commands to a group; `argument` is the ID of the object."""

    def add(
        name: str, change: Callable[[Suspendable[T], str, str, datetime], T]
    ) -> None:
        def command(tenant_id: str, **arguments: str) -> dict[str, Any]:
            (object_id,) = arguments.values()
            return serialize(change(kind, tenant_id, object_id, utc_now()))

        command.__doc__ = (
            f"{HELP_TEXTS[name].format(noun=kind.noun)}\n\n"
            f"Example: `couponctl {kind.noun} {name} --tenant acme 01…`"
        )
        tenant_command(group, argument, name=name)(command)

    add("suspend", suspension.suspend)
    add("resume", suspension.resume)
