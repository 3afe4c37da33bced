"""All processes of one machine under honcho: started, logged and stopped together."""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import rich_click as click

from admin_gateway.cli.demo import welcome_message
from admin_gateway.cli.errors import CommandError, to_command_error
from admin_gateway.cli.server import orphan_guard
from admin_gateway.cli.server.addresses import wait_until_healthy
from coupon_core.settings.loader import Settings

PROCFILE_NAME = "Procfile"
BROKER_PROCESS_NAME = "bus"  # its name in the Procfile
# The wheel contains it beside the commands; a checkout has it in deploy/.
PROCFILE_DIRECTORIES = (Path(__file__).parents[1], Path(__file__).parents[3] / "deploy")
START_TIMEOUT_SECONDS = 120.0
SIGNAL_EXIT_STATUSES = (130, 143)  # honcho's exit status for SIGINT and SIGTERM


def run(settings: Settings) -> int:
    """Run the processes of the Procfile until one ends or a signal arrives.

    Returns the exit status of the process that ended, or 0 after a signal.
    """
    _prepare_environment()
    with orphan_guard.guard_process_group(settings.data_dir / "groups"):
        manager = _create_manager(settings)
        # A closed terminal sends SIGHUP, which honcho does not handle.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        threading.Thread(target=_print_welcome, args=(settings,), daemon=True).start()
        try:
            manager.loop()
        except Exception as error:  # BrokenPipeError: nobody reads the output any more
            with suppress(OSError):
                click.echo(f"Error: {to_command_error(error) or repr(error)}", err=True)
            # Python would wait for honcho's children, and those for the processes,
            # which the guard ends after this one.
            for child in multiprocessing.active_children():
                child.kill()
            os._exit(1)
    status = manager.returncode
    return 0 if status in SIGNAL_EXIT_STATUSES else int(status or 0)


def _create_manager(settings: Settings) -> Any:
    try:
        from honcho.environ import parse_procfile  # type: ignore[import-untyped]
        from honcho.manager import Manager  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise CommandError(
            "honcho is not installed. Install the extra `embedded` or run "
            "`couponctl serve admin`, `serve query` and `serve workers` separately."
        ) from error
    manager = Manager()
    for name, command in parse_procfile(_read_procfile()).processes.items():
        if settings.is_broker_embedded or name != BROKER_PROCESS_NAME:
            manager.add_process(name, command)
    return manager


def _read_procfile() -> str:
    return next(
        (directory / PROCFILE_NAME).read_text()
        for directory in PROCFILE_DIRECTORIES
        if (directory / PROCFILE_NAME).exists()
    )


def _prepare_environment() -> None:
    # The Procfile must run the programs of this environment, activated or not.
    program_directory = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([program_directory, *os.get_exec_path()])
    os.environ["PYTHONUNBUFFERED"] = "1"


def _print_welcome(settings: Settings) -> None:
    """Print addresses and examples once both gateways are healthy."""
    try:
        if wait_until_healthy(settings, START_TIMEOUT_SECONDS):
            click.echo(welcome_message.render_welcome(settings))
    except Exception as error:
        click.echo(f"Error: {to_command_error(error) or repr(error)}", err=True)
