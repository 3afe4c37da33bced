"""Response schemas and examples for codes, code jobs and imports."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models import Dialect
from coupon_core.domain.models.inventory import JobKind, JobState, SkipReason
from coupon_core.schemas.base import ResponseSchema
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.metadata import MetadataField
from coupon_core.schemas.phoenix_documents import EXAMPLE_COUPON, CouponSchema
from coupon_core.schemas.response_fields import NullableString, build_list_schema

BATCH_ID = "aa0e8400-e29b-41d4-a716-446655440005"
KEY_ID = "880e8400-e29b-41d4-a716-446655440003"
COUPON_WITH_BATCH = {**EXAMPLE_COUPON, "batch_id": BATCH_ID, "metadata": {}}
CODE_PAGE = {"coupons": [COUPON_WITH_BATCH], "next": "AZNvLm0-flCcd0p8jD-9MvY1oQQ"}
TIMELINE = [
    {
        "at": "2025-01-15T10:00:00Z",
        "event": "generated",
        "by": None,
        "batch_id": BATCH_ID,
    },
    {
        "at": "2025-01-16T09:30:00Z",
        "event": "assigned",
        "by": KEY_ID,
        "user_id": "user_123",
    },
]
COUPON_WITH_TIMELINE = {
    **COUPON_WITH_BATCH,
    "timeline": TIMELINE,
    "effective_status": EXAMPLE_COUPON["status"],
    "state": "User user_123 can redeem the code.",
    "campaign_id": None,
    "creator_key": None,
}


class CouponWithBatchSchema(CouponSchema):
    """A coupon with its batch and its metadata."""

    batch_id = fields.UUID(required=True, allow_none=True)
    metadata = MetadataField(required=True)


class CodePageSchema(ResponseSchema):
    """A page of coupons, newest first; `next` is the next cursor, null at the end."""

    coupons = fields.List(fields.Nested(CouponWithBatchSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TimelineEntrySchema(ResponseSchema):
    """One event of a coupon; members beside the first three depend on the event."""

    at = fields.DateTime(required=True)
    event = fields.String(required=True)
    by = fields.String(required=True, allow_none=True)
    batch_id = fields.UUID()
    user_id = fields.String()
    use_number = fields.Integer()
    dialect = ChoiceField(*Dialect)
    redemption_id = fields.Integer()
    reservation_id = fields.UUID()
    expires_at = fields.DateTime(allow_none=True)
    new_coupon_id = fields.UUID(
        metadata={"description": "ID of the coupon that replaced this one."}
    )
    reason = fields.String()
    old_coupon_id = fields.UUID(
        metadata={"description": "ID of the coupon that this one replaced."}
    )


class CouponWithTimelineSchema(CouponWithBatchSchema):
    """A coupon with its timeline, and whether it can be redeemed."""

    timeline = fields.List(fields.Nested(TimelineEntrySchema), required=True)
    effective_status = fields.String(
        required=True,
        metadata={
            "description": "The status; of an active coupon that cannot be redeemed, "
            "the reason, for example archived."
        },
    )
    state = fields.String(
        required=True,
        metadata={"description": "Whether it can be redeemed now, in one sentence."},
    )
    campaign_id = NullableString()
    creator_key = NullableString()


JOB: dict[str, Any] = {
    "job_id": "bb0e8400-e29b-41d4-a716-446655440006",
    "kind": "revoke",
    "state": "running",
    "definition_id": None,
    "batch_id": BATCH_ID,
    "user_id": None,
    "expires_at": None,
    "by": KEY_ID,
    "total": None,
    "done": 4000,
    "skipped": 0,
    "skipped_reasons": {},
    "created_at": "2025-01-16T10:00:00Z",
    "updated_at": "2025-01-16T10:00:01Z",
    "finished_at": None,
}
COMPLETED_JOB_MEMBERS = {
    "state": "completed",
    "done": 12,
    "finished_at": "2025-01-16T10:00:01Z",
}
COMPLETED_JOB = {
    **JOB,
    **COMPLETED_JOB_MEMBERS,
    "batch_id": None,
    "user_id": "user_123",
}
REVOCATION = {**JOB, "dry_run": False}
COMPLETED_REVOCATION = {**COMPLETED_JOB, "dry_run": False}
EXTENSION_JOB = {**JOB, "kind": "extend", "expires_at": "2025-12-31T23:59:59Z"}
COMPLETED_EXTENSION_JOB = {**EXTENSION_JOB, **COMPLETED_JOB_MEMBERS}
RESTORATION = {**JOB, "kind": "restore"}
COMPLETED_RESTORATION = {**COMPLETED_JOB, "kind": "restore"}
RESTORATION_CHANGE = {**RESTORATION, "dry_run": False}
COMPLETED_RESTORATION_CHANGE = {**COMPLETED_RESTORATION, "dry_run": False}
COMPLETED_BATCH_RESTORATION = {**RESTORATION, **COMPLETED_JOB_MEMBERS}
EXPIRY_CHANGE = {**EXTENSION_JOB, "kind": "expiry"}
COMPLETED_EXPIRY_CHANGE = {**EXPIRY_CHANGE, **COMPLETED_JOB_MEMBERS}
EXPIRY_JOB = {**EXPIRY_CHANGE, "dry_run": False}
EXPIRY_DRY_RUN = {
    **COMPLETED_EXPIRY_CHANGE,
    "job_id": None,
    "skipped": 3,
    "skipped_reasons": {"used_up": 2, "revoked": 1},
    "dry_run": True,
}


class CodeJobSchema(ResponseSchema):
    """A job on many codes, and its progress."""

    example = JOB

    job_id = fields.UUID(required=True)
    kind = ChoiceField(*JobKind, required=True)
    state = ChoiceField(*JobState, required=True)
    definition_id = fields.UUID(required=True, allow_none=True)
    batch_id = fields.UUID(required=True, allow_none=True)
    user_id = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True, allow_none=True)
    done = fields.Integer(required=True)
    skipped = fields.Integer(
        required=True, metadata={"description": "Codes that were left alone."}
    )
    skipped_reasons = fields.Dict(
        keys=ChoiceField(*SkipReason),
        values=fields.Integer(),
        required=True,
        metadata={
            "description": "Number of codes left alone, by reason. Empty for jobs of "
            "earlier releases."
        },
    )
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)


class CodeChangeSchema(CodeJobSchema):
    """A job that changes many codes, or what it would change (`dry_run`)."""

    job_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Job ID; null in a dry run, which stores no job."},
    )
    dry_run = fields.Boolean(
        required=True, metadata={"description": "True if nothing was changed."}
    )


class ExpiryJobSchema(CodeChangeSchema):
    """A job that moves expiries, or what it would change (`dry_run`)."""


CodeJobListSchema = build_list_schema("CodeJobList", jobs=CodeJobSchema)

CSV_FILE = "code,user_id,expires_at\nPARTNER-4711,,\nPARTNER-4712,user_123,\n"
CSV_EXPORT = (
    "code,status,user_id,definition_id,definition_name,batch_id,generated_at,"
    "expires_at,redeemed_at,redemption_count,expires_from\r\n"
    "WELCOME8X4F2K9P,active,user_123,660e8400-e29b-41d4-a716-446655440001,"
    "Welcome Bonus,,2025-01-15T10:00:00Z,2025-12-31T23:59:59Z,,0,definition\r\n"
)
TEXT_SCHEMA = {"type": "string"}
CSV_REQUEST_BODY = {
    "required": True,
    "content": {"text/csv": {"schema": TEXT_SCHEMA, "example": CSV_FILE}},
}
COMPLETED_IMPORT_JOB = {
    **JOB,
    **COMPLETED_JOB_MEMBERS,
    "kind": "import",
    "definition_id": "660e8400-e29b-41d4-a716-446655440001",
    "total": 12,
}
COMPLETED_IMPORT = {
    **COMPLETED_IMPORT_JOB,
    "rejected": 1,
    "bad_rows": [{"line": 3, "reason": "the code exists already"}],
}
RUNNING_IMPORT = {**COMPLETED_IMPORT, "state": "running", "finished_at": None}


class RejectedRowSchema(ResponseSchema):
    """A line of the file that was not imported."""

    line = fields.Integer(required=True)
    reason = fields.String(required=True)


class CodeImportSchema(CodeJobSchema):
    """The import job, with at most 100 rejected lines."""

    skipped = fields.Integer(
        required=True,
        metadata={
            "description": "Used, revoked and expired codes that `skip_used` left out."
        },
    )
    rejected = fields.Integer(required=True)
    bad_rows = fields.List(fields.Nested(RejectedRowSchema), required=True)
