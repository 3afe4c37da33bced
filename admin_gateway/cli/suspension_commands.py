"""The commands `suspend` and `resume` of definitions, batches and campaigns."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

HELP_TEXTS = {
    "suspend": "Suspend a {noun}: none of its codes is valid until it is resumed.",
    "resume": "Resume a suspended {noun}: its codes are as valid as before.",
}


def add_suspension_commands(group: click.Group, argument: Any, resource: str) -> None:
    """Add both commands to a group; `argument` is the ID of the object."""
    for name in HELP_TEXTS:
        _add(group, argument, resource=resource, action=name)


def _add(group: click.Group, argument: Any, resource: str, action: str) -> None:
    def command(admin: "CouponsAdmin", **arguments: str) -> Any:
        (object_id,) = arguments.values()
        return admin.call("POST", resource, object_id, action)

    command.__doc__ = (
        f"{HELP_TEXTS[action].format(noun=group.name)}\n\n"
        f"Example: `couponctl {group.name} {action} --tenant acme 01…`"
    )
    api_command(group, argument, name=action)(command)
