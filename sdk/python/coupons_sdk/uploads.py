"""CSV files that are sent without reading them into memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from coupons_sdk.errors import ConfigurationError

CHUNK_BYTES = 65_536
CSV = "text/csv; charset=utf-8"
CsvSource = str | bytes | Path | BinaryIO | Iterable[bytes]


@dataclass(frozen=True)
class Upload:
    """A CSV file: its text, its path, an open binary file, or an iterable of bytes.

    The text of a CSV file is a `str`; the path of one is a `Path`.
    """

    source: CsvSource
    content_type: str = CSV

    @property
    def is_repeatable(self) -> bool:
        """Return True if a retry can send the same content again."""
        source = self.source
        if isinstance(source, (str, bytes, Path, list, tuple)):
            return True
        seekable = getattr(source, "seekable", None)
        return bool(seekable and seekable())

    def open(self) -> Iterator[bytes]:
        """Return the parts of the content, from its beginning."""
        source: Any = self.source
        if isinstance(source, str):
            source = source.encode()
        if isinstance(source, bytes):
            return _read_file(BytesIO(source))
        if isinstance(source, Path):
            return _read_path(source)
        if hasattr(source, "read"):
            if self.is_repeatable:
                source.seek(0)
            return _read_file(source)
        chunks: Iterator[bytes] = iter(source)
        return chunks


def _read_path(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _read_file(file)


def _read_file(file: IO[Any]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        if isinstance(chunk, str):
            raise ConfigurationError(
                'The CSV file was opened as text. Open it with open(path, "rb").'
            )
        yield chunk


async def to_async(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the content as asynchronous requests need it."""
    for chunk in content:
        yield chunk
