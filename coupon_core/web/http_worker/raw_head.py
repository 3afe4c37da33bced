"""The raw bytes of a request head, to check what llhttp reads too leniently.

llhttp skips stray line ends before a request and accepts several blanks, or RTSP, in
its first line. This check can only refuse: framing is decided by llhttp alone.
"""

import re

_match_method_token = re.compile(rb"(?:\r\n)*[A-Z][A-Z_-]{0,31} ").match

_HEAD_END = b"\r\n\r\n"
_MAX_SLICE_BYTES = 16_384


def find_slice_size(tail: bytes, data: bytes, start: int) -> int:
    """Return how many bytes from `start` to feed at once: up to an empty line.

    Heads and chunked bodies end with one. A wrong cut is harmless; with the right one
    only one request is complete at a time, and each head is checked from its first
    byte. `tail` are the bytes before `start`, at most three.
    """
    if tail:
        found = (tail + data[start : start + 3]).find(_HEAD_END)
        if found >= 0 and found + 4 > len(tail):
            return found + 4 - len(tail)
    found = data.find(_HEAD_END, start, start + _MAX_SLICE_BYTES)
    return found + 4 - start if found >= 0 else _MAX_SLICE_BYTES


class RawHead:
    """Raw bytes since the end of the previous request."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""

    def __len__(self) -> int:
        return len(self._data)

    def reset(self) -> None:
        """Reset: the next bytes begin a request."""
        self._data = b""

    def extend(self, data: bytes) -> None:
        """Append bytes that arrived before the head was complete."""
        if not self._data:
            self._data = data
        elif isinstance(self._data, bytearray):
            self._data += data
        else:
            self._data = bytearray(self._data) + data

    def starts_with(self, line: bytes) -> bool:
        """Return True if the request begins with this line, or empty ones before it."""
        data, position = self._data, 0
        while data[position : position + 2] == b"\r\n":
            position += 2
        return data.startswith(line, position)

    def skip_empty_lines(self) -> bool:
        """Drop CRLFs before a request; False if there is anything else."""
        self._data = bytes(self._data).replace(b"\r\n", b"")
        return self._data in (b"", b"\r")

    def has_method_token(self) -> bool:
        """Return True if the head begins with what could be an unknown method."""
        return _match_method_token(self._data) is not None
