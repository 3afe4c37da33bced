"""The rows of the table, a file each (LIMITS 1); a new row is a file and a line."""

from tests.bench.rows import bulk, bus, redeem_cpu, redeem_throughput, validate_cpu

ROWS = (
    redeem_cpu.ROW,
    redeem_throughput.ROW,
    validate_cpu.ROW,
    *bus.ROWS,
    *bulk.ROWS,
)
