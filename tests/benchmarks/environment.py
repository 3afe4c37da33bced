"""Everything that a run needs: servers, a filled database, and players with tokens."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.cost import Meter
from tests.benchmarks.gunicorn import GunicornServer, running_baseline, running_gateway
from tests.benchmarks.model import Options, Sample
from tests.benchmarks.players import CouponPool, Players, create_database
from tests.support.servers import (
    PostgresServer,
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.servers.process import private_directory

# More redeems than any machine has done so far, so that no round runs out of codes.
MAX_REDEMPTIONS_PER_SECOND = 4_000


@dataclass
class Environment:
    """The servers and data that runners use; runners start nothing themselves."""

    options: Options
    postgres: PostgresServer
    gateway_url: str
    by_hand_url: str
    bus_url: str
    brokers: Mapping[str, str]  # URLs by name
    gateway: GunicornServer
    baseline: GunicornServer
    players: Players
    coupons: CouponPool
    client: ProcessPoolExecutor

    @property
    def gateway_pids(self) -> dict[str, int]:
        """Return the servers whose CPU an answer of the gateway costs."""
        return {"gunicorn": self.gateway.pid, "postgresql": self.postgres.pid}

    def drive(self, plan: load.LoadPlan, servers: dict[str, int]) -> Sample:
        """Run the load in the client process, and measure what it costs the servers."""
        meter = Meter(servers)
        job = self.client.submit(load.drive, plan, self.options.clients)
        outcome = job.result()
        latencies = sorted(outcome.latencies)
        return Sample(
            completed=len(latencies),
            seconds=outcome.seconds,
            cpu_seconds=meter.cpu_seconds(),
            rss_bytes=meter.rss_bytes(),
            p50_ms=load.compute_percentile(latencies, 50),
            p99_ms=load.compute_percentile(latencies, 99),
            failures=tuple(outcome.failures),
        )


@contextmanager
def prepared_environment(options: Options, coupons: int) -> Iterator[Environment]:
    """Start all servers with a number of coupons, and remove everything afterwards."""
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-bench-", None))
        postgres = stack.enter_context(postgres_server(home, fsync=True))
        people = create_database(postgres, home, options.users, coupons)
        # A byte-for-byte copy: the same pages and the same indexes. No checkpoint
        # follows, because the first change of each page would then be logged with the
        # whole page, and such short rounds would measure little else.
        postgres.address.execute("CREATE DATABASE by_hand TEMPLATE gateway")
        postgres.address.execute("CREATE DATABASE bus TEMPLATE gateway")
        spawn = multiprocessing.get_context("spawn")
        yield Environment(
            options=options,
            postgres=postgres,
            gateway_url=postgres.url("gateway"),
            by_hand_url=postgres.url("by_hand"),
            bus_url=postgres.url("bus"),
            brokers=_start_brokers(stack, home),
            gateway=stack.enter_context(running_gateway(home, people, options.workers)),
            baseline=stack.enter_context(
                running_baseline(home, people, options.workers)
            ),
            players=people,
            coupons=CouponPool(coupons, options.users),
            client=stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)),
        )


def _start_brokers(stack: ExitStack, home: Path) -> dict[str, str]:
    """Start every broker that is installed; return the URLs by name."""
    urls = {"redis": stack.enter_context(redis_server(home)).url}
    if find_rabbitmq():
        urls["rabbitmq"] = stack.enter_context(rabbit_server()).url
    return urls
