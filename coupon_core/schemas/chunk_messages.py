"""The messages that ask for a chunk of a batch or a job: our own, from the outbox."""

from collections.abc import Mapping
from typing import Any

from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import StrictInteger
from coupon_core.schemas.identifiers import TenantId, UuidText

Key = tuple[str, str, int]  # tenant, batch or job, number of the chunk


class ChunkWanted(Tolerant):
    """Which chunk is to be made."""

    tenant_id = TenantId(required=True)
    batch_id = UuidText(required=True)
    chunk_number = StrictInteger(required=True, least=1, most=2**31 - 1)


_SCHEMA = ChunkWanted()


def chunk_of(document: Mapping[str, Any]) -> Key:
    """The chunk that a message asks for. marshmallow's ValidationError."""
    read = _SCHEMA.load(document)
    return read["tenant_id"], read["batch_id"], read["chunk_number"]


class JobChunkWanted(Tolerant):
    """Which chunk of a job is to be done."""

    tenant_id = TenantId(required=True)
    job_id = UuidText(required=True)
    chunk_number = StrictInteger(required=True, least=1, most=2**31 - 1)


_JOB_SCHEMA = JobChunkWanted()


def job_chunk_of(document: Mapping[str, Any]) -> Key:
    """The chunk of a job that a message asks for. marshmallow's ValidationError."""
    read = _JOB_SCHEMA.load(document)
    return read["tenant_id"], read["job_id"], read["chunk_number"]
