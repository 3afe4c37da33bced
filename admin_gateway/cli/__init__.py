"""The command line program `couponctl`.

A command is the counterpart of an HTTP view: parse, one service call, print.
"""

import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from io import TextIOWrapper
from typing import Any, cast

import rich_click as click
from click.exceptions import Exit

from admin_gateway.cli.connections import require_no_server, server_options

click.rich_click.OPTIONS_PANEL_TITLE = "Options"
click.rich_click.SHOW_ARGUMENTS = True

ABORTED_MESSAGE = "Aborted; nothing was changed."
MACHINE_PANEL = "This machine and its database"
# Command name, module in `commands` (or, with a dot, beside it) and short help, by the
# panels of the list of commands, which is shown without importing any of the modules:
# only that of the called command is imported.
PANELS = {
    "Coupons": (
        ("reward", "reward", "Reward items, which a redemption grants"),
        ("definition", "definition", "Definitions, the templates of coupons"),
        ("generate", "generate", "Generate coupons for users, or unassigned ones"),
        ("batch", "batch", "Batches of coupons: list, watch, cancel, suspend"),
        ("coupon", "coupon", "Single coupons: show, revoke, restore, reissue"),
        ("code", "code", "Codes in bulk: revoke, restore, expiry, export, import"),
        ("campaign", "campaign", "Campaigns: create, suspend, resume, stats"),
        ("creator", "creator", "Creators and the codes assigned to them"),
        ("package", "package", "Packages: rewards and limits of creators' codes"),
    ),
    "Use": (
        ("validate", "redemption", "Check whether a code can be redeemed"),
        ("redeem", "redemption", "Redeem a code once for a user"),
        ("history", "redemption", "List the coupons a user has redeemed"),
        ("redemption", "redemption", "Redemptions: list, show, reverse"),
        ("user", "user", "Users who can buy with points; personal data"),
        ("points", "points", "Points of users: credit, debit, list"),
    ),
    "Insight and events": (
        ("report", "report", "Reports: redemptions, refusals, top, compare"),
        ("audit", "audit", "The audit log: list, tail"),
        ("event", "event", "Events: publish milestones, tail, dead letters"),
        ("webhook", "webhook", "Webhooks: subscriptions and delivery logs"),
    ),
    "Access": (
        ("login", "login", "Store the API key of a server in a profile"),
        ("profile", "login", "Stored profiles: list, use, delete"),
        ("key", "keys", "API keys for the admin API: create, list, revoke"),
        ("client-key", "keys", "Keys for PlayCamp and Mambo SDKs"),
    ),
    MACHINE_PANEL: (
        ("serve", ".server.commands", "Run a gateway, the workers, the bus, or all"),
        ("db", "db", "The database: upgrade, distribute, show status"),
        ("backup", "backup", "Backups of SQLite: create, restore"),
        ("tenant", "tenant", "Tenants: create, list, rotate-secret, delete"),
        ("operator", "operator", "Operators of the console: invite, list, reset"),
        ("token", "tenant", "Tokens for users and for a tenant's server"),
        ("retention", "retention", "How long data is kept: show, prune"),
        ("queue", "queue", "Status of the bus, the outbox, and the workers"),
        ("demo", ".demo", "The demo tenant: load, show, delete"),
        ("doctor", ".doctor.command", "Check this machine and suggest fixes"),
        ("config", "config", "Settings: show, check, generate a master key"),
        ("completion", "completion", "Completion of commands by your shell"),
    ),
}
COMMANDS = tuple(row for rows in PANELS.values() for row in rows)
LOCAL_COMMANDS = {name for name, *_ in PANELS[MACHINE_PANEL]} - {"completion"}
click.rich_click.COMMAND_GROUPS = {
    "couponctl": [
        {"name": panel, "commands": [name for name, *_ in rows]}
        for panel, rows in PANELS.items()
    ]
}
HELP_OPTIONS = ["-h", "--help"]
COMMAND_MODULES = {name: module for name, module, _ in COMMANDS}


class LazyCommandGroup(click.RichGroup):
    """A group that imports commands on demand and prints errors as one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of `COMMANDS`."""
        return list(COMMAND_MODULES)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the module of the called command and return the command."""
        name, command, remaining_args = super().resolve_command(ctx, args)
        if name is None or command is None:
            return name, command, remaining_args
        is_run = click.get_current_context(silent=True) and not ctx.resilient_parsing
        if is_run and name in LOCAL_COMMANDS and not {*HELP_OPTIONS} & {*args}:
            require_no_server()
        module = import_module(f".{COMMAND_MODULES[name]}", f"{__name__}.commands")
        return name, getattr(module, name.replace("-", "_")), remaining_args

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; convert an expected error into one that click reports."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Exit(130) from None
        except (click.ClickException, Exit, click.Abort):
            raise
        except Exception as error:
            from admin_gateway.cli.errors import to_command_error

            raise to_command_error(error) or error from error

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        standalone_mode: bool = True,
        **options: Any,
    ) -> Any:
        """Run the program; report an error as a sentence, or with --json as JSON."""
        arguments = list(sys.argv[1:] if args is None else args)
        try:
            status = super().main(
                arguments, prog_name, standalone_mode=False, **options
            )
        except click.Abort:
            status = _report_error(click.ClickException(ABORTED_MESSAGE), arguments)
        except click.ClickException as error:
            status = _report_error(error, arguments)
        if standalone_mode:
            sys.exit(status)
        return status


def _report_error(error: click.ClickException, arguments: Sequence[str]) -> int:
    """Print an error to stderr, and return the exit status."""
    if "--json" not in arguments:
        error.show()
        return error.exit_code
    document = {
        "error": error.format_message(),
        "code": getattr(error, "code", "USAGE" if error.exit_code > 1 else "ABORTED"),
        "exit_status": error.exit_code,
        "details": [asdict(detail) for detail in getattr(error, "details", ())],
    }
    if notice := getattr(error, "notice", ""):
        document["notice"] = notice
    click.echo(json.dumps(document, indent=2), err=True)
    return error.exit_code


@click.group(
    cls=LazyCommandGroup,
    commands=[
        click.RichCommand(name=name, short_help=about) for name, _, about in COMMANDS
    ],
    context_settings={"help_option_names": HELP_OPTIONS},
)
@click.version_option(package_name="couponctl")
@server_options
def couponctl() -> None:
    """Run and administer a coupon system.

    Data goes to stdout, messages and errors go to stderr. With --json, data and errors
    are one JSON document each.

    Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not authenticated or
    without the scope, 4 not found, 5 conflict with existing data.

    Settings are environment variables; `couponctl config show` lists them.

    Example: `couponctl tenant create acme --json`
    """


def main() -> None:
    """Run `couponctl`; this is the entry point of the console script."""
    # A terminal may lack characters of names.
    cast(TextIOWrapper, sys.stdout).reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, _exit_by_signal)
    couponctl(prog_name="couponctl")


def _exit_by_signal(number: int, _: object) -> None:
    """End as after an error, so that unfinished files are deleted."""
    sys.exit(128 + number)
