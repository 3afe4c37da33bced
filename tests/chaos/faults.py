"""What may happen to a gateway and its database, and what must hold all the same."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isinf
from pathlib import Path

import psycopg

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.chaos.shoppers import RESET, Shoppers, shopping, stock
from tests.invariants import assert_invariants, rows
from tests.servers import PostgresServer
from tests.servers.gunicorn import Gateway
from tests.servers.process import Process, wait_until
from tests.shop import Shop

HEALTHY_SECONDS = 1.0
HELD_SECONDS = 10.0
AWAY_SECONDS = 3.0
RECOVERY_SECONDS = 5.0  # LIMITS 3: the database is back, and so are we
ANSWER_SECONDS = 5.0 + 1.0  # a promise of the gateway's, and a busy machine's grace
ALLOWED = {200, 400, 503, RESET}


@dataclass
class Scene:
    """What can be broken."""

    settings: Settings
    gateway: Gateway
    process: Process
    postgres: PostgresServer | None

    @property
    def file(self) -> Path:
        return Path(self.settings.database_url.removeprefix("sqlite:///"))

    @property
    def server(self) -> PostgresServer:
        assert self.postgres
        return self.postgres


# --------------------------------------------------------------- what may happen


def gateway_is_killed(scene: Scene) -> None:
    """All of it, as in a power cut; then it is started again."""
    for pid in [*children_of(scene.process.pid), scene.process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    scene.process.stop(signal.SIGKILL)
    scene.process.start()


def worker_is_killed(scene: Scene) -> None:
    """One of the gateway's processes; its master hires another."""
    os.kill(children_of(scene.process.pid)[0], signal.SIGKILL)


def database_is_stopped(scene: Scene) -> None:
    _away(scene, signal.SIGINT)


def database_is_killed(scene: Scene) -> None:
    _away(scene, signal.SIGKILL)


def _away(scene: Scene, number: signal.Signals) -> None:
    scene.server.stop(number)
    time.sleep(AWAY_SECONDS)
    scene.server.start()


def tables_are_held(scene: Scene) -> None:
    """A session holds the coupons, as a long maintenance would."""
    with psycopg.connect(scene.settings.database_url) as held:
        held.execute("LOCK TABLE coupon IN ACCESS EXCLUSIVE MODE")
        time.sleep(HELD_SECONDS)


def file_is_held(scene: Scene) -> None:
    """Another program writes to the file for long."""
    held = sqlite3.connect(scene.file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    time.sleep(HELD_SECONDS)
    held.execute("ROLLBACK")
    held.close()


def disk_is_full(scene: Scene) -> None:
    """As far as the gateway's processes can tell: no file of theirs may grow."""
    limited = [scene.process.pid, *children_of(scene.process.pid)]
    before = {pid: file_limit(pid, (0, -1)) for pid in limited}
    time.sleep(AWAY_SECONDS)
    for pid, limits in before.items():
        with contextlib.suppress(ProcessLookupError):
            file_limit(pid, limits)


def file_limit(pid: int, limits: tuple[int, int]) -> tuple[int, int]:
    """Set how large a file of a process may become; gives what it was."""
    import resource

    return resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started; those of threads aside."""
    return [
        int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


Fault = Callable[[Scene], None]
ANYWHERE: Sequence[Fault] = (gateway_is_killed, worker_is_killed)
FAULTS: dict[str, Sequence[Fault]] = {
    "sqlite": (*ANYWHERE, file_is_held, disk_is_full),
    "postgresql": (
        *ANYWHERE,
        database_is_stopped,
        database_is_killed,
        tables_are_held,
    ),
}


# ---------------------------------------------------------------- what must hold


@dataclass(frozen=True)
class Outcome:
    """How a fault was borne."""

    shoppers: Shoppers
    recovered: float  # seconds from the healing to the first success
    broken: Sequence[str]


def bear(scene: Scene, shop: Shop, fault: Fault, codes: int = 3_000) -> Outcome:
    """Redeem, break, heal, redeem on; then count."""
    with shopping(scene.gateway, shop, stock(shop, codes)) as shoppers:
        time.sleep(HEALTHY_SECONDS)
        fault(scene)
        healed_at = time.monotonic()
        deadline = healed_at + 2 * RECOVERY_SECONDS
        while time.monotonic() < deadline and isinf(shoppers.served_after(healed_at)):
            time.sleep(0.05)
        time.sleep(HEALTHY_SECONDS)
    await_database()
    recovered = shoppers.served_after(healed_at)
    return Outcome(shoppers, recovered, broken_rules(shoppers, shop, recovered))


def await_database() -> None:
    """Until this process's own connections are good again."""

    def answers() -> bool:
        try:
            rows("SELECT 1")
        except database.UNAVAILABLE:
            database.database.close()
            return False
        return True

    wait_until(answers, 30, "the database")


def broken_rules(shoppers: Shoppers, shop: Shop, recovered: float) -> list[str]:
    """The rules of LIMITS 2 and 3 that did not hold, in words."""
    answers = shoppers.answers
    used = uses_by_code(shop)
    acknowledged = Counter(one.code for one in answers if one.status == 200)
    lost = [code for code, count in acknowledged.items() if count > used.get(code, 0)]
    unsure = {one.code for one in answers if one.status in (503, RESET)}
    refused = {one.code for one in answers if one.status == 400} - unsure - {"HOT"}
    odd = {one.status for one in answers} - ALLOWED
    mute = [one for one in answers if one.status == 503 and not one.retry_after]
    slow = max((one.seconds for one in answers), default=0.0)
    rules = {
        f"I3: {len(lost)} acknowledged uses are not stored": lost,
        f"good codes were refused: {sorted(refused)[:3]}": refused,
        f"I12: answered {sorted(map(str, odd))}": odd,
        f"I12: {len(mute)} times 503 without Retry-After": mute,
        f"an answer took {slow:.1f} s": slow > ANSWER_SECONDS,
        f"served again only after {recovered:.1f} s": recovered > RECOVERY_SECONDS,
        "no use at all": not acknowledged,
    }
    return [*(words for words, bad in rules.items() if bad), *broken_invariants()]


def uses_by_code(shop: Shop) -> dict[str, int]:
    sql = f"""SELECT c.code, sum(c.redemption_count) FROM coupon c
        WHERE c.tenant_id = '{shop.tenant_id}' GROUP BY c.code"""
    return {code: int(count) for code, count in rows(sql)}


def broken_invariants() -> list[str]:
    try:
        assert_invariants()
    except AssertionError as error:
        return [str(error)[:300]]
    return []
