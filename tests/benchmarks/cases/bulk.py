"""A batch by a worker, compared with the database's own bulk write of the same rows."""

from tests.benchmarks.model import BenchmarkCase, requests_per_second
from tests.benchmarks.runners.bulk import (
    PostgresqlBatch,
    RawCopy,
    RawExecuteMany,
    SqliteBatch,
)

CASES = (
    BenchmarkCase(
        name="bulk_postgresql",
        description="batch by one worker process, PostgreSQL: coupons per second",
        compared_with="raw COPY of the same rows into the same table",
        measured=PostgresqlBatch,
        baseline=RawCopy,
        metric=requests_per_second,
        min_ratio=0.85,
    ),
    BenchmarkCase(
        name="bulk_sqlite",
        description="batch by one worker process, SQLite: coupons per second",
        compared_with="raw executemany of the same rows into the same table",
        measured=SqliteBatch,
        baseline=RawExecuteMany,
        metric=requests_per_second,
        min_ratio=0.85,
    ),
)
