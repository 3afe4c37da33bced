"""Confirmation of commands that change or delete many things at once."""

import sys
from typing import Any

import rich_click as click

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
_dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show what would change."
)


def confirmation_options(command: Any) -> Any:
    """Add --yes and --dry-run to a command."""
    return yes_option(_dry_run_option(command))


def confirm(question: str, yes: bool) -> None:
    """Ask the question on the terminal, unless --yes was given.

    Raises:
        click.Abort: The answer is no.
        click.UsageError: There is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{question} There is no terminal to answer on: give --yes to confirm."
        )
    click.confirm(question, abort=True, err=True)
