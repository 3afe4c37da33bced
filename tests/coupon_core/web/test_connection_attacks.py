"""Attacks by connections: none delays others, and memory is freed.

Over raw sockets to both gateways as they run in production, under `ulimit -n 1024`.
Their server is the same, so the suite makes each attack on the query gateway, and those
that depend on its routes on the admin gateway too; `make sweeps` makes all on both.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.coupon_core.web.attack_tools import (
    Attack,
    HealthProbe,
    attack,
    limit_descriptors,
    measure_memory,
)
from tests.support.raw_http import CHUNKED_ENCODING, CONTENT_LENGTH, Target, raw_target

pytestmark = pytest.mark.slow
GATEWAYS = "query", "admin"
ATTACK_SECONDS = 2.5
MAX_HEALTH_SECONDS = 0.3
# A busy machine may delay requests, also without an attack; a gateway whose threads
# wait delays them each time, and only then.
MAX_MEASUREMENTS = 5
MAX_SLOWDOWN = 3
MAX_MEMORY_GROWTH_MEGABYTES = 12.0


@pytest.fixture(scope="module")
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    home: Path = tmp_path_factory.mktemp("attacks")
    with raw_target(request.param, home, "--keep-alive", "2") as running:
        limit_descriptors(running)
        warm_up(running)
        yield running
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def warm_up(target: Target) -> None:
    """What is loaded and cached once is no growth."""
    for path in (b"/openapi.json", b"/health", b"/nowhere") * 40:
        target.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    attack(target, Attack(200, lambda _: b"GET / HTTP/1.1\r\n"), 1)
    wait_for_quiet(target)


def wait_for_quiet(target: Target) -> None:
    time.sleep(3)
    target.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")


def wait_for_memory(target: Target, before: float) -> float:
    """Growth in megabytes, once it is as small as it should be, or after a while."""
    deadline = time.monotonic() + 60
    while True:
        time.sleep(0.5)
        growth = measure_memory(target) - before
        if growth <= MAX_MEMORY_GROWTH_MEGABYTES or time.monotonic() > deadline:
            return growth


def anonymous(*lines: bytes, body: bytes = b"", path: bytes = b"/oauth/token") -> bytes:
    head = [b"POST " + path + b" HTTP/1.1", b"Host: x", *lines, b"", b""]
    return b"\r\n".join(head) + body


SIGNED = b"X-Signature: a", b"X-Tenant-Id: b", b"X-Timestamp: 1"
PIPELINED = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50
ATTACKS = {
    "silent": Attack(1_000, lambda _: b""),
    "half a first line": Attack(1_000, lambda _: b"GET /heal"),
    "half a head": Attack(
        1_000, lambda t: t.build_head()[:-2] + b"X-A: " + b"a" * 5_000
    ),
    "half a body": Attack(
        950, lambda t: t.build_head(CONTENT_LENGTH + b"65536") + b"x" * 60_000
    ),
    "a long chunk size": Attack(
        64, lambda _: anonymous(CHUNKED_ENCODING, body=b"000000005")
    ),
    "a long chunk size, signed": Attack(
        64,
        lambda t: (
            anonymous(*SIGNED, CHUNKED_ENCODING, path=t.path.encode()) + b"000000005"
        ),
    ),
    "another spelling of chunked": Attack(
        64, lambda _: anonymous(b"transfer-encoding:\tCHUNKED", body=b"5\r\nab")
    ),
    "an endless chunk size": Attack(
        64, lambda _: anonymous(CHUNKED_ENCODING), then=b"0"
    ),
    "endless chunk extensions": Attack(
        64, lambda _: anonymous(CHUNKED_ENCODING, body=b"1;"), then=b"x" * 9_999
    ),
    "endless trailers": Attack(
        64, lambda _: anonymous(CHUNKED_ENCODING, body=b"0\r\n"), then=b"X: y\r\n" * 99
    ),
    "an endless trailer": Attack(
        64, lambda _: anonymous(CHUNKED_ENCODING, body=b"0\r\nX: "), then=b"y" * 9_999
    ),
    "byte by byte": Attack(
        300, lambda _: anonymous(CONTENT_LENGTH + b"60000"), then=b"x"
    ),
    "readers of nothing": Attack(50, lambda _: PIPELINED, reads=False),
    "many readers of nothing": Attack(300, lambda _: PIPELINED, reads=False),
    "pipelined small requests": Attack(
        50,
        lambda _: b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
        reads=False,
    ),
    "large bodies by anyone": Attack(
        100, lambda t: anonymous(CONTENT_LENGTH + b"99999999"), then=b"x" * 9_999
    ),
}


def measure_delay(target: Target, kind: str) -> float:
    """Return the seconds that hardly any request of others takes during an attack."""
    count = ATTACKS[kind].count
    with (probe := HealthProbe(target)).running():
        opened = attack(target, ATTACKS[kind], ATTACK_SECONDS, min_opened=count)
    print(
        f"\n{kind}: {opened} connections, /health of {len(probe.seconds)}:"
        f" p50 {probe.quantile(0.5):.3f} s, p99 {probe.quantile(0.99):.3f} s,"
        f" max {max(probe.seconds):.3f} s"
    )
    assert opened >= count
    assert probe.failures == []
    return probe.quantile(0.97)


DEPEND_ON_ROUTES = "half a head", "half a body", "many readers of nothing"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on both gateways, and attacks as described above."""
    if "kind" not in metafunc.fixturenames:
        metafunc.parametrize("target", GATEWAYS, indirect=True)
        return
    is_complete = metafunc.config.getoption("sweeps")
    on_admin = ATTACKS if is_complete else DEPEND_ON_ROUTES
    pairs = [*product(["query"], ATTACKS), *product(["admin"], on_admin)]
    metafunc.parametrize(("target", "kind"), pairs, indirect=["target"])


def test_an_attack_delays_no_one_and_leaves_no_memory(
    target: Target, kind: str
) -> None:
    before, limit = measure_memory(target), MAX_HEALTH_SECONDS
    for _ in range(MAX_MEASUREMENTS):
        if measure_delay(target, kind) <= limit:
            break
        with (quiet := HealthProbe(target)).running():
            time.sleep(ATTACK_SECONDS)
        limit = max(MAX_HEALTH_SECONDS, MAX_SLOWDOWN * quiet.quantile(0.97))
    else:
        pytest.fail("requests of others waited in every measurement")
    growth = wait_for_memory(target, before)
    print(f"memory {growth:+.1f} MB")
    assert growth <= MAX_MEMORY_GROWTH_MEGABYTES


@pytest.mark.parametrize("prefix", ["/nope", "/public"])
def test_a_script_name_header_changes_nothing(target: Target, prefix: str) -> None:
    line = f"SCRIPT_NAME: {prefix}\r\nConnection: close".encode()
    told = target.send(b"GET /health HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % line)
    assert told.startswith(b"HTTP/1.1 200"), told
    path = f"{prefix}/health".encode()
    told = target.send(b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % (path, line))
    assert told.startswith(b"HTTP/1.1 404"), told


def test_close_wins_over_keep_alive(target: Target) -> None:
    with target.connect() as wire:
        wire.sendall(
            b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close, keep-alive\r\n\r\n"
        )
        told = wire.recv(65_536)
        assert b"Connection: close" in told
        assert wire.recv(1) == b""
