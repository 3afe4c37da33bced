"""`couponctl serve`: run one program in the foreground, or all of them."""

import os
import sys
from typing import NoReturn

import rich_click as click
from click.exceptions import Exit

from admin_gateway.cli.output import print_status
from admin_gateway.cli.server import embedded_broker, orphan_guard
from admin_gateway.cli.server.addresses import (
    get_gateways,
    require_different_ports,
    require_free_port,
)
from coupon_core.observability import structured_logging
from coupon_core.persistence import data_directory
from coupon_core.settings import loader

GUNICORN_CONFIG = "python:coupon_core.gunicorn_conf"
WORKER_NAMES = [
    *("consumer", "generator", "relay", "fanout", "deliverer", "counter", "sweeper")
]


@click.group()
def serve() -> None:
    """Run one program, or all of them. SIGTERM and Ctrl-C stop them gracefully."""


@serve.command()
def admin() -> None:
    """Run the admin gateway on ADMIN_PORT.

    Example: `ADMIN_PORT=9001 couponctl serve admin`
    """
    _run_gateway(0)


@serve.command()
def query() -> None:
    """Run the query gateway on QUERY_PORT.

    Example: `COUPON_GATEWAY_WORKERS=4 couponctl serve query`
    """
    _run_gateway(1)


def _run_gateway(index: int) -> None:
    """Replace this process with gunicorn."""
    gateway = get_gateways(loader.load())[index]
    require_free_port(gateway)
    options = ["--config", GUNICORN_CONFIG, "--bind", gateway.bind_address]
    _replace_process([sys.executable, "-m", "gunicorn", *options, gateway.app])


def _replace_process(command: list[str]) -> NoReturn:
    """Replace this process with another program, which stays in the process group."""
    orphan_guard.register_process()
    os.execv(command[0], command)  # noqa: S606


@serve.command()
@click.argument("names", nargs=-1, type=click.Choice(WORKER_NAMES))
def workers(names: tuple[str, ...]) -> None:
    """Run all workers, or only those named.

    consumer processes milestone events, generator generates batches, relay publishes
    the outbox, fanout queues webhook deliveries, deliverer sends them, counter counts
    uses for reports, and sweeper announces expired coupons. You can run several of
    each.

    Example: `couponctl serve workers consumer`
    """
    _replace_process([sys.executable, "-m", "workers", *names])


@serve.command()
def bus() -> None:
    """Run the embedded bus on BUS_PORT, with Valkey or Redis of this machine.

    It listens on 127.0.0.1 only, requires the password in COUPON_DATA_DIR/bus.password
    and stores its data in COUPON_DATA_DIR. It is not needed if COUPON_BROKER_URL points
    to another bus.

    Example: `BUS_PORT=9003 couponctl serve bus`
    """
    settings = loader.load()
    structured_logging.configure(settings.log_level, settings.log_format)
    data_directory.restrict(settings.data_dir)
    program = embedded_broker.require_program(settings)
    print_status(f"The bus stores its data and its log in {settings.data_dir / 'bus'}.")
    _replace_process(embedded_broker.build_command(program, settings))


@serve.command("all")
def all_() -> None:
    """Run both gateways and the workers on this machine, as `make run` does.

    Unless COUPON_BROKER_URL is set, the embedded bus runs too. If one of them ends, all
    of them do.

    Example: `couponctl db upgrade && couponctl serve all`
    """
    from admin_gateway.cli.server import process_group  # no other command needs it

    settings = loader.load()
    require_different_ports(settings)
    for gateway in get_gateways(settings):
        require_free_port(gateway)
    if settings.is_broker_embedded:
        embedded_broker.require_program(settings)
    raise Exit(process_group.run(settings))
