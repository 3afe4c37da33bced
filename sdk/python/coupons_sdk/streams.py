"""CSV downloads that are not kept in memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from coupons_sdk.files import replace_file
from coupons_sdk.requests import Call
from coupons_sdk.runners import AsyncRunner, SyncRunner

Row = dict[str, str]


class RowReader:
    """Turn the chunks of a CSV file into rows by the names of their columns."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._line, self._record = "", ""
        self._columns: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Row]:
        """Yield the rows that this chunk completes."""
        text = self._line + self._decoder.decode(chunk)
        *lines, self._line = text.split("\n")
        for line in lines:
            self._record += f"{line}\n"
            if self._record.count('"') % 2 == 0:  # no quoted field is open
                yield from self._complete()

    def finish(self) -> Iterator[Row]:
        """Yield the last row, if no line end follows it."""
        self._record += self._line
        yield from self._complete()

    def _complete(self) -> Iterator[Row]:
        record, self._record = self._record, ""
        for values in csv.reader([record]):
            if not values:
                continue  # an empty line
            if self._columns:
                yield dict(zip(self._columns, values, strict=True))
            else:
                self._columns = values


class CsvStream:
    """A CSV file: iterate over its bytes or `rows()`, or `save()` it.

    Each of them downloads it from the beginning. A connection that breaks on the way is
    an error, never the end of the file.

    >>> b"".join(admin.codes.export(definition_id=definition_id)).startswith(b"code,")
    True
    """

    def __init__(self, call: Call[Any], runner: SyncRunner) -> None:
        self._call, self._runner = call, runner

    def __iter__(self) -> Iterator[bytes]:
        return self._runner.stream(self._call)

    def rows(self) -> Iterator[Row]:
        """Yield the rows by the names of their columns.

        >>> rows = admin.codes.export(definition_id=definition_id).rows()
        >>> code in {row["code"] for row in rows}
        True
        """
        reader = RowReader()
        for chunk in self:
            yield from reader.feed(chunk)
        yield from reader.finish()

    def save(self, path: str | Path) -> int:
        """Write the file, completely or not at all; return its size in bytes.

        >>> admin.codes.export(definition_id=definition_id).save("/dev/null") > 0
        True
        """
        with replace_file(path) as file:
            return sum(file.write(chunk) for chunk in self)


class AsyncCsvStream:
    """A CSV file, as CsvStream, for `async for`.

    >>> async def download():
    ...     key = ApiKey(api_key)
    ...     async with AsyncCouponsAdmin(admin_url, key, tenant_id=tenant_id) as client:
    ...         return [chunk async for chunk in client.reports.export("funnel")]
    >>> len(asyncio.run(download())) > 0
    True
    """

    def __init__(self, call: Call[Any], runner: AsyncRunner) -> None:
        self._call, self._runner = call, runner

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._runner.stream(self._call)

    async def rows(self) -> AsyncIterator[Row]:
        """Yield the rows by the names of their columns.

        >>> async def read_rows():
        ...     key = ApiKey(api_key)
        ...     async with AsyncCouponsAdmin(
        ...         admin_url, key, tenant_id=tenant_id
        ...     ) as client:
        ...         return [row async for row in client.reports.export("funnel").rows()]
        >>> len(asyncio.run(read_rows())) > 0
        True
        """
        reader = RowReader()
        async for chunk in self:
            for row in reader.feed(chunk):
                yield row
        for row in reader.finish():
            yield row

    async def save(self, path: str | Path) -> int:
        """Write the file, completely or not at all; return its size in bytes.

        >>> async def save():
        ...     key = ApiKey(api_key)
        ...     async with AsyncCouponsAdmin(
        ...         admin_url, key, tenant_id=tenant_id
        ...     ) as client:
        ...         return await client.reports.export("funnel").save("/dev/null")
        >>> asyncio.run(save()) > 0
        True
        """
        with replace_file(path) as file:
            return sum([file.write(chunk) async for chunk in self])
