"""Everything that a run needs: servers, a full database, players with their tokens."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import load
from tests.bench.cost import Meter
from tests.bench.gunicorn import Gunicorn, gateway, hello
from tests.bench.model import Options, Sample
from tests.bench.people import Coupons, People, fill
from tests.servers import (
    PostgresServer,
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.servers.process import private_directory

# More redeems than any machine has done so far: nobody may run out of codes.
MOST_A_SECOND = 4_000


@dataclass
class Stage:
    """What runners find ready; they start nothing themselves."""

    options: Options
    postgres: PostgresServer
    gateway_url: str
    by_hand_url: str
    bus_url: str
    brokers: Mapping[str, str]  # their URLs
    gateway: Gunicorn
    hello: Gunicorn
    people: People
    coupons: Coupons
    client: ProcessPoolExecutor

    @property
    def gateway_pids(self) -> dict[str, int]:
        """The servers that an answer of the gateway costs CPU."""
        return {"gunicorn": self.gateway.pid, "postgresql": self.postgres.pid}

    def drive(self, work: load.Work, servers: dict[str, int]) -> Sample:
        """Let the client do the work, and measure what it costs the servers."""
        meter = Meter(servers)
        job = self.client.submit(load.drive, work, self.options.clients)
        outcome = job.result()
        latencies = sorted(outcome.latencies)
        return Sample(
            done=len(latencies),
            seconds=outcome.seconds,
            cpu_seconds=meter.cpu_seconds(),
            rss_bytes=meter.rss_bytes(),
            p50_ms=load.percentile(latencies, 50),
            p99_ms=load.percentile(latencies, 99),
            failures=tuple(outcome.failures),
        )


@contextmanager
def set_up(options: Options, coupons: int) -> Iterator[Stage]:
    """A stage with so many coupons, which leaves nothing behind."""
    with ExitStack() as stack:
        home = stack.enter_context(private_directory(None, "coupons-bench-", None))
        postgres = stack.enter_context(postgres_server(home, fsync=True))
        people = fill(postgres, home, options.users, coupons)
        # A copy byte for byte: the same pages and the same indexes. No checkpoint
        # after it: each page's first change would then be logged with the whole page,
        # and such short rounds would measure little else.
        postgres.address.execute("CREATE DATABASE by_hand TEMPLATE gateway")
        postgres.address.execute("CREATE DATABASE bus TEMPLATE gateway")
        spawn = multiprocessing.get_context("spawn")
        yield Stage(
            options=options,
            postgres=postgres,
            gateway_url=postgres.url("gateway"),
            by_hand_url=postgres.url("by_hand"),
            bus_url=postgres.url("bus"),
            brokers=_brokers(stack, home),
            gateway=stack.enter_context(gateway(home, people, options.workers)),
            hello=stack.enter_context(hello(home, people, options.workers)),
            people=people,
            coupons=Coupons(coupons, options.users),
            client=stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)),
        )


def _brokers(stack: ExitStack, home: Path) -> dict[str, str]:
    """Every kind of broker that is here."""
    urls = {"redis": stack.enter_context(redis_server(home)).url}
    if program := find_rabbitmq():
        urls["rabbitmq"] = stack.enter_context(rabbit_server(program)).url
    return urls
