"""What may be asked of the audit log."""

from admin_gateway.requests.pagination import ListQuery
from coupon_core.schemas.fields import StrictString, UtcDateTime

ACTION = r"^[a-z_]+\.[a-z_]+$"
LONGEST_NAME = 128


def _text(about: str, pattern: str | None = None) -> StrictString:
    metadata = {"description": about}
    return StrictString(most=LONGEST_NAME, pattern=pattern, metadata=metadata)


class AuditQuery(ListQuery):
    """A page of the audit log: of an actor, an action, a thing, a span of time."""

    actor = _text("An API key's id, or cli, system, server.")
    action = _text("As definition.changed.", ACTION)
    object_id = _text("The id of what it was done to.")
    since = UtcDateTime(data_key="from", metadata={"description": "At or after."})
    until = UtcDateTime(data_key="to", metadata={"description": "Before."})
