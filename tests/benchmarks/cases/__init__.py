"""The rows of the table, a file each (LIMITS 1); a new row is a file and a line."""

from tests.benchmarks.cases import (
    bulk,
    bus,
    redeem_cpu,
    redeem_throughput,
    validate_cpu,
)

CASES = (
    redeem_cpu.CASE,
    redeem_throughput.CASE,
    validate_cpu.CASE,
    *bus.CASES,
    *bulk.CASES,
)
