"""Errors below /console as pages for people."""

from flask import Response, g

from admin_gateway.console.rendering import render
from admin_gateway.console.texts import N_, gettext
from coupon_core.schemas.errors import ApiError

# By status; what an error says itself is shown as well, if it is for callers.
TITLES = {
    400: N_("This could not be understood"),
    401: N_("Please sign in"),
    403: N_("Your role does not allow this"),
    404: N_("This page does not exist"),
    405: N_("This page does not exist"),
    409: N_("This conflicts with something else"),
    413: N_("This is too large"),
    422: N_("This form was submitted already"),
    429: N_("Too many attempts"),
    503: N_("Not available at the moment"),
}
# What an operator has done, instead of what a program should do.
TEXTS = {
    "IDEMPOTENCY_KEY_REUSED": N_(
        "It was submitted before with other values, and that has had its effect. "
        "Nothing was done now. Open the form again to submit it once more."
    ),
    "REQUEST_UNDER_WAY": N_(
        "This form was submitted already and is still being processed. Wait a moment, "
        "and look at the result before you submit it again."
    ),
}
DEFAULT_TITLE = N_("Something went wrong")
# Of errors whose text says no more than the title.
PLAIN_CODES = frozenset(
    {"ACCESS_DENIED", "INTERNAL_ERROR", "METHOD_NOT_ALLOWED", "NOT_FOUND"}
    | {"SCOPE_MISSING", "TENANT_NOT_FOUND"}
)


def respond_to_error(error: ApiError, request_id: str) -> Response:
    """Return the page of an error."""
    g.setdefault("operator", None)
    message = TEXTS.get(error.code, error.message)
    text = "" if error.code in PLAIN_CODES else gettext(message)
    body = render(
        "error.html",
        title=gettext(TITLES.get(error.status, DEFAULT_TITLE)),
        text=text,
        code=error.code,
        request_id=request_id,
    )
    response = Response(body, error.status)
    response.headers.update(error.headers)
    return response
