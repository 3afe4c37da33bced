"""Everything that a run needs: servers, a filled database, and players with tokens."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from tests.benchmarks import load, wrk
from tests.benchmarks.cost import Meter
from tests.benchmarks.gunicorn import (
    GunicornServer,
    running_baseline,
    running_empty_app,
    running_gateway,
)
from tests.benchmarks.model import Options, Sample
from tests.benchmarks.players import CouponPool, Players, create_database
from tests.support.servers import (
    PostgresServer,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.servers.process import private_directory

# More redeems than any machine has done so far, so that no round runs out of codes.
MAX_REDEMPTIONS_PER_SECOND = 6_000


class Environment:
    """The servers and data that runners use, each started when it is first needed."""

    def __init__(
        self, options: Options, coupons: int, home: Path, stack: ExitStack
    ) -> None:
        self.options, self._home, self._stack = options, home, stack
        self.coupons = CouponPool(coupons, options.users)
        # By all runners that redeem through the gateway.
        self.redeem_count = self.unanswered_redeem_count = 0

    @cached_property
    def postgres(self) -> PostgresServer:
        """The server of all databases, with fsync."""
        return self._stack.enter_context(postgres_server(self._home, fsync=True))

    @cached_property
    def players(self) -> Players:
        """The players, whose coupons are in the database of the gateway."""
        count, users = self.coupons.count, self.options.users
        people = create_database(self.postgres, self._home, users, count)
        # A byte-for-byte copy: the same pages and the same indexes. No checkpoint
        # follows, because the first change of each page would then be logged with the
        # whole page, and such short rounds would measure little else.
        self.postgres.address.execute("CREATE DATABASE by_hand TEMPLATE gateway")
        self.postgres.address.execute("CREATE DATABASE bus TEMPLATE gateway")
        return people

    @property
    def postgres_version(self) -> str:
        """The version of PostgreSQL, or "" if no row has needed it."""
        return self.postgres.version if "postgres" in vars(self) else ""

    def database_url(self, name: str) -> str:
        """Return the URL of `gateway`, `by_hand` or `bus`, which are equal at first."""
        assert self.players  # creates them
        return self.postgres.socket_url(name)

    @cached_property
    def gateway(self) -> GunicornServer:
        """The query gateway."""
        return self._stack.enter_context(
            running_gateway(self._home, self.players, self.options.workers)
        )

    @cached_property
    def baseline(self) -> GunicornServer:
        """The Flask app that only checks a token."""
        return self._stack.enter_context(
            running_baseline(self._home, self.players, self.options.workers)
        )

    def start_empty_app(self, is_stock: bool) -> GunicornServer:
        """Start a WSGI app that does nothing, under our worker or a stock one."""
        return self._stack.enter_context(
            running_empty_app(self._home, self.options.workers, is_stock=is_stock)
        )

    @cached_property
    def redis(self) -> str:
        """The URL of a Redis."""
        return self._stack.enter_context(redis_server(self._home)).url

    @cached_property
    def rabbitmq(self) -> str:
        """The URL of a RabbitMQ, which must be installed."""
        return self._stack.enter_context(rabbit_server()).url

    @property
    def gateway_pids(self) -> dict[str, int]:
        """Return the servers whose CPU an answer of the gateway costs."""
        return {"gunicorn": self.gateway.pid, "postgresql": self.postgres.pid}

    @cached_property
    def _client(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return self._stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn))

    def drive(
        self, plan: load.LoadPlan, servers: dict[str, int], clients: int | None = None
    ) -> Sample:
        """Send the load from another process, and measure what it costs the servers.

        `clients` overrides the number of clients of the options.
        """
        meter, clients = Meter(servers), clients or self.options.clients
        if wrk.can_drive(plan.seconds):
            outcome = wrk.drive(plan, clients)
        else:
            outcome = self._client.submit(load.drive, plan, clients).result()
        return Sample(
            completed=outcome.completed,
            unanswered=outcome.unanswered,
            seconds=outcome.seconds,
            cpu_seconds=meter.cpu_seconds(),
            client_cpu_seconds=outcome.cpu_seconds,
            rss_bytes=meter.rss_bytes(),
            p50_ms=outcome.p50_ms,
            p99_ms=outcome.p99_ms,
            failures=tuple(outcome.failures),
        )


@contextmanager
def open_environment(options: Options, coupons: int) -> Iterator[Environment]:
    """Yield an environment; stop its servers and remove everything afterwards."""
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-bench-", None))
        yield Environment(options, coupons, home=home, stack=stack)
