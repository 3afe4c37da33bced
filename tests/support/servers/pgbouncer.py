"""PgBouncer in transaction mode in front of a PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.ports import find_free_port, is_port_open
from tests.support.requirements import report_missing
from tests.support.servers.postgres import Postgres, find_unprivileged_user
from tests.support.servers.process import Process, private_directory

# Old releases do not pass `options` on. What the product sets there is set here, for
# each connection to the server (docs/scaling.md).
CONFIG = """
[databases]
* = host=127.0.0.1 port={server_port} user=postgres connect_query='{connect_query}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
ignore_startup_parameters = options
"""
CONNECT_QUERY = (
    "SET timezone = UTC; SET jit = off; SET statement_timeout = 4000; "
    "SET idle_in_transaction_session_timeout = 4000"
)


@dataclass(frozen=True)
class PgBouncer:
    """A running PgBouncer."""

    port: int
    version: tuple[int, ...]

    def url(self, database: str) -> str:
        """Return the URL of a database behind it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextmanager
def pgbouncer_server(postgres: Postgres, pool_size: int = 4) -> Iterator[PgBouncer]:
    """Run PgBouncer while the block runs, with few connections for many clients.

    Where it is not installed, the test is skipped, or fails if it is required.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        report_missing("pgbouncer", "it is not installed")
    user = find_unprivileged_user() if os.geteuid() == 0 else None
    with private_directory(None, "coupons-pgb-", user) as home:
        port = find_free_port()
        config = home / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(
                server_port=postgres.port,
                port=port,
                pool_size=pool_size,
                connect_query=CONNECT_QUERY,
            )
        )
        config.chmod(0o644)
        process = Process(
            [program, str(config)],
            directory=home,
            is_ready=lambda: is_port_open(port),
            stop_signal=signal.SIGINT,
            user=user,
        )
        process.start()
        try:
            yield PgBouncer(port, read_version(program))
        finally:
            process.stop()


def read_version(program: str) -> tuple[int, ...]:
    """Return the version of the program."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else ()
