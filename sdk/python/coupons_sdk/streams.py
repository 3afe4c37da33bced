"""CSV downloads that are not kept in memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

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
    """

    def __init__(self, call: Call[Any], runner: SyncRunner) -> None:
        self._call, self._runner = call, runner

    def __iter__(self) -> Iterator[bytes]:
        return self._runner.stream(self._call)

    def rows(self) -> Iterator[Row]:
        """Yield the rows by the names of their columns."""
        reader = RowReader()
        for chunk in self:
            yield from reader.feed(chunk)
        yield from reader.finish()

    def save(self, path: str | Path) -> int:
        """Write the file; return its size in bytes."""
        with Path(path).open("wb") as file:
            return sum(file.write(chunk) for chunk in self)


class AsyncCsvStream:
    """A CSV file, as CsvStream, for `async for`."""

    def __init__(self, call: Call[Any], runner: AsyncRunner) -> None:
        self._call, self._runner = call, runner

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._runner.stream(self._call)

    async def rows(self) -> AsyncIterator[Row]:
        """Yield the rows by the names of their columns."""
        reader = RowReader()
        async for chunk in self:
            for row in reader.feed(chunk):
                yield row
        for row in reader.finish():
            yield row

    async def save(self, path: str | Path) -> int:
        """Write the file; return its size in bytes."""
        with Path(path).open("wb") as file:
            return sum([file.write(chunk) async for chunk in self])
