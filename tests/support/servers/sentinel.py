"""A Redis-protocol primary with replicas, watched by Sentinels."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import redis

from tests.support.ports import find_free_ports
from tests.support.servers.process import Process, private_directory, wait_until
from tests.support.servers.valkey import (
    build_redis_command,
    find_redis,
    is_redis_ready,
)

GROUP_NAME = "coupons"
DOWN_AFTER_MILLISECONDS = 1_000
# The first Sentinel finds replicas by its INFO to the primary, every ten seconds.
DISCOVERY_TIMEOUT_SECONDS = 30


@dataclass
class SentinelGroup:
    """The servers and the Sentinels, by port."""

    servers: dict[int, Process] = field(default_factory=dict)
    sentinels: dict[int, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return the URL that names all Sentinels."""
        first, *others = (f"sentinel://127.0.0.1:{port}" for port in self.sentinels)
        return ";".join([f"{first}/0?master_name={GROUP_NAME}", *others])

    def find_primary(self) -> int:
        """Return the port of the primary, as the first Sentinel that answers says."""
        for port in self.sentinels:
            with redis.Redis(port=port, socket_timeout=2) as client:
                try:
                    address = client.sentinel_get_master_addr_by_name(GROUP_NAME)
                except redis.RedisError:
                    continue
                return int(address[1])
        raise AssertionError("no Sentinel answers")

    def kill_primary(self) -> int:
        """Kill the primary as in a power failure, and return its port."""
        port = self.find_primary()
        self.servers[port].stop(signal.SIGKILL)
        return port

    def is_complete(self) -> bool:
        """Return True if all replicas are synchronized, and all Sentinels know all."""
        primary = self.find_primary()
        return all(
            _is_synchronized(port) for port in self.servers if port != primary
        ) and all(map(self._knows_all, self.sentinels))

    def wait_for_replication(self) -> None:
        """Wait until a replica has what was written before."""
        with redis.Redis(port=self.find_primary(), socket_timeout=90) as client:
            assert client.execute_command("WAIT", 1, 60_000) >= 1

    def _knows_all(self, port: int) -> bool:
        with redis.Redis(port=port, socket_timeout=2) as client:
            state = client.sentinel_master(GROUP_NAME)
        return (
            int(state["num-slaves"]) >= len(self.servers) - 1
            and int(state["num-other-sentinels"]) >= len(self.sentinels) - 1
        )


def _is_synchronized(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=2) as client:
        return bool(client.info("replication").get("master_link_status") == "up")


@contextmanager
def sentinel_group(
    directory: Path, replicas: int = 1, sentinels: int = 1
) -> Iterator[SentinelGroup]:
    """Run a group while the block runs; a failover needs half of the Sentinels."""
    program, _ = find_redis()
    ports = find_free_ports(1 + replicas + sentinels)
    group = SentinelGroup()
    with ExitStack() as stack:
        for port in ports[: 1 + replicas]:
            home = stack.enter_context(private_directory(directory, "redis-", None))
            command = build_redis_command(program, home, port)
            if port != ports[0]:
                command += ["--replicaof", f"127.0.0.1 {ports[0]}"]
            # Replicas synchronize at once, not after the default of five seconds.
            command += ["--repl-diskless-sync-delay", "0"]
            group.servers[port] = _start(stack, command, home, port)
        for port in ports[1 + replicas :]:
            home = stack.enter_context(private_directory(directory, "sentinel-", None))
            config = home / "sentinel.conf"
            config.write_text(_build_config(home, port, ports[0], sentinels // 2 + 1))
            command = [str(program), str(config), "--sentinel"]
            group.sentinels[port] = _start(stack, command, home, port)
        wait_until(group.is_complete, DISCOVERY_TIMEOUT_SECONDS, "the replicas")
        yield group


def _start(stack: ExitStack, command: list[str], home: Path, port: int) -> Process:
    process = Process(
        command,
        directory=home,
        is_ready=partial(is_redis_ready, port),
        stop_signal=signal.SIGTERM,
    )
    process.start()
    stack.callback(process.stop, signal.SIGKILL)
    return process


def _build_config(home: Path, port: int, primary_port: int, quorum: int) -> str:
    group = f"sentinel monitor {GROUP_NAME} 127.0.0.1 {primary_port} {quorum}"
    return f"""
bind 127.0.0.1
port {port}
dir {home}
{group}
sentinel down-after-milliseconds {GROUP_NAME} {DOWN_AFTER_MILLISECONDS}
sentinel failover-timeout {GROUP_NAME} 5000
"""
