"""PostgreSQL for tests, from the system or from a wheel, also for root."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from tests.support.ports import find_free_port
from tests.support.servers.postgres_binaries import (
    PostgresBinaries,
    can_run_as,
    ensure_readable_binaries,
    find_postgres,
)
from tests.support.servers.process import (
    Process,
    ServerError,
    build_clean_environment,
    build_user_options,
    private_directory,
)

MAX_SOCKET_PATH_LENGTH = 90  # of 107 bytes; the server appends the file name
# No passwords, because the server listens on loopback only.
INITDB_OPTIONS = (
    *("--auth", "trust", "--username", "postgres"),
    *("--encoding", "UTF8", "--no-locale", "--no-sync"),
)


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL, for tests that did not start it."""

    port: int
    bin_dir: str
    version: str
    origin: str

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, which need not exist yet."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction in the database `postgres`."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass
class PostgresServer:
    """A PostgreSQL that the test may stop and start."""

    address: Postgres
    process: Process

    @property
    def version(self) -> str:
        """Return the version of the server."""
        return self.address.version

    @property
    def bin_dir(self) -> Path:
        """Return the directory of pgbench and psql of the same version, if present."""
        return Path(self.address.bin_dir)

    @property
    def pid(self) -> int:
        """Return the process ID of the server."""
        return self.process.pid

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, which need not exist yet."""
        return self.address.url(database)

    def socket_url(self, database: str) -> str:
        """Return a URL of a database that uses the Unix socket, which costs less."""
        directory = self.process.directory
        return (
            f"postgresql://postgres@/{database}?host={directory}"
            f"&port={self.address.port}"
        )

    def start(self) -> None:
        """Start it again on the same port and data, and wait for a killed one's end."""
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.process.start()
            except ServerError as error:
                # The children of a killed server keep its memory a moment longer.
                if "in use" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def stop(self, number: signal.Signals | None = None) -> None:
        """Stop quickly but cleanly; with SIGKILL as in a power failure."""
        self.process.stop(number)


@contextmanager
def postgres_server(
    directory: Path, *, fsync: bool = False, binaries: PostgresBinaries | None = None
) -> Iterator[PostgresServer]:
    """Run a fresh PostgreSQL while the block runs, and remove it afterwards.

    Its data is in a new directory below `directory`, or, for root, below the system's
    temporary directory: PostgreSQL refuses to run as root, and the user that runs it
    may have no access to `directory`.
    """
    user = find_unprivileged_user() if os.geteuid() == 0 else None
    parent = find_accessible_directory(user) if user else directory
    with private_directory(parent, "coupons-pg-", user) as home:
        found = ensure_readable_binaries(binaries or find_postgres(), home, user)
        create_cluster(found.bin_dir, home, user)
        server = start_postgres(found, home, user, fsync)
        try:
            yield server
        finally:
            server.stop()


def find_unprivileged_user() -> pwd.struct_passwd:
    """Return the user that runs PostgreSQL if we are root."""
    for name in ("nobody", "daemon", "postgres"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("PostgreSQL refuses to run as root, and there is no user nobody")


def find_accessible_directory(user: pwd.struct_passwd) -> Path:
    """Return the first temporary directory that this user can access."""
    for directory in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if can_run_as(user, "test", "-x", directory):
            return Path(directory)
    raise ServerError(f"{user.pw_name} can enter no directory for temporary files")


def create_cluster(bin_dir: Path, home: Path, user: pwd.struct_passwd | None) -> None:
    """Run initdb."""
    done = subprocess.run(
        [str(bin_dir / "initdb"), "--pgdata", str(home / "data"), *INITDB_OPTIONS],
        capture_output=True,
        text=True,
        cwd=home,
        env=build_clean_environment(home),
        **build_user_options(user),
    )
    if done.returncode:
        raise ServerError(f"initdb failed:\n{done.stderr or done.stdout}")


def start_postgres(
    found: PostgresBinaries, home: Path, user: pwd.struct_passwd | None, fsync: bool
) -> PostgresServer:
    """Start it on a free port; on another one if that was taken meanwhile."""
    for attempt in range(3):
        port = find_free_port()
        process = Process(
            build_postgres_command(found.bin_dir, home, port, fsync),
            directory=home,
            is_ready=partial(is_postgres_ready, port),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then checkpoints
            user=user,
        )
        try:
            process.start()
        except ServerError as error:
            if attempt < 2 and "could not bind" in str(error):
                continue
            raise
        version = read_postgres_version(port) or "?"
        address = Postgres(port, str(found.bin_dir), version, found.origin)
        return PostgresServer(address, process)
    raise AssertionError("unreachable")


def build_postgres_command(
    bin_dir: Path, home: Path, port: int, fsync: bool
) -> list[str]:
    """Return the command that runs a server."""
    sockets = str(home) if len(str(home)) < MAX_SOCKET_PATH_LENGTH else ""
    durable = "on" if fsync else "off"
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": sockets,
        "max_connections": 300,
        "fsync": durable,
        "synchronous_commit": durable,
        "full_page_writes": durable,
        "shared_buffers": "128MB",
        # In its directory, because a killed server does not remove it.
        "dynamic_shared_memory_type": "mmap",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [str(bin_dir / "postgres"), "-D", str(home / "data"), *options]


def is_postgres_ready(port: int) -> bool:
    """Return True if the server accepts connections."""
    return read_postgres_version(port) is not None


def read_postgres_version(port: int) -> str | None:
    """Return the version of the server on that port, or None without an answer."""
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            text = connection.info.parameter_status("server_version") or "?"
    except psycopg.OperationalError:
        return None
    return text.split()[0]
