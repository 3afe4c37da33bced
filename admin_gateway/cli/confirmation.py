"""Confirmation of commands that change or delete many things at once."""

import sys

import rich_click as click

from admin_gateway.cli.options import combine_options

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
confirmation_options = combine_options(
    yes_option,
    click.option("--dry-run", is_flag=True, help="Only show what would change."),
)


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
