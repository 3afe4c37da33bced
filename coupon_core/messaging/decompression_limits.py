"""Limit the size of decompressed messages: a few kB can expand to gigabytes.

kombu decompresses a message before any consumer can inspect it, and uses the decoders
that are registered here.
"""

import bz2
import lzma
import zlib
from typing import Any

from kombu import compression

MAX_DECOMPRESSED_BYTES = 1_048_576


class MessageTooLarge(ValueError):
    """A decompressed message would exceed MAX_DECOMPRESSED_BYTES, or is incomplete."""


def decompress_zlib(data: bytes) -> bytes:
    """Decompress zlib or gzip data."""
    return _decompress_bounded(zlib.decompressobj(wbits=47), data)


def decompress_bz2(data: bytes) -> bytes:
    """Decompress bzip2 data."""
    return _decompress_bounded(bz2.BZ2Decompressor(), data)


def decompress_lzma(data: bytes) -> bytes:
    """Decompress xz data."""
    return _decompress_bounded(
        lzma.LZMADecompressor(memlimit=64 * MAX_DECOMPRESSED_BYTES), data
    )


def _decompress_bounded(decompressor: Any, data: bytes) -> bytes:
    decompressed: bytes = decompressor.decompress(data, MAX_DECOMPRESSED_BYTES)
    if not decompressor.eof:
        raise MessageTooLarge(
            f"too large (over {MAX_DECOMPRESSED_BYTES} bytes unpacked), or incomplete"
        )
    return decompressed


def reject_compression(data: bytes) -> bytes:
    """Reject a compression whose output size cannot be limited.

    Raises:
        ValueError: Always.
    """
    raise ValueError("unknown compression")


def install_decompression_limits() -> None:
    """Limit the decompression of messages by kombu in this process."""
    supported_coders = {
        "application/x-gzip": (zlib.compress, decompress_zlib),
        "application/x-bz2": (bz2.compress, decompress_bz2),
        "application/x-lzma": (lzma.compress, decompress_lzma),
    }
    for content_type in compression.encoders():
        compress, _ = compression.get_encoder(content_type)
        encoder, decoder = supported_coders.get(
            content_type, (compress, reject_compression)
        )
        compression.register(encoder, decoder, content_type=content_type)
