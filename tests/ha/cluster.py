"""Everything twice or three times, on one machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from coupon_core.settings.loader import Settings
from tests.ha.caddy import caddy
from tests.ha.patroni import PatroniCluster, patroni_cluster
from tests.ha.rabbitmq import RabbitCluster, rabbit_cluster
from tests.support.concurrency import started_core
from tests.support.databases import migrate_database
from tests.support.deployment import APP_MODULES, running_workers
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import Process
from tests.support.servers.sentinel import SentinelGroup, sentinel_group
from tests.support.settings import build_settings

COPIES = 2


@dataclass
class Cluster:
    """The servers and programs; `urls` are those of the proxy, by kind of gateway."""

    postgres: PatroniCluster
    rabbitmq: RabbitCluster
    redis: SentinelGroup
    settings: Settings
    gateways: dict[str, list[Gateway]] = field(default_factory=dict)
    workers: list[Process] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)


@contextmanager
def running_cluster(directory: Path) -> Iterator[Cluster]:
    """Run the cluster, with this process as a client of its database."""
    with ExitStack() as stack:
        postgres = stack.enter_context(patroni_cluster(directory))
        rabbitmq = stack.enter_context(rabbit_cluster(directory))
        redis = stack.enter_context(sentinel_group(directory, sentinels=3))
        url = postgres.url()
        migrate_database(url)
        settings = replace(
            build_settings(url, directory / "var", rabbitmq.url), redis_url=redis.url
        )
        cluster = Cluster(postgres, rabbitmq, redis, settings)
        stack.enter_context(started_core(settings))
        for number in range(COPIES):
            for kind, app in APP_MODULES.items():
                home = _create_home(directory, f"{kind}{number}")
                gateway = stack.enter_context(gateway_server(app, settings, home))
                cluster.gateways.setdefault(kind, []).append(gateway)
            home = _create_home(directory, f"workers{number}")
            cluster.workers.append(
                stack.enter_context(
                    running_workers(replace(settings, data_dir=home), home)
                )
            )
        cluster.urls = stack.enter_context(caddy(directory, cluster.gateways))
        yield cluster


def _create_home(directory: Path, name: str) -> Path:
    home = directory / name
    home.mkdir()
    return home


def kill_with_children(process: Process) -> None:
    """Kill a process and its children, as in a power failure."""
    os.killpg(process.pid, signal.SIGKILL)
    process.stop(signal.SIGKILL)
