"""`couponctl login` and `profile`: servers, and the keys with which they are called."""

import sys
from typing import Any
from urllib.parse import urlsplit

import rich_click as click
from click import get_current_context

from admin_gateway.cli import profiles
from admin_gateway.cli.connections import find_given, server_options
from admin_gateway.cli.errors import PLACE_KEY, Place
from admin_gateway.cli.output import json_command, print_status
from admin_gateway.cli.profiles import LOCAL, Profile
from admin_gateway.cli.tables import Document

SHOWN_MEMBERS = ("tenant_id", "name", "scopes", "expires_at")
name_argument = click.argument("name")


@click.command()
@server_options
@json_command(starts_core=False)
def login() -> Document:
    """Store the API key of a server in a profile, after checking it.

    The key is typed, or read from stdin, and stored in the keyring of the system if the
    package `keyring` is installed, otherwise in a file that only you can read. The
    profile has the name of --profile, or of the server, and is used if it is named, or
    chosen by `couponctl profile use`.

    Example: `couponctl login --server https://admin.example.com --profile shop`
    """
    from coupons_sdk import ApiKey, CouponsAdmin

    server = find_given("server")
    if not server:
        raise click.UsageError("Missing option '--server'.")
    name = find_given("profile") or urlsplit(server).netloc or server
    if name == LOCAL:
        raise click.UsageError(f'A profile cannot have the name "{LOCAL}".')
    key = _read_key()
    get_current_context().meta[PLACE_KEY] = Place(server, tenant_id="self")
    with CouponsAdmin(server, ApiKey(key), tenant_id="self") as admin:
        found = admin.api_keys.get_own()
    with profiles.change() as stored:
        stored.add(name, Profile(server, found.tenant_id, key))
    print_status(
        f"Stored the key. Use it with --profile {name}, or by default after "
        f"`couponctl profile use {name}`."
    )
    about = {member: found.raw[member] for member in SHOWN_MEMBERS}
    return {"profile": name, "server": server, **about}


def _read_key() -> str:
    if sys.stdin.isatty():
        key: str = click.prompt("API key", hide_input=True, err=True)
        return key
    return sys.stdin.readline().strip()


@click.group()
def profile() -> None:
    """Stored profiles: list, use, delete."""


@profile.command("list")
@json_command("profile", "server", "tenant_id", "current", starts_core=False)
def list_() -> Document:
    """List the stored profiles, without their keys.

    Example: `couponctl profile list --json`
    """
    stored = profiles.load()
    rows: list[dict[str, Any]] = [
        {
            "profile": name,
            "server": each.server,
            "tenant_id": each.tenant_id,
            "current": name == stored.current,
        }
        for name, each in sorted(stored.profiles.items())
    ]
    return {"profiles": rows, "total": len(rows)}


@profile.command()
@name_argument
@json_command(starts_core=False)
def use(name: str) -> Document:
    """Choose the profile that commands use by default; local: beside the database.

    Example: `couponctl profile use shop`
    """
    with profiles.change() as stored:
        stored.choose(name)
    return {"current": name}


@profile.command()
@name_argument
@json_command(starts_core=False)
def delete(name: str) -> Document:
    """Delete a stored profile. Its API key remains valid until it is revoked.

    Example: `couponctl profile delete shop`
    """
    with profiles.change() as stored:
        stored.remove(name)
    return {"removed": name}
