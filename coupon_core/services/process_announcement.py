"""Announces this process in the database, so that upgrades know which releases run.

On SQLite, it also shows itself to the machine, so that no backup is restored meanwhile.
"""

import os
import socket
import threading
from contextlib import suppress

import structlog

from coupon_core.persistence import (
    database,
    diagnostics,
    running_processes,
    schema,
    sqlite_users,
)
from coupon_core.persistence.id_generation import generate_id

log = structlog.get_logger("coupon.processes")

INTERVAL_SECONDS = 15.0
STOP_SECONDS = 1.0


class AnnouncementThread:
    """Announces this process until it is stopped.

    While the database is unavailable or has no table for it, it tries again.
    """

    def __init__(self, program: str) -> None:
        self._process = running_processes.RunningProcess(
            process_id=generate_id(),
            program=program,
            host=socket.gethostname(),
            pid=os.getpid(),
            migration=schema.get_newest_known_migration(),
        )
        self._mark: int | None = None
        self._should_stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="announcement", daemon=True
        )

    def start(self) -> None:
        """Start the thread; call this after a fork, in the process that serves."""
        self._mark = sqlite_users.mark_process(self._process.program)
        self._thread.start()

    def stop(self) -> None:
        """Withdraw the announcement, unless the database does not answer soon.

        Nothing happens if the application could not start, and so the thread did not.
        """
        self._should_stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        if self._mark is not None:
            os.close(self._mark)

    def _run(self) -> None:
        known_newer: list[str] = []
        while not self._should_stop.is_set():
            with suppress(*diagnostics.DATABASE_ERRORS):
                now = running_processes.read_clock()
                running_processes.announce(self._process, now)
                newer = schema.list_newer_migrations()
                if newer and newer != known_newer:
                    breaking = schema.find_breaking_migration()
                    log.warning("newer schema", newest=newer[-1], breaking=breaking)
                    known_newer = newer
            self._release_connection()
            self._should_stop.wait(INTERVAL_SECONDS)
        with suppress(*diagnostics.DATABASE_ERRORS):
            running_processes.withdraw(self._process)
        self._release_connection()

    def _release_connection(self) -> None:
        with suppress(*diagnostics.DATABASE_ERRORS):
            database.release_connection()
