"""Decide on a large request body from the head alone, before it is received.

The server runs the application with an environment that is marked; where the
application would read the body, `BodyRequired` stops it. All that is checked before,
such as credentials and the limit of the route, is checked without the body.
"""

from typing import Any

from coupon_core.observability import audit_context

PENDING_BODY_ENVIRON_KEY = "coupon.body_pending"
ADMITTED_ENVIRON_KEY = "coupon.body_admitted"
"""Set when a request is run again, now with its body: it was counted already."""


class BodyRequired(BaseException):
    """The application accepts a body of up to `limit` bytes from this tenant.

    Not an Exception: no error handler may answer it.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit
        principal = audit_context.current_context().principal
        self.tenant_id = principal.tenant_id if principal else ""


def require_body(environ: dict[str, Any], limit: int) -> None:
    """Raise BodyRequired if the body is still to be received; call before reading."""
    if PENDING_BODY_ENVIRON_KEY in environ:
        raise BodyRequired(limit)
