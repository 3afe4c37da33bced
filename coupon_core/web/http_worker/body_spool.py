"""Large request bodies on disk: unlinked files, limited per tenant and in all."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

from coupon_core.web.http_worker.limits import (
    MAX_SPOOLED_BYTES,
    MAX_SPOOLED_BYTES_PER_TENANT,
    MIN_SPOOLED_BYTES_PER_UPLOAD,
)


class SpoolFull(Exception):
    """Too many or too large bodies are on disk; the client may try again later."""


class Upload:
    """A large body on its way to disk, of at most `limit` bytes and one more."""

    __slots__ = ("_file", "_reserved", "_spool", "limit", "size", "tenant_id")

    def __init__(
        self, spool: "BodySpool", file: IO[bytes], limit: int, tenant_id: str
    ) -> None:
        self._spool, self._file = spool, file
        self.limit, self.tenant_id = limit, tenant_id
        self.size, self._reserved = 0, MIN_SPOOLED_BYTES_PER_UPLOAD

    @property
    def is_too_large(self) -> bool:
        """Return True if there is more than the route takes."""
        return self.size > self.limit

    def append(self, data: bytes) -> None:
        """Write a piece. Raises: SpoolFull; OSError if the disk is full."""
        data = data[: self.limit + 1 - self.size]
        missing = max(0, self.size + len(data) - self._reserved)
        self._spool.reserve(self.tenant_id, missing)
        self._reserved += missing
        self.size += len(data)
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def rewind(self) -> IO[bytes]:
        """Return the file for reading."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Free the disk."""
        self._spool.reserve(self.tenant_id, -self._reserved)
        self._reserved = 0
        self._file.close()


class BodySpool:
    """The directory of a worker for large bodies."""

    def __init__(self, directory: str | None) -> None:
        self._directory = directory
        self._lock = Lock()
        self._total = 0
        self._of_tenants: dict[str, int] = {}

    def open(self, limit: int, tenant_id: str) -> Upload:
        """Start a body. Raises: SpoolFull; OSError if the file cannot be created."""
        self.reserve(tenant_id, MIN_SPOOLED_BYTES_PER_UPLOAD)
        try:
            if self._directory is not None:
                Path(self._directory).mkdir(mode=0o700, parents=True, exist_ok=True)
            file = TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115
        except OSError:
            self.reserve(tenant_id, -MIN_SPOOLED_BYTES_PER_UPLOAD)
            raise
        return Upload(self, file, limit, tenant_id)

    def reserve(self, tenant_id: str, size: int) -> None:
        """Count bytes on disk. Raises: SpoolFull."""
        with self._lock:
            of_tenant = self._of_tenants.get(tenant_id, 0) + size
            total = self._total + size
            if size > 0 and (
                of_tenant > MAX_SPOOLED_BYTES_PER_TENANT or total > MAX_SPOOLED_BYTES
            ):
                raise SpoolFull
            self._total = total
            self._of_tenants[tenant_id] = of_tenant
            if not of_tenant:
                del self._of_tenants[tenant_id]
