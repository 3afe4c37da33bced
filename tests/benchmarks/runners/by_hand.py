"""The same redeem as one hand-written statement, under pgbench."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks import counts
from tests.benchmarks.cost import Meter
from tests.benchmarks.environment import MAX_REDEMPTIONS_PER_SECOND, Environment
from tests.benchmarks.load import compute_percentile
from tests.benchmarks.model import Sample

SCRIPT = Path(__file__).with_name("by_hand.sql")
PROCESSED_LINE = re.compile(r"actually processed: (\d+)/(\d+)")
RATE_LINE = re.compile(r"tps = ([0-9.]+) \(without")
LOG_SAMPLING_RATE = (
    0.1  # of the transactions; logging all of them would slow pgbench down
)


class ByHand:
    """pgbench on a copy of the gateway's database, with as many clients."""

    name = "by hand"

    def __init__(self, environment: Environment) -> None:
        self.environment, self.coupons = environment, environment.coupons.copy_unused()
        environment.database_url("by_hand")
        self.completed = 0

    def run(self, seconds: float) -> Sample:
        """Run one round: as many transactions as about that many seconds allow."""
        clients = self.environment.options.clients
        transactions_per_client = max(
            1, int(seconds * MAX_REDEMPTIONS_PER_SECOND) // clients
        )
        first = self.coupons.reserve(transactions_per_client * clients)
        with tempfile.TemporaryDirectory() as logs:
            meter = Meter({"postgresql": self.environment.postgres.pid})
            text = self._run_pgbench(first, transactions_per_client, f"{logs}/log")
            cpu = meter.cpu_seconds()
            latencies = sorted(_read_latencies(Path(logs)))
        sample = _parse_sample(text, cpu, meter.rss_bytes(), latencies)
        self.completed += sample.completed
        return sample

    def _run_pgbench(self, first: int, transactions: int, log: str) -> str:
        environment, pool = self.environment, self.coupons
        numbers = {
            "i": -1,
            "first": first,
            "share": transactions,
        } | pool.to_sql_variables()
        completed = subprocess.run(
            [
                *(
                    environment.postgres.bin_dir / "pgbench",
                    environment.database_url("by_hand"),
                ),
                *("--no-vacuum", "--protocol=prepared", f"--file={SCRIPT}"),
                *(
                    f"--client={environment.options.clients}",
                    f"--transactions={transactions}",
                ),
                *(
                    "--log",
                    f"--log-prefix={log}",
                    f"--sampling-rate={LOG_SAMPLING_RATE}",
                ),
                *(f"--define={name}={value}" for name, value in numbers.items()),
            ],
            capture_output=True,
            text=True,
        )
        if completed.returncode:
            raise RuntimeError(f"pgbench failed:\n{completed.stderr}")
        return completed.stdout

    def find_mismatches(self) -> list[str]:
        """Count in the tables: for pgbench, a refused redeem succeeds, too."""
        return counts.find_mismatches(
            self.environment.database_url("by_hand"), self.name, self.completed
        )


def _read_latencies(logs: Path) -> list[float]:
    lines = [line for file in logs.iterdir() for line in file.open()]
    return [int(line.split()[2]) / 1000 for line in lines]


def _parse_sample(
    text: str, cpu: dict[str, float], rss_bytes: int, latencies: list[float]
) -> Sample:
    processed, rate = PROCESSED_LINE.search(text), RATE_LINE.search(text)
    if not processed or not rate:
        raise RuntimeError(f"pgbench said something else than expected:\n{text}")
    done, requested = int(processed[1]), int(processed[2])
    return Sample(
        completed=done,
        seconds=done / float(rate[1]),
        cpu_seconds=cpu,
        rss_bytes=rss_bytes,
        p50_ms=compute_percentile(latencies, 50),
        p99_ms=compute_percentile(latencies, 99),
        failures=(f"{requested - done} transactions failed",)
        if requested > done
        else (),
    )
