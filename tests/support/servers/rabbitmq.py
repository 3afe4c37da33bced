"""RabbitMQ for tests: a private node with its own name server."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kombu import Connection

from tests.support.ports import find_free_port, is_port_open
from tests.support.requirements import report_missing
from tests.support.servers.process import Process, private_directory

# Debian's program on the PATH requires root and switches to another user.
PROGRAM_PATHS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
)


@dataclass
class RabbitServer:
    """A running RabbitMQ."""

    port: int
    version: str
    origin: str
    process: Process

    @property
    def url(self) -> str:
        """Return the URL of the broker."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def pid(self) -> int:
        """Return the process ID of the node."""
        return self.process.pid

    def start(self) -> None:
        """Start the node again."""
        self.process.start()

    def stop(self, number: signal.Signals | None = None) -> None:
        """Stop gracefully; with SIGKILL as in a crash. The data remains."""
        self.process.stop(number)


def find_rabbitmq() -> Path | None:
    """Return the server program, or None if it is not installed."""
    on_path = shutil.which("rabbitmq-server")
    found = [Path(name) for name in PROGRAM_PATHS if Path(name).exists()]
    return found[0] if found else Path(on_path) if on_path else None


@contextmanager
def rabbit_server() -> Iterator[RabbitServer]:
    """Run a fresh RabbitMQ while the block runs, and remove it afterwards.

    Where RabbitMQ is not installed, the test is skipped, or fails if it is required.
    """
    program = find_rabbitmq() or report_missing("rabbitmq", "it is not installed")
    with private_directory(None, "coupons-mq-", None) as home:
        port, names_port = find_free_port(), find_free_port()
        process = Process(
            [str(program)],
            directory=home,
            is_ready=lambda: read_rabbitmq_version(port) is not None,
            stop_signal=signal.SIGTERM,
            environment=build_environment(home, port, names_port),
        )
        with name_server(home, names_port):
            process.start()
            try:
                version = read_rabbitmq_version(port) or "?"
                yield RabbitServer(port, version, program.parts[-3], process)
            finally:
                process.stop(signal.SIGKILL)


@contextmanager
def name_server(home: Path, port: int) -> Iterator[None]:
    """Run epmd as our child: one that the node starts would outlive it."""
    names = home / "names"
    names.mkdir()
    process = Process(
        [shutil.which("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(port)],
        directory=names,
        is_ready=lambda: is_port_open(port),
        stop_signal=signal.SIGTERM,
    )
    process.start()
    try:
        yield
    finally:
        process.stop()


def build_environment(home: Path, port: int, names_port: int) -> dict[str, str]:
    """Return settings that isolate the node from others on this machine."""
    config = home / "rabbitmq.conf"
    config.write_text(
        f"listeners.tcp.default = 127.0.0.1:{port}\n"
        "log.console = true\nlog.console.level = warning\nlog.file = false\n"
        "vm_memory_high_watermark.absolute = 1GB\n"
        "disk_free_limit.absolute = 50MB\n"
    )
    (home / "enabled_plugins").write_text("[].")
    return {
        "HOME": str(home),
        # The script then executes the server, so that its process is the one we know.
        "RUNNING_UNDER_SYSTEMD": "1",
        "RABBITMQ_NODENAME": f"coupons{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_DIST_PORT": str(find_free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface"
        " {127,0,0,1}",
        "ERL_EPMD_PORT": str(names_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


def read_rabbitmq_version(port: int) -> str | None:
    """Return the version of the server on that port, or None without an answer."""
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.connect()
            version: str = connection.connection.server_properties["version"]
            return version
    except OSError:
        return None
