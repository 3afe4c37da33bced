"""Confirmation of commands that change or delete many things at once."""

import sys

import rich_click as click

from admin_gateway.cli.options import combine_options

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show what would change."
)
confirmation_options = combine_options(
    click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
    dry_run_option,
)


def confirm_by_typing(question: str, expected: str, given: str | None) -> None:
    """Ask to type a text, unless it was given as an option.

    Raises:
        click.Abort: Another text was typed.
        click.UsageError: Another text was given, or there is no terminal to type on.
    """
    if given is None and not sys.stdin.isatty():
        raise click.UsageError(
            f"{question} There is no terminal to answer on: give --confirm {expected}."
        )
    if given is None:
        given = click.prompt(f"{question} Type {expected} to confirm", err=True)
        if given != expected:
            raise click.Abort
    elif given != expected:
        raise click.UsageError(f'Invalid --confirm "{given}": expected {expected}.')


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
