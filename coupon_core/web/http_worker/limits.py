"""Limits of the HTTP worker: what one client may hold, and for how long."""

from dataclasses import dataclass
from typing import Any

from coupon_core.web.request_body import DEFAULT_BODY_LIMIT_BYTES

MAX_HEAD_BYTES = 65_536
MAX_BUFFERED_BODY_BYTES = DEFAULT_BODY_LIMIT_BYTES
# Chunk sizes, extensions and trailers, beside MAX_HEAD_BYTES: bodies of up to 16 KiB
# may come in one-byte chunks (five bytes each beside the payload), larger ones in
# chunks of three bytes or more. Nothing else that a client can send costs so much CPU.
MAX_CHUNK_OVERHEAD_FACTOR = 2
MAX_HEADER_FIELDS = 32_768

FIRST_BYTE_TIMEOUT_SECONDS = 3.0
# The time to receive a request, or to send an answer, in multiples of `keepalive`.
RECEIVE_TIMEOUT_FACTOR = 2
MIN_BYTES_PER_SECOND = 16_384  # of large bodies and answers, in either direction
LINGER_SECONDS = 2.0
MAX_LINGER_BYTES = 1_048_576

SEND_BUFFER_BYTES = 131_072  # of the kernel for a connection; Linux doubles it
# An answer of more pieces than this is streamed: it occupies a thread until it is sent.
MAX_COLLECTED_BYTES = 262_144
MAX_UNSENT_BYTES_PER_CONNECTION = 8_388_608
MAX_BUFFERED_BYTES = 33_554_432  # of unfinished requests and unsent answers together
MAX_CONNECTIONS_PER_ADDRESS = 256
MAX_SPOOLED_BYTES = 1_073_741_824
MAX_SPOOLED_BYTES_PER_TENANT = 536_870_912
# Counted for each large body: 64 uploads in all take half of the reserved descriptors.
MIN_SPOOLED_BYTES_PER_UPLOAD = 16_777_216
RESERVED_DESCRIPTORS = 128  # for databases, brokers, files and listeners


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Limits of one request head, from gunicorn's `limit_request_*` settings."""

    max_line_bytes: int
    max_fields: int
    max_field_bytes: int

    @classmethod
    def from_config(cls, cfg: Any) -> "RequestLimits":
        """Read gunicorn's settings; 0 means "no limit", which MAX_HEAD_BYTES bounds."""
        return cls(
            cfg.limit_request_line or MAX_HEAD_BYTES,
            min(cfg.limit_request_fields or MAX_HEADER_FIELDS, MAX_HEADER_FIELDS),
            cfg.limit_request_field_size or MAX_HEAD_BYTES,
        )


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts of a connection in seconds, derived from gunicorn's `keepalive`."""

    keepalive: float
    receive: float
    send: float

    @classmethod
    def from_config(cls, cfg: Any) -> "Timeouts":
        """Derive all timeouts; `keepalive = 0` closes after each answer."""
        base = RECEIVE_TIMEOUT_FACTOR * max(cfg.keepalive, 1)
        return cls(cfg.keepalive, base, base)
