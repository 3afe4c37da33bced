"""The processes that use this database: each announces itself until it ends."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from coupon_core.domain.clock import utc_now
from coupon_core.persistence.database import execute, is_postgresql, single_statement
from coupon_core.persistence.tables import to_datetime
from coupon_core.persistence.tables.processes import RunningProcessTable

# A process that was killed counts as running for so long.
MAX_SILENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process, where it runs, and the newest migration of its release."""

    process_id: str
    program: str
    host: str
    pid: int
    migration: str

    def __str__(self) -> str:
        return f"{self.program} on {self.host} (process {self.pid}, {self.migration})"


def read_clock() -> datetime:
    """Return the time on the clock of the database, which all machines share."""
    if not is_postgresql():
        return utc_now()  # SQLite runs in this process
    return to_datetime(execute("SELECT clock_timestamp()", {}).fetchone()[0])


def announce(process: RunningProcess, now: datetime) -> None:
    """Say that a process runs, and forget those that do not say so any more.

    `now` is of `read_clock`, here and below.
    """
    row = {**asdict(process), "seen_at": now}
    with single_statement():
        RunningProcessTable.insert(row).on_conflict(
            conflict_target=[RunningProcessTable.process_id],
            update={RunningProcessTable.seen_at: now},
        ).execute()
    with single_statement():
        RunningProcessTable.delete().where(
            RunningProcessTable.seen_at < now - MAX_SILENCE
        ).execute()


def withdraw(process: RunningProcess) -> None:
    """Say that a process ends."""
    with single_statement():
        RunningProcessTable.delete().where(
            RunningProcessTable.process_id == process.process_id
        ).execute()


def list_running(now: datetime) -> list[RunningProcess]:
    """Return the processes that have announced themselves recently."""
    rows = (
        RunningProcessTable.select()
        .where(RunningProcessTable.seen_at >= now - MAX_SILENCE)
        .order_by(RunningProcessTable.program, RunningProcessTable.process_id)
        .dicts()
    )
    return [
        RunningProcess(**{name: row[name] for name in RunningProcess.__slots__})
        for row in rows
    ]
