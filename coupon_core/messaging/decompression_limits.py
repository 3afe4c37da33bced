"""Messages are unpacked up to a limit: a few kB can hold gigabytes.

kombu unpacks before anybody can look at a message, by the decoders registered here.
"""

import bz2
import lzma
import zlib
from typing import Any

from kombu import compression

MOST_BYTES = 1_048_576


class TooLarge(ValueError):
    """A message would be larger than MOST_BYTES."""


def unpack_zlib(data: bytes) -> bytes:
    """Undo zlib or gzip."""
    return _bounded(zlib.decompressobj(wbits=47), data)


def unpack_bz2(data: bytes) -> bytes:
    """Undo bzip2."""
    return _bounded(bz2.BZ2Decompressor(), data)


def unpack_lzma(data: bytes) -> bytes:
    """Undo xz."""
    return _bounded(lzma.LZMADecompressor(memlimit=64 * MOST_BYTES), data)


def _bounded(unpacker: Any, data: bytes) -> bytes:
    text: bytes = unpacker.decompress(data, MOST_BYTES)
    if not unpacker.eof:
        raise TooLarge("too large, or cut short")
    return text


def unpack_nothing(data: bytes) -> bytes:
    """What cannot be bounded is not unpacked."""
    raise ValueError("unknown compression")


def bound() -> None:
    """Make kombu in this process unpack no more than MOST_BYTES a message."""
    known = {
        "application/x-gzip": (zlib.compress, unpack_zlib),
        "application/x-bz2": (bz2.compress, unpack_bz2),
        "application/x-lzma": (lzma.compress, unpack_lzma),
    }
    for content_type in compression.encoders():
        packer, _ = compression.get_encoder(content_type)
        coders = known.get(content_type, (packer, unpack_nothing))
        compression.register(*coders, content_type)
