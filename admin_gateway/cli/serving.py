"""`couponctl serve`: one gateway in the foreground, or everything at once."""

import os
import sys

import rich_click as click

from admin_gateway.cli.addresses import gateways, require_free
from admin_gateway.cli.failures import Failed
from coupon_core import config

OPTIONS = "python:coupon_core.gunicorn_conf"


@click.group()
def serve() -> None:
    """Run a gateway, or everything at once. SIGTERM and Ctrl-C end it in good order."""


@serve.command()
def admin() -> None:
    """Run the admin gateway on ADMIN_PORT.

    Example: `ADMIN_PORT=9001 couponctl serve admin`
    """
    _become(0)


@serve.command()
def query() -> None:
    """Run the query gateway on QUERY_PORT.

    Example: `COUPON_GATEWAY_WORKERS=4 couponctl serve query`
    """
    _become(1)


def _become(which: int) -> None:
    """Let gunicorn take the place of this process."""
    gateway = gateways(config.load())[which]
    require_free(gateway)
    program = [sys.executable, "-m", "gunicorn", "--config", OPTIONS]
    os.execv(sys.executable, [*program, "--bind", gateway.bind, gateway.app])  # noqa: S606


@serve.command()
def workers() -> None:
    """Run the workers, which consume milestones (not there yet).

    Example: `couponctl serve workers`
    """
    raise Failed(
        "There are no workers yet: they come with the bus. Nothing else needs them: "
        "run `couponctl serve admin` and `couponctl serve query`."
    )


@serve.command("all")
def all_() -> None:
    """Run everything on this machine, as deploy/Procfile lists it; for `make run`.

    Example: `couponctl db upgrade && couponctl serve all`
    """
    from admin_gateway.cli import group  # only this command needs honcho

    settings = config.load()
    for gateway in gateways(settings):
        require_free(gateway)
    raise click.exceptions.Exit(group.run(settings))
