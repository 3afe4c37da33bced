"""The drills: each makes a backup while codes are redeemed, and uses it elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from coupon_core.persistence import diagnostics
from coupon_core.security.encryption import generate_master_key
from coupon_core.settings.loader import Settings
from tests.chaos.earning import becomes_true
from tests.drills.dataset import (
    UNLUCKY_USER,
    check_restored,
    filled_database,
    measure_bytes,
)
from tests.drills.procedures import Stopwatch, build_operator_environment, read_blocks
from tests.drills.tools import find_litestream
from tests.support.servers.postgres import (
    PostgresServer,
    find_unprivileged_user,
    postgres_server,
)
from tests.support.servers.process import build_user_options
from tests.support.settings import MASTER_KEY, build_settings

# Litestream copies once a second.
LITESTREAM_SECONDS = 2.5
RECOVERY_SECONDS = 600.0


@dataclass(frozen=True)
class Result:
    """What was restored, the bytes of the backup, and how long its commands took."""

    name: str
    rows: int
    backup_bytes: int
    create_seconds: float
    restore_seconds: float
    lost_uses: int


def build_machine(home: Path) -> Settings:
    """Return the settings of a machine whose database is in its data directory."""
    home.mkdir()
    return build_settings(f"sqlite:///{home / 'coupons.db'}", home)


def drill_copy(home: Path, coupon_count: int) -> Result:
    """SQLite: copy while codes are redeemed, and restore on an empty machine.

    There, the master key of the backup is replaced.
    """
    (create, restore), backup = read_blocks("SQLite: copies"), home / "backup"
    old, new = build_machine(home / "old"), build_machine(home / "new")
    creating, restoring = Stopwatch(), Stopwatch()
    with filled_database(old, coupon_count) as data, data.being_used():
        uses_before = data.uses
        creating.run(create, build_operator_environment(old, BACKUP=backup))
    env = build_operator_environment(replace(new, master_keys=()), BACKUP=backup)
    restoring.run(restore, without_broker(env))
    new_key = generate_master_key()
    for block in read_blocks("Another master key"):
        both = replace(new, master_keys=(new_key, MASTER_KEY))
        Stopwatch().run(block, without_broker(build_operator_environment(both)))
    new = replace(new, master_keys=(new_key,))
    rows = check_restored(new, data, range(uses_before, data.uses + 1))
    return Result(
        *("SQLite, `couponctl backup`", rows, measure_bytes(backup)),
        *(creating.seconds, restoring.seconds, 0),
    )


def without_broker(env: dict[str, str]) -> dict[str, str]:
    """Return the environment of a machine that has a bus of its own."""
    return {name: env[name] for name in env if name != "COUPON_BROKER_URL"}


def drill_litestream(home: Path, coupon_count: int) -> Result:
    """SQLite: lose the machine and Litestream, and restore on an empty machine."""
    replicate, restore = read_blocks("SQLite: Litestream")
    old, new = build_machine(home / "old"), build_machine(home / "new")
    key_copy, replica = home / "key", home / "replica"
    key_copy.write_text(MASTER_KEY)
    litestream = find_litestream()
    assert litestream
    variables = {"LITESTREAM_REPLICA": replica, "MASTER_KEY_COPY": key_copy}
    restoring = Stopwatch()
    with filled_database(old, coupon_count) as data:
        env = build_operator_environment(old, litestream.parent, **variables)
        command = ["bash", "-c", f"exec {replicate}"]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        with process:
            started_at = time.monotonic()
            with data.being_used():
                assert becomes_true(lambda: any(replica.rglob("*.ltx")), 60)
                time.sleep(LITESTREAM_SECONDS)
            uses_before, used_until = data.uses, time.time()
            assert becomes_true(lambda: find_latest_copy(replica) > used_until, 60)
            time.sleep(LITESTREAM_SECONDS)
            seconds = time.monotonic() - started_at
            with data.being_used():
                time.sleep(0.2)
            process.send_signal(signal.SIGKILL)
    env = build_operator_environment(
        replace(new, master_keys=()), litestream.parent, **variables
    )
    restoring.run(restore, without_broker(env))
    rows = check_restored(new, data, range(uses_before, data.uses + 1))
    return Result(
        *("SQLite, Litestream", rows, measure_bytes(replica)),
        *(seconds, restoring.seconds, data.uses - uses_before),
    )


def find_latest_copy(replica: Path) -> float:
    """Return when Litestream last copied changes."""
    return max((file.stat().st_mtime for file in replica.rglob("*.ltx")), default=0)


def drill_recovery(home: Path, coupon_count: int) -> Result:
    """PostgreSQL: recover to the moment before codes are revoked."""
    prepare, create, find_time, restore, is_recovering = read_blocks(
        "PostgreSQL: recovery to a point in time"
    )
    user = find_unprivileged_user() if os.geteuid() == 0 else None
    as_user = build_user_options(user)
    creating, restoring = Stopwatch(), Stopwatch()
    with postgres_server(home, fsync=True) as server:
        directory = server.process.directory
        settings = build_settings(server.url(), home)
        backup, archive = directory / "backup", directory / "archive"
        env = build_operator_environment(
            *(settings, server.bin_dir),
            **{"PGHOST": "127.0.0.1", "PGPORT": server.address.port},
            **{"PGUSER": "postgres", "PGDATA": directory / "data"},
            **{"BACKUP": backup, "ARCHIVE": archive},
        )
        Stopwatch().run(prepare, env, **as_user)
        restart(server)
        with filled_database(settings, coupon_count) as data:
            server.address.execute("SELECT pg_switch_wal()")
            # Without the directory, archive_command fails, as `couponctl doctor` says.
            assert becomes_true(diagnostics.find_archive_failure, 60)
            subprocess.run(["mkdir", archive], check=True, **as_user)
            with data.being_used():
                creating.run(create, env, **as_user)
            assert becomes_true(lambda: not diagnostics.find_archive_failure(), 90)
            uses_before = data.uses
            time.sleep(1)  # the audit log shows whole seconds
            mistake = f"couponctl code revoke --tenant {data.tenant.tenant_id} --yes"
            Stopwatch().run(f"{mistake} --user {UNLUCKY_USER}", env)
            names = {"TENANT": data.tenant.tenant_id, "ACTION": "code_job.started"}
            found = json.loads(Stopwatch().run(find_time, {**env, **names}))
            env["BEFORE"] = found["entries"][0]["happened_at"]
        started_at = time.monotonic()
        server.stop()
        Stopwatch().run(restore, env, **as_user)
        server.start()
        recovered = Stopwatch()
        assert becomes_true(
            lambda: recovered.run(is_recovering, env).strip() == "f", RECOVERY_SECONDS
        )
        restoring.seconds = time.monotonic() - started_at
        rows = check_restored(settings, data, range(uses_before, uses_before + 1))
        stored_bytes = measure_bytes(backup) + measure_bytes(archive)
    return Result(
        *("PostgreSQL, base backup and archive", rows, stored_bytes),
        *(creating.seconds, restoring.seconds, 0),
    )


def restart(server: PostgresServer) -> None:
    """Restart PostgreSQL, as `systemctl restart postgresql` does."""
    server.stop()
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW archive_mode").fetchone() == ("on",)


def drill_move(home: Path, coupon_count: int) -> Result:
    """SQLite to PostgreSQL: every row arrives."""
    (move,) = read_blocks("From SQLite to PostgreSQL")
    old, moving = build_machine(home / "old"), Stopwatch()
    with filled_database(old, coupon_count) as data, data.being_used():
        time.sleep(0.2)
    with postgres_server(home, fsync=True) as server:
        new = build_settings(server.url(), home / "old")
        env = build_operator_environment(old, POSTGRESQL_URL=new.database_url)
        moving.run(move, without_broker(env))
        rows = check_restored(new, data, range(data.uses, data.uses + 1))
    file_bytes = measure_bytes(home / "old" / "coupons.db")
    return Result(
        *("SQLite to PostgreSQL, `couponctl db copy`", rows, file_bytes),
        *(0.0, moving.seconds, 0),
    )


DRILLS: dict[str, Callable[[Path, int], Result]] = {
    "copy": drill_copy,
    "litestream": drill_litestream,
    "recovery": drill_recovery,
    "move": drill_move,
}
