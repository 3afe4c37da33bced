"""CSV downloads that are not kept in memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from coupons_sdk.errors import AnswerTooLarge, UnexpectedAnswer
from coupons_sdk.files import replace_file
from coupons_sdk.requests import Call
from coupons_sdk.runners import AsyncRunner, SyncRunner

Row = dict[str, str]


class RowReader:
    """Turn the parts of a CSV file into rows by the names of their columns."""

    def __init__(self, title: str, limit: int) -> None:
        self._title, self._limit = title, limit
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._record = StringIO()  # the begin of a row that is not complete
        self._size, self._is_quoted = 0, False
        self._columns: list[str] = []

    def read(self, part: bytes, *, is_last: bool = False) -> Iterator[Row]:
        """Yield the rows that this part completes.

        Raises:
            UnexpectedAnswer: They are no CSV.
            AnswerTooLarge: A row is larger than the limit.
        """
        try:
            yield from self._read(self._decoder.decode(part, is_last), is_last)
        except (ValueError, csv.Error) as error:  # bad UTF-8 is a ValueError as well
            message = f"The answer of {self._title} cannot be read as CSV: {error}"
            raise UnexpectedAnswer(200, message) from error

    def _read(self, text: str, is_last: bool) -> Iterator[Row]:
        *lines, rest = text.split("\n")
        for line in lines:
            self._add(f"{line}\n")
            if not self._is_quoted:
                yield from self._complete()
        self._add(rest)
        if is_last:  # no line end has to follow the last row
            yield from self._complete()

    def _add(self, text: str) -> None:
        self._record.write(text)
        self._size += len(text)
        self._is_quoted ^= text.count('"') % 2 == 1
        if self._size > self._limit:
            title = f"A row of the answer of {self._title}"
            raise AnswerTooLarge(200, title, size=self._size, limit=self._limit)

    def _complete(self) -> Iterator[Row]:
        record, self._record, self._size = self._record.getvalue(), StringIO(), 0
        for values in csv.reader([record], strict=True):
            if not values:
                continue  # an empty line
            if self._columns:
                yield dict(zip(self._columns, values, strict=True))
            else:
                self._columns = values


def _create_reader(call: Call[Any], runner: SyncRunner | AsyncRunner) -> RowReader:
    return RowReader(call.title, runner.options.max_answer_bytes)


class CsvStream:
    """A CSV file: iterate over its bytes or `rows()`, or `save()` it.

    Each of them downloads it from the beginning, in parts: it may have any size, and
    each part may take the `timeout` of the client. A connection that breaks on the way
    is an error, never the end of the file.

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
        reader = _create_reader(self._call, self._runner)
        for part in self:
            yield from reader.read(part)
        yield from reader.read(b"", is_last=True)

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
        reader = _create_reader(self._call, self._runner)
        async for part in self:
            for row in reader.read(part):
                yield row
        for row in reader.read(b"", is_last=True):
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
