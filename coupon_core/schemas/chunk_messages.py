"""Schemas of the messages that request one chunk of a batch or of a code job."""

from collections.abc import Mapping
from typing import Any

from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import StrictInteger
from coupon_core.schemas.identifiers import TenantIdField, UuidField

ChunkKey = tuple[str, str, int]  # tenant id, batch or job id, chunk number


class BatchChunkSchema(LenientSchema):
    """Identifies the chunk of a batch that is to be generated."""

    tenant_id = TenantIdField(required=True)
    batch_id = UuidField(required=True)
    chunk_number = StrictInteger(required=True, min_value=1, max_value=2**31 - 1)


_BATCH_CHUNK_SCHEMA = BatchChunkSchema()


def parse_batch_chunk(document: Mapping[str, Any]) -> ChunkKey:
    """Return the key of the batch chunk that a message requests.

    Raises:
        ValidationError: The message lacks a member or has an invalid one.
    """
    loaded = _BATCH_CHUNK_SCHEMA.load(document)
    return loaded["tenant_id"], loaded["batch_id"], loaded["chunk_number"]


class JobChunkSchema(LenientSchema):
    """Identifies the chunk of a code job that is to be processed."""

    tenant_id = TenantIdField(required=True)
    job_id = UuidField(required=True)
    chunk_number = StrictInteger(required=True, min_value=1, max_value=2**31 - 1)


_JOB_CHUNK_SCHEMA = JobChunkSchema()


def parse_job_chunk(document: Mapping[str, Any]) -> ChunkKey:
    """Return the key of the job chunk that a message requests.

    Raises:
        ValidationError: The message lacks a member or has an invalid one.
    """
    loaded = _JOB_CHUNK_SCHEMA.load(document)
    return loaded["tenant_id"], loaded["job_id"], loaded["chunk_number"]
