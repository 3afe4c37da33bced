"""The memory of the admin gateway while people read the console and download codes."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.benchmarks.dataset.builder import Dataset, serving_gateways
from tests.support.console_client import Browser

PAGE_VIEWS, VIEWS_PER_READING = 2_000, 500
MAX_MEGABYTES, MAX_GROWTH_MEGABYTES = 130.0, 5.0
CHUNK_BYTES = 262_144


def measure_memory(
    dataset: Dataset, browser: Browser, paths: Sequence[str], download: str, home: Path
) -> bool:
    """Print the memory of a worker as it serves pages; return True within the goals.

    `browser` is signed in on the same database, and `paths` are its pages.
    """
    cookie = browser.client.get_cookie("coupons", path="/console")
    assert cookie
    headers = {"Cookie": f"coupons={cookie.value}"}
    with serving_gateways(dataset, home) as served:
        (worker,) = psutil.Process(served.admin_pid).children()
        sizes = [_read_megabytes(worker)]
        for first in range(0, PAGE_VIEWS, VIEWS_PER_READING):
            for number in range(first, first + VIEWS_PER_READING):
                _get(served.admin_port, paths[number % len(paths)], headers)
            sizes.append(_read_megabytes(worker))
        lines = _get(served.admin_port, download, headers)
        sizes.append(_read_megabytes(worker))
    shown = " ".join(f"{size:.0f}" for size in sizes)
    print(f"memory in MB, every {VIEWS_PER_READING} page views: {shown}")
    print(f"the last one is after a download of {lines:,} lines")
    growth = max(sizes[-1] - sizes[-2], sizes[-2] - sizes[-3])
    return max(sizes) <= MAX_MEGABYTES and growth <= MAX_GROWTH_MEGABYTES


def _read_megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _get(port: int, path: str, headers: dict[str, str]) -> int:
    """Send a GET, and return the number of lines of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    lines = 0
    while chunk := response.read(CHUNK_BYTES):
        lines += chunk.count(b"\n")
    connection.close()
    assert response.status == 200, (path, response.status)
    return lines
