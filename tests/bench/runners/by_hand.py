"""The same redeem as one statement written by hand, under pgbench."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from tests.bench import counts
from tests.bench.cost import Meter
from tests.bench.load import percentile
from tests.bench.model import Sample
from tests.bench.stage import MOST_A_SECOND, Stage

SCRIPT = Path(__file__).with_name("by_hand.sql")
PROCESSED = re.compile(r"actually processed: (\d+)/(\d+)")
RATE = re.compile(r"tps = ([0-9.]+) \(without")
LOGGED = 0.1  # of the transactions; logging all of them would slow pgbench down


class ByHand:
    """pgbench on a copy of the gateway's database, with as many clients."""

    name = "by hand"

    def __init__(self, stage: Stage) -> None:
        self.stage, self.coupons = stage, stage.coupons.copy()
        self.done = 0

    def run(self, seconds: float) -> Sample:
        """One round: as many transactions as may take so many seconds."""
        clients = self.stage.options.clients
        each = max(1, int(seconds * MOST_A_SECOND) // clients)
        first = self.coupons.skip(each * clients)
        with tempfile.TemporaryDirectory() as logs:
            meter = Meter({"postgresql": self.stage.postgres.pid})
            text = self._pgbench(first, each, f"{logs}/log")
            cpu = meter.cpu_seconds()
            latencies = sorted(_latencies(Path(logs)))
        sample = _sample(text, cpu, meter.rss_bytes(), latencies)
        self.done += sample.done
        return sample

    def _pgbench(self, first: int, each: int, log: str) -> str:
        stage, pool = self.stage, self.coupons
        numbers = {"i": -1, "first": first, "share": each} | pool.sql_numbers()
        done = subprocess.run(
            [
                *(stage.postgres.bin_dir / "pgbench", stage.by_hand_url),
                *("--no-vacuum", "--protocol=prepared", f"--file={SCRIPT}"),
                *(f"--client={stage.options.clients}", f"--transactions={each}"),
                *("--log", f"--log-prefix={log}", f"--sampling-rate={LOGGED}"),
                *(f"--define={name}={value}" for name, value in numbers.items()),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"pgbench failed:\n{done.stderr}")
        return done.stdout

    def wrong(self) -> list[str]:
        """pgbench takes a redeem that found nothing for done: the tables tell."""
        return counts.wrong(self.stage.by_hand_url, self.done, self.name)


def _latencies(logs: Path) -> list[float]:
    lines = [line for file in logs.iterdir() for line in file.open()]
    return [int(line.split()[2]) / 1000 for line in lines]


def _sample(
    text: str, cpu: dict[str, float], rss_bytes: int, latencies: list[float]
) -> Sample:
    processed, rate = PROCESSED.search(text), RATE.search(text)
    if not processed or not rate:
        raise RuntimeError(f"pgbench said something else than expected:\n{text}")
    done, wanted = int(processed[1]), int(processed[2])
    return Sample(
        done=done,
        seconds=done / float(rate[1]),
        cpu_seconds=cpu,
        rss_bytes=rss_bytes,
        p50_ms=percentile(latencies, 50),
        p99_ms=percentile(latencies, 99),
        failures=(f"{wanted - done} transactions failed",) if wanted > done else (),
    )
