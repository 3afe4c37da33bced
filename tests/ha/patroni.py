"""PostgreSQL under Patroni: a leader, a synchronous standby, and a witness for Raft."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ha.tools import TOOLS_BIN
from tests.support.ports import find_free_ports, is_port_open
from tests.support.servers import find_postgres
from tests.support.servers.process import Process, private_directory, wait_until

NODE_COUNT = 2
START_TIMEOUT_SECONDS = 90
# The shortest times that Patroni accepts. The standby takes over when the key of a dead
# leader has expired, after at most `ttl`.
TIMES = {"ttl": 20, "loop_wait": 1, "retry_timeout": 3}
# PostgreSQL refuses to run as root; in a user namespace it does not see that it is.
# Without the first process of a PID namespace, the kernel kills all others: killing it
# is the death of a machine.
NAMESPACE = ("unshare", "--user", "--pid", "--fork", "--mount-proc", "--kill-child")


@dataclass
class PatroniNode:
    """A PostgreSQL and the Patroni that runs it."""

    name: str
    port: int
    api_port: int
    process: Process

    def read_status(self) -> dict[str, Any]:
        """Return what Patroni says about the node, or nothing if it is away."""
        try:
            url = f"http://127.0.0.1:{self.api_port}/patroni"
            with urllib.request.urlopen(url, timeout=2) as response:
                status: dict[str, Any] = json.load(response)
                return status
        except OSError:
            return {}

    def is_leader(self) -> bool:
        """Return True if the node accepts writes."""
        status = self.read_status()
        return (status.get("role"), status.get("state")) == ("primary", "running")

    def is_synchronous_standby(self) -> bool:
        """Return True if the leader waits for this node at each commit."""
        return bool(self.read_status().get("sync_standby"))


@dataclass
class PatroniCluster:
    """The nodes by name."""

    nodes: list[PatroniNode] = field(default_factory=list)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database on whichever node is the leader."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        query = "target_session_attrs=read-write"
        return f"postgresql://postgres@{hosts}/{database}?{query}"

    def find_leader(self) -> PatroniNode | None:
        """Return the node that accepts writes, if there is one."""
        return next((node for node in self.nodes if node.is_leader()), None)

    def find_standby(self) -> PatroniNode | None:
        """Return the synchronous standby, if there is one."""
        return next(filter(PatroniNode.is_synchronous_standby, self.nodes), None)

    def is_complete(self) -> bool:
        """Return True if there is a leader and a synchronous standby."""
        return bool(self.find_leader() and self.find_standby())

    def wait_until_complete(self) -> None:
        """Wait until a failover would lose nothing."""
        wait_until(self.is_complete, START_TIMEOUT_SECONDS, "leader and standby")


@contextmanager
def patroni_cluster(directory: Path) -> Iterator[PatroniCluster]:
    """Run the cluster while the block runs, and remove it afterwards."""
    bin_dir = find_postgres().bin_dir
    raft_ports = find_free_ports(NODE_COUNT + 1)
    addresses = [f"127.0.0.1:{port}" for port in raft_ports]
    cluster = PatroniCluster()
    with ExitStack() as stack:
        homes = [
            stack.enter_context(private_directory(directory, "patroni-", None))
            for _ in raft_ports
        ]
        witness = _build_witness(
            homes[-1], _build_raft(homes[-1], addresses, NODE_COUNT)
        )
        for number in range(NODE_COUNT):
            home = homes[number]
            raft = _build_raft(home, addresses, number)
            cluster.nodes.append(_build_node(home, number, raft, bin_dir))
        for process in (witness, *(node.process for node in cluster.nodes)):
            process.start()
            stack.callback(process.stop, signal.SIGKILL)
        cluster.wait_until_complete()
        yield cluster


def _build_raft(home: Path, addresses: list[str], number: int) -> dict[str, Any]:
    return {
        "data_dir": str(home / "raft"),
        "self_addr": addresses[number],
        "partner_addrs": [each for each in addresses if each != addresses[number]],
    }


def _build_witness(home: Path, raft: dict[str, Any]) -> Process:
    config = home / "patroni.json"
    config.write_text(json.dumps({"raft": raft}))
    port = int(raft["self_addr"].rpartition(":")[2])
    return _build_process("patroni_raft_controller", home, port)


def _build_node(
    home: Path, number: int, raft: dict[str, Any], bin_dir: Path
) -> PatroniNode:
    port, api_port = find_free_ports(2)
    config = {
        "scope": "coupons",
        "name": f"node{number}",
        "restapi": {
            "listen": f"127.0.0.1:{api_port}",
            "connect_address": f"127.0.0.1:{api_port}",
        },
        "raft": raft,
        "bootstrap": {
            "dcs": {**TIMES, "synchronous_mode": True, "postgresql": _parameters()},
            "initdb": [{"encoding": "UTF8"}, {"auth": "trust"}, "no-locale"],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{port}",
            "connect_address": f"127.0.0.1:{port}",
            "data_dir": str(home / "data"),
            "bin_dir": str(bin_dir),
            "pgpass": str(home / "pgpass"),
            "parameters": {"unix_socket_directories": str(home)},
            "pg_hba": [
                "host all all 127.0.0.1/32 trust",
                "host replication all 127.0.0.1/32 trust",
            ],
            "authentication": {
                "superuser": {"username": "postgres"},
                "replication": {"username": "postgres"},
            },
            # What a dead leader had written alone is discarded when it comes back.
            "remove_data_directory_on_diverged_timelines": True,
            "remove_data_directory_on_rewind_failure": True,
        },
    }
    (home / "patroni.json").write_text(json.dumps(config))
    process = _build_process("patroni", home, api_port)
    return PatroniNode(f"node{number}", port, api_port, process)


def _parameters() -> dict[str, Any]:
    parameters = {"max_connections": 200, "shared_buffers": "128MB", "timezone": "UTC"}
    return {"use_pg_rewind": True, "use_slots": True, "parameters": parameters}


def _build_process(program: str, home: Path, port: int) -> Process:
    return Process(
        [*NAMESPACE, str(TOOLS_BIN / program), str(home / "patroni.json")],
        directory=home,
        is_ready=lambda: is_port_open(port),
        stop_signal=signal.SIGKILL,
        environment={"USER": "postgres", "PATH": f"{TOOLS_BIN}:{os.environ['PATH']}"},
    )
