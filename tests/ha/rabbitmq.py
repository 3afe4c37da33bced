"""A RabbitMQ of three nodes, whose quorum queues have a replica on each."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from coupon_core.messaging.broker import create_connection, list_worker_queues
from tests.chaos.worker_processes import DECLARATION_SETTLING_SECONDS
from tests.support.ports import find_free_ports
from tests.support.servers.process import Process, private_directory
from tests.support.servers.rabbitmq import (
    build_environment,
    find_rabbitmq,
    name_server,
    read_rabbitmq_version,
)

NODE_COUNT = 3
COOKIE = "coupons"


@dataclass
class RabbitCluster:
    """The nodes by port."""

    nodes: dict[int, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the URL that names all nodes."""
        return ";".join(f"amqp://guest:guest@127.0.0.1:{port}//" for port in self.nodes)

    def is_complete(self) -> bool:
        """Return True if every node accepts connections."""
        return all(read_rabbitmq_version(port) for port in self.nodes)


@contextmanager
def rabbit_cluster(directory: Path) -> Iterator[RabbitCluster]:
    """Run the cluster with the workers' queues while the block runs."""
    program = find_rabbitmq()
    ports = find_free_ports(NODE_COUNT + 1)
    names_port, ports = ports[0], ports[1:]
    cluster = RabbitCluster()
    with ExitStack() as stack:
        names = stack.enter_context(private_directory(directory, "epmd-", None))
        stack.enter_context(name_server(names, names_port))
        for port in ports:
            home = stack.enter_context(private_directory(directory, "mq-", None))
            environment = build_environment(home, port, names_port)
            _join_cluster(home, environment, ports)
            cluster.nodes[port] = Process(
                [str(program)],
                directory=home,
                is_ready=partial(_is_ready, port),
                stop_signal=signal.SIGKILL,
                environment=environment,
            )
        for process in cluster.nodes.values():
            process.start()
            stack.callback(process.stop)
        _declare_queues(cluster.url)
        yield cluster


def _is_ready(port: int) -> bool:
    return read_rabbitmq_version(port) is not None


def _join_cluster(home: Path, environment: dict[str, str], ports: list[int]) -> None:
    config = home / "rabbitmq.conf"
    nodes = "".join(
        f"cluster_formation.classic_config.nodes.{number} = coupons{port}@localhost\n"
        for number, port in enumerate(ports, start=1)
    )
    config.write_text(
        config.read_text() + "cluster_partition_handling = pause_minority\n"
        "cluster_formation.peer_discovery_backend = classic_config\n" + nodes
    )
    environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += f" -setcookie {COOKIE}"


def _declare_queues(url: str) -> None:
    with create_connection(url) as connection:
        for queue in list_worker_queues(url):
            queue(connection.default_channel).declare()
    time.sleep(DECLARATION_SETTLING_SECONDS)
