"""Query parameters of the audit log."""

from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import StrictString

ACTION_PATTERN = r"^[a-z_]+\.[a-z_]+$"
MAX_FILTER_LENGTH = 128


def _text_field(description: str, pattern: str | None = None) -> StrictString:
    metadata = {"description": description}
    return StrictString(
        max_length=MAX_FILTER_LENGTH, pattern=pattern, metadata=metadata
    )


class AuditQuerySchema(ListQuerySchema):
    """Page and filters of the audit log: actor, action, object and time range."""

    actor = _text_field("ID of an API key or key:NAME, or cli, system, server.")
    action = _text_field("Action, such as definition.changed.", ACTION_PATTERN)
    object_id = _text_field("ID of the changed object.")
    since = EnteredTimeField("At or after this time.", in_utc=True, data_key="from")
    until = EnteredTimeField("Before this time.", in_utc=True, data_key="to")
