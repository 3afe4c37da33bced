"""The rows of the table, one file each; see docs/performance.md."""

from tests.benchmarks.cases import (
    bulk,
    bus,
    hot_code,
    redeem_cpu,
    redeem_throughput,
    validate_cpu,
    worker_cpu,
)

CASES = (
    redeem_cpu.CASE,
    redeem_throughput.CASE,
    hot_code.CASE,
    validate_cpu.CASE,
    worker_cpu.CASE,
    *bus.CASES,
    *bulk.CASES,
)
