"""Two plain PostgreSQL servers: a primary and its synchronous standby."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.servers.postgres import (
    PostgresServer,
    create_cluster,
    find_accessible_directory,
    find_unprivileged_user,
    start_postgres,
)
from tests.support.servers.postgres_binaries import (
    ensure_readable_binaries,
    find_postgres,
)
from tests.support.servers.process import private_directory, wait_until

STANDBY_NAME = "standby"


@dataclass(frozen=True)
class ReplicatedPostgres:
    """A primary and its standby."""

    primary: PostgresServer
    standby: PostgresServer

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database on whichever server accepts writes."""
        ports = self.primary.address.port, self.standby.address.port
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        query = "target_session_attrs=read-write"
        return f"postgresql://postgres@{hosts}/{database}?{query}"

    def is_synchronous(self) -> bool:
        """Return True if the primary waits for the standby at each commit."""
        sql = "SELECT sync_state FROM pg_stat_replication"
        with psycopg.connect(self.primary.url()) as connection:
            return connection.execute(sql).fetchall() == [("sync",)]

    def wait_until_synchronous(self) -> None:
        """Wait until a failover would lose nothing."""
        wait_until(self.is_synchronous, 30, "the synchronous standby")


@contextmanager
def replicated_postgres(directory: Path) -> Iterator[ReplicatedPostgres]:
    """Run a primary and a standby while the block runs, and remove them afterwards."""
    user = find_unprivileged_user() if os.geteuid() == 0 else None
    parent = find_accessible_directory(user) if user else directory
    with ExitStack() as stack:
        homes = [
            stack.enter_context(private_directory(parent, "coupons-pg-", user))
            for _ in range(2)
        ]
        found = ensure_readable_binaries(find_postgres(), homes[0], user)
        create_cluster(found.bin_dir, homes[0], user)
        # A copy of a cluster that never ran follows it from its first record.
        _copy_cluster(homes[0] / "data", homes[1] / "data")
        primary = start_postgres(found, homes[0], user, fsync=True)
        stack.callback(primary.stop)
        with (homes[1] / "data/postgresql.auto.conf").open("a") as config:
            config.write(
                f"primary_conninfo = 'host=127.0.0.1 port={primary.address.port} "
                f"user=postgres application_name={STANDBY_NAME}'\n"
            )
        standby = start_postgres(found, homes[1], user, fsync=True)
        stack.callback(standby.stop)
        primary.address.execute(
            f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY_NAME}'"
        )
        primary.address.execute("SELECT pg_reload_conf()")
        pair = ReplicatedPostgres(primary, standby)
        pair.wait_until_synchronous()
        yield pair


def _copy_cluster(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    (target / "standby.signal").touch()
    owner = source.stat()
    for path in (target, *target.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
