"""A batch by a worker, beside the database's own bulk write of the same rows."""

from tests.bench.model import Row, rate
from tests.bench.runners.bulk import (
    BatchOnPostgresql,
    BatchOnSqlite,
    Copy,
    ExecuteMany,
)

ROWS = (
    Row(
        name="bulk_postgresql",
        what="batch by one worker process, PostgreSQL: coupons a second",
        compared_with="raw COPY of the same rows into the same table",
        measured=BatchOnPostgresql,
        baseline=Copy,
        metric=rate,
        at_least=0.70,
    ),
    Row(
        name="bulk_sqlite",
        what="batch by one worker process, SQLite: coupons a second",
        compared_with="raw executemany of the same rows into the same table",
        measured=BatchOnSqlite,
        baseline=ExecuteMany,
        metric=rate,
        at_least=0.70,
    ),
)
