"""The raw bytes of a request head, to check what llhttp reads too generously.

llhttp skips stray line ends before a request and accepts several blanks, or RTSP, in
its first line. This check can only refuse: framing is decided by llhttp alone.
"""

import re

_match_method_token = re.compile(rb"(?:\r\n)*[A-Z][A-Z_-]{0,31} ").match


class RawHead:
    """Raw bytes since the end of the previous request, or a little before."""

    __slots__ = ("_data", "_is_exact", "_position")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._position, self._is_exact = 0, True  # where the next request must begin

    def __len__(self) -> int:
        return len(self._data)

    def reset(self, data: bytes = b"") -> None:
        """Start with bytes that begin a request."""
        self._data, self._position, self._is_exact = data, 0, True

    def extend(self, data: bytes) -> None:
        """Append bytes that arrived before the head was complete."""
        if not self._data:
            self.reset(data)
        elif isinstance(self._data, bytearray):
            self._data += data
        else:
            self._data = bytearray(self._data) + data

    def start_in_body(self, data: bytes, missing_bytes: int | None) -> None:
        """Start with bytes that begin in a body, of unknown size if None."""
        self._data = data
        self._position, self._is_exact = missing_bytes or 0, missing_bytes is not None

    def take_first_line(self, line: bytes) -> bool:
        """Return True if the request begins with exactly this line."""
        data, position = self._data, self._position
        if self._is_exact:
            while data[position : position + 2] == b"\r\n":
                position += 2
            if not data.startswith(line, position):
                return False
        else:
            position = data.find(line, position)
            if position > 0 and data[max(0, position - 2) : position] != b"\r\n":
                return False
        end = data.find(b"\r\n\r\n", max(0, position))
        self._position = end + 4
        return position >= 0 and end >= 0

    def expect_body(self, size: int | None) -> None:
        """Note the size of the body behind the head, None if it is not known."""
        self._position += size or 0
        self._is_exact = size is not None

    def skip_empty_lines(self) -> bool:
        """Drop CRLFs behind the last request; False if there is anything else."""
        data = bytes(self._data)
        start = self._position if self._is_exact else len(data.rstrip(b"\r\n"))
        rest = data[start:].replace(b"\r\n", b"")
        self.reset(rest)
        return rest in (b"", b"\r")

    def has_method_token(self) -> bool:
        """Return True if the head begins with what could be an unknown method."""
        return _match_method_token(self._data, self._position) is not None
