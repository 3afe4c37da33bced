"""Turn the bytes of a text file into lines, whatever its encoding and line ends."""

import codecs
from collections.abc import Iterable, Iterator

MAX_LINE_BYTES = 4_096  # longer than any row of an export
# The names of encodings that a caller may give; None means that the bytes decide.
ENCODINGS: dict[str, str | None] = {
    "utf-8": None,
    "utf8": None,
    "utf-16": None,
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, None),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_MARK_LENGTH = 3

NumberedLine = tuple[int, bytes]


def read_lines(pieces: Iterable[bytes], codec: str | None) -> Iterator[NumberedLine]:
    """Yield the lines of a file in UTF-8, with their numbers and without line ends.

    A byte order mark decides the encoding; without one, `codec` does, or else UTF-8. A
    line ends with CRLF, LF or CR. A line that is too long is truncated, which bounds
    the memory that it takes.
    """
    return _split_lines(_unify_line_ends(_to_utf8(pieces, codec)))


def _to_utf8(pieces: Iterable[bytes], codec: str | None) -> Iterator[bytes]:
    """Yield the file in UTF-8; what cannot be decoded is invalid UTF-8 afterwards."""
    source, head = iter(pieces), b""
    for piece in source:
        head += piece
        if len(head) >= _MAX_MARK_LENGTH:
            break
    for mark, marked_codec in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            head, codec = head.removeprefix(mark), marked_codec
            break
    yield from _transcode([head], source, codec=codec)


def _transcode(
    head: Iterable[bytes], tail: Iterable[bytes], codec: str | None
) -> Iterator[bytes]:
    if codec is None:
        yield from head
        yield from tail
        return
    # Each error handler keeps what it cannot decode as surrogates.
    errors = "surrogateescape" if codec == "cp1252" else "surrogatepass"
    decoder = codecs.getincrementaldecoder(codec)(errors)
    for pieces in (head, tail):
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", errors)
    if decoder.getstate()[0]:
        yield b"\xff"  # The file ends within a character.


def _unify_line_ends(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""  # a CR at the end of a piece may be the first half of a CRLF
    for piece in pieces:
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""
        if b"\r" in text:
            text = text.removesuffix(b"\r") if held else text
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield text


def _split_lines(pieces: Iterable[bytes]) -> Iterator[NumberedLine]:
    number, max_kept_bytes = 1, MAX_LINE_BYTES + 1
    incomplete_line = b""
    for piece in pieces:
        *complete_lines, incomplete_line = (incomplete_line + piece).split(b"\n")
        for line in complete_lines:
            yield number, line[:max_kept_bytes]
            number += 1
        incomplete_line = incomplete_line[:max_kept_bytes]
    if incomplete_line:
        yield number, incomplete_line
