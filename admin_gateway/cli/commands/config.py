"""`couponctl config`: show and check the settings, create a master key."""

from typing import Any

import rich_click as click

from admin_gateway.cli.output import json_command, print_status
from coupon_core.security import encryption
from coupon_core.settings import loader as settings_loader


@click.group()
def config() -> None:
    """Settings: show, check, new-key."""


@config.command("show")
@json_command("name", "value", "meaning", starts_core=False)
def show_() -> dict[str, Any]:
    """Show each setting with its value and meaning; secrets are hidden.

    Example: `COUPON_DATA_DIR=/srv/coupons couponctl config show`
    """
    rows = settings_loader.describe_settings(
        settings_loader.load(creates_secrets=False)
    )
    names = ("name", "value", "meaning")
    return {"settings": [dict(zip(names, row, strict=True)) for row in rows]}


@config.command()
@json_command(starts_core=False)
def check() -> dict[str, Any]:
    """Check that the settings are valid and none is misspelt; list all errors.

    Example: `couponctl config check && couponctl serve admin`
    """
    settings_loader.load(creates_secrets=False)
    if problems := settings_loader.describe_unknown_variables():
        raise settings_loader.InvalidSettings("\n".join(problems))
    print_status("The settings are valid.")
    return {"ok": True}


@config.command("new-key")
@json_command(render=lambda key: click.echo(key["master_key"]), starts_core=False)
def new_key() -> dict[str, Any]:
    """Generate a key for COUPON_MASTER_KEYS.

    To replace a key, add the new one after the old one on all machines, then put it
    first, then run `couponctl db reencrypt`, and remove the old one.

    Example: `couponctl config new-key > master.key`
    """
    return {"master_key": encryption.generate_master_key()}
