"""The command line program `couponctl`.

A command is the counterpart of an HTTP view: parse, one service call, print.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import rich_click as click
from click.exceptions import Exit

click.rich_click.OPTIONS_PANEL_TITLE = "Options"
click.rich_click.SHOW_ARGUMENTS = True

# Command name, module, short help. The list of commands is shown without importing
# any of the modules; only the module of the called command is imported.
COMMANDS = (
    ("serve", "server.commands", "Run a gateway, the workers, the bus, or all at once"),
    ("db", "commands.db", "The database: upgrade, show its status"),
    ("tenant", "commands.tenant", "Tenants: create, list, rotate secrets"),
    ("key", "commands.api_key", "API keys for the admin API: create, list, revoke"),
    (
        "client-key",
        "commands.client_key",
        "Keys for PlayCamp and Mambo SDKs: create, list, revoke",
    ),
    ("token", "commands.token", "Tokens for users and for a tenant's server"),
    ("reward", "commands.reward", "Reward items, which a redemption grants"),
    ("definition", "commands.definition", "Definitions, the templates of coupons"),
    ("generate", "commands.generate", "Generate coupons for users, or unassigned ones"),
    ("batch", "commands.batch", "Batches of coupons: list, show, watch, cancel"),
    ("coupon", "commands.coupon", "Coupons: list, get, revoke"),
    ("campaign", "commands.campaign", "Campaigns and the creators in them"),
    ("creator", "commands.creator", "Creators and the codes assigned to them"),
    ("package", "commands.package", "Packages: rewards and limits of creators' codes"),
    (
        "code",
        "commands.code",
        "Codes in bulk: list, assign, revoke, export, import",
    ),
    ("validate", "commands.redemption", "Check whether a code can be redeemed"),
    ("redeem", "commands.redemption", "Redeem a code once for a user"),
    ("history", "commands.redemption", "List the coupons a user has redeemed"),
    (
        "user",
        "commands.user",
        "Users who can buy with points: create, list, get, update",
    ),
    ("points", "commands.points", "Points of users: credit, debit, show"),
    (
        "event",
        "commands.event",
        "Events: publish milestones, tail, dead letters",
    ),
    ("audit", "commands.audit", "The audit log: list, tail"),
    ("webhook", "commands.webhook", "Webhooks: subscriptions and delivery logs"),
    ("queue", "commands.queue", "Status of the bus, the outbox, and the workers"),
    ("demo", "demo", "The demo tenant: load, show, drop"),
    ("doctor", "doctor.command", "Check this machine and suggest fixes"),
    ("config", "commands.config", "Settings: show, check, generate a master key"),
)
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
        module = import_module(f"{__name__}.{COMMAND_MODULES[name]}")
        return name, getattr(module, name.replace("-", "_")), remaining_args

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print an expected error to stderr and exit with status 1."""
        with _report_errors():
            return super().invoke(ctx)


@contextmanager
def _report_errors() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Exit(130) from None
    except Exception as error:
        from admin_gateway.cli.errors import error_message

        message = error_message(error)
        if message is None:
            raise
        click.echo(f"Error: {message}", err=True)
        raise Exit(1) from error


@click.group(
    cls=LazyCommandGroup,
    commands=[
        click.RichCommand(name=name, short_help=about) for name, _, about in COMMANDS
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="coupons")
def couponctl() -> None:
    """Run and administer a coupon system.

    Commands that print data support --json. Data goes to stdout, messages to stderr.
    Exit status: 0 success, 1 refused or failed, 2 wrong usage.
    Settings are environment variables; `couponctl config show` lists them.

    Example: `couponctl tenant create acme --json`
    """


def main() -> None:
    """Run `couponctl`; this is the entry point of the console script."""
    couponctl(prog_name="couponctl")
