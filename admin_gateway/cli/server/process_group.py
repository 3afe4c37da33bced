"""All processes of one machine under honcho: they start, speak and stop together."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import rich_click as click

from admin_gateway.cli.demo import welcome_message
from admin_gateway.cli.errors import Failed, sentence_of
from admin_gateway.cli.server import orphan_guard
from admin_gateway.cli.server.addresses import wait_until_healthy
from coupon_core.settings.loader import Settings

NAME = "Procfile"
EMBEDDED_BUS = "bus"  # what the Procfile calls it
# In the wheel it lies beside the commands; in a checkout it is where people look.
PLACES = (Path(__file__).parents[1], Path(__file__).parents[3] / "deploy")
SECONDS_TO_START = 120.0
ENDED_BY_SIGNAL = (130, 143)  # what honcho makes of SIGINT and SIGTERM


def run(settings: Settings) -> int:
    """Run what the Procfile lists until one ends or a signal comes.

    Gives the exit status: that of the process that ended, 0 after a signal.
    """
    _prepare_environment()
    with orphan_guard.guarding(settings.data_dir / "groups"):
        manager = _manager(settings)
        # A terminal that is closed says so with SIGHUP, which honcho does not know.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        greeter = threading.Thread(target=_greet, args=(settings,), daemon=True)
        greeter.start()
        manager.loop()
    status = manager.returncode
    return 0 if status in ENDED_BY_SIGNAL else int(status or 0)


def _manager(settings: Settings) -> Any:
    try:
        from honcho.environ import parse_procfile
        from honcho.manager import Manager
    except ModuleNotFoundError as error:
        raise Failed(
            "This needs honcho: install coupons with its extra `embedded`, or run "
            "`couponctl serve admin`, `query` and `workers` by yourself."
        ) from error
    manager = Manager()
    for name, command in parse_procfile(_procfile()).processes.items():
        if settings.embeds_bus or name != EMBEDDED_BUS:
            manager.add_process(name, command)
    return manager


def _procfile() -> str:
    return next(
        (place / NAME).read_text() for place in PLACES if (place / NAME).exists()
    )


def _prepare_environment() -> None:
    # The commands of the Procfile are those of this environment, activated or not.
    ours = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([ours, *os.get_exec_path()])
    os.environ["PYTHONUNBUFFERED"] = "1"


def _greet(settings: Settings) -> None:
    """Say where everything is, once it is there."""
    try:
        if wait_until_healthy(settings, SECONDS_TO_START):
            click.echo(welcome_message.text(settings))
    except Exception as error:
        click.echo(f"Error: {sentence_of(error) or repr(error)}", err=True)
