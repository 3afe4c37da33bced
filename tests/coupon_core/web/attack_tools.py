"""Many misbehaving connections at once, and an honest client beside them."""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from tests.support.raw_http import Target
from tests.support.servers.process import wait_until

DESCRIPTOR_LIMIT = 1_024


PROBE = """
import http.client, json, signal, sys, time
seconds, failures, stopped = [], [], []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
print("started", flush=True)
while not stopped:
    began = time.monotonic()
    connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=60)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read():
            failures.append(str(answer.status))
    except (OSError, http.client.HTTPException) as error:
        failures.append(repr(error))
    connection.close()
    seconds.append(time.monotonic() - began)
    time.sleep(0.02)
print(json.dumps([seconds, failures]))
"""


@dataclass
class HealthProbe:
    """Asks for /health on new connections, from a process of its own."""

    target: Target
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[HealthProbe]:
        address = self.target.gateway.host, str(self.target.gateway.port)
        command = [sys.executable, "-c", PROBE, *address]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline()
            try:
                yield self
            finally:
                process.terminate()
                told, _ = process.communicate(timeout=60)
        self.seconds, self.failures = json.loads(told)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Attack:
    """So many connections, each sending `data` at first and `then` again and again."""

    count: int
    build: Callable[[Target], bytes]
    then: bytes = b""
    reads: bool = True


def limit_descriptors(target: Target) -> None:
    """Let the workers start again under `ulimit -n 1024`."""
    pid = target.gateway.pid
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (DESCRIPTOR_LIMIT, DESCRIPTOR_LIMIT))
    before = worker_pids(target)
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: not before & worker_pids(target), 60, "new workers")
    time.sleep(1)


def worker_pids(target: Target) -> set[int]:
    return {one.pid for one in psutil.Process(target.gateway.pid).children()}


def measure_memory(target: Target) -> float:
    """Resident megabytes of all workers."""
    pids = worker_pids(target)
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1_048_576


def attack(target: Target, kind: Attack, seconds: float, min_opened: int = 0) -> int:
    """Keep up an attack; closed connections are opened again. Returns how many.

    It goes on until so many were opened, but not for more than a minute.
    """
    gateway, data, opened = target.gateway, kind.build(target), 0
    began, poller = time.monotonic(), selectors.DefaultSelector()
    wires: set[socket.socket] = set()

    def drop(wire: socket.socket) -> None:
        poller.unregister(wire)
        wires.discard(wire)
        wire.close()

    try:
        while time.monotonic() < began + (seconds if opened >= min_opened else 60):
            for _ in range(min(50, kind.count - len(wires))):
                wire = socket.socket()
                if not kind.reads:
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                wire.settimeout(2)
                try:
                    wire.connect((gateway.host, gateway.port))
                except OSError:
                    wire.close()
                    break
                wire.setblocking(False)
                poller.register(wire, selectors.EVENT_READ)
                wires.add(wire)
                opened += 1
                if data and not try_send(wire, data):
                    drop(wire)
            for key, _ in poller.select(0.05) if kind.reads else ():
                if is_gone(key.fileobj):
                    drop(key.fileobj)
            if kind.then:
                for wire in [one for one in wires if not try_send(one, kind.then)]:
                    drop(wire)
            time.sleep(0.05)
    finally:
        for wire in list(wires):
            drop(wire)
        poller.close()
    return opened


def try_send(wire: socket.socket, data: bytes) -> bool:
    try:
        wire.send(data)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def is_gone(wire: socket.socket) -> bool:
    try:
        return wire.recv(65_536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
