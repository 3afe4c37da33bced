"""The messages that ask for a chunk of a batch or a job: our own, from the outbox."""

from collections.abc import Mapping
from typing import Any

from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import StrictInteger
from coupon_core.schemas.identifiers import TenantIdField, UuidField

ChunkKey = tuple[str, str, int]  # tenant, batch or job, number of the chunk


class BatchChunkSchema(LenientSchema):
    """Which chunk is to be made."""

    tenant_id = TenantIdField(required=True)
    batch_id = UuidField(required=True)
    chunk_number = StrictInteger(required=True, min_value=1, max_value=2**31 - 1)


_BATCH_CHUNK_SCHEMA = BatchChunkSchema()


def parse_batch_chunk(document: Mapping[str, Any]) -> ChunkKey:
    """The chunk that a message asks for. marshmallow's ValidationError."""
    loaded = _BATCH_CHUNK_SCHEMA.load(document)
    return loaded["tenant_id"], loaded["batch_id"], loaded["chunk_number"]


class JobChunkSchema(LenientSchema):
    """Which chunk of a job is to be done."""

    tenant_id = TenantIdField(required=True)
    job_id = UuidField(required=True)
    chunk_number = StrictInteger(required=True, min_value=1, max_value=2**31 - 1)


_JOB_CHUNK_SCHEMA = JobChunkSchema()


def parse_job_chunk(document: Mapping[str, Any]) -> ChunkKey:
    """The chunk of a job that a message asks for. marshmallow's ValidationError."""
    loaded = _JOB_CHUNK_SCHEMA.load(document)
    return loaded["tenant_id"], loaded["job_id"], loaded["chunk_number"]
