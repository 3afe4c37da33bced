"""Idempotent requests: one effect and one response.

Every POST of every blueprint passes through this module, except those marked
`safe_post`. A request without Idempotency-Key and without signature is passed on.
See `docs/api-contracts.md` 0.12 and 0.13.
"""

from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from coupon_core.domain.models import Principal, Refused
from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    Result,
    StoredResponse,
)
from coupon_core.services import idempotency
from coupon_core.web.authentication import SIGNATURE_ENVIRON_KEY
from coupon_core.web.idempotency_keys import (
    KEY_ENVIRON_KEY,
    build_keyed_request,
    build_signed_request,
    in_progress_error,
    key_reused_error,
    read_key,
)
from coupon_core.web.request_body import read_body
from coupon_core.web.request_stream import spool_body

View = TypeVar("View", bound=Callable[..., Any])
RunView = Callable[[], Any]

REPLAYED_HEADER = "Idempotent-Replayed"
IDEMPOTENT_MARK = "_idempotent"
_SAFE_POST_MARK = "_safe_post"
_MULTI_TRANSACTION_MARK = "_multi_transaction"
MAX_IN_MEMORY_BYTES = 1_048_576  # larger bodies are spooled to a file
# These responses mean that the request was not processed, so its key stays usable.
_NON_FINAL_STATUSES = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)


def safe_post(view: View) -> View:
    """Mark a POST that changes nothing; it ignores Idempotency-Key."""
    setattr(view, _SAFE_POST_MARK, True)
    return view


def multi_transaction(view: View) -> View:
    """Mark a POST that runs several transactions, one after the other.

    An upload, for example: in one transaction it would block all other writers. Its
    response is stored after the last transaction; until then its lease keeps others
    from processing the same key.
    """
    setattr(view, _MULTI_TRANSACTION_MARK, True)
    return view


def enable_idempotency(app: Flask) -> None:
    """Make every POST idempotent, except those marked `safe_post`."""
    post_endpoints = {
        rule.endpoint for rule in app.url_map.iter_rules() if _has_post(rule.methods)
    }
    for endpoint in post_endpoints:
        view = app.view_functions[endpoint]
        if not getattr(view, _SAFE_POST_MARK, False):
            app.view_functions[endpoint] = _wrap_idempotent(view)


def _has_post(methods: Any) -> bool:
    return "POST" in (methods or ())


def _wrap_idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    is_multi_transaction = getattr(view, _MULTI_TRANSACTION_MARK, False)
    process = (
        _process_multi_transaction if is_multi_transaction else _process_idempotent
    )

    @wraps(view)
    def idempotent_view(*args: Any, **kwargs: Any) -> Any:
        environ = request.environ
        if KEY_ENVIRON_KEY not in environ and SIGNATURE_ENVIRON_KEY not in environ:
            return view(*args, **kwargs)
        principal = g.get("principal")
        if principal is None or request.method != "POST":
            return view(*args, **kwargs)
        return process(principal, partial(view, *args, **kwargs))

    setattr(idempotent_view, IDEMPOTENT_MARK, True)
    return idempotent_view


def _process_idempotent(principal: Principal, run_view: RunView) -> Response:
    """Run the view, or return the stored response to the same request."""
    key = read_key()
    keyed_request = (
        build_keyed_request(principal, key, body=read_body(request)) if key else None
    )
    return _execute(keyed_request, build_signed_request(principal), run_view)


def _process_multi_transaction(principal: Principal, run_view: RunView) -> Any:
    """Do the same as `_process_idempotent` for several transactions."""
    key = read_key()
    if key is None:
        return run_view()
    with SpooledTemporaryFile(MAX_IN_MEMORY_BYTES) as file:
        body = spool_body(request, file)
        keyed_request = build_keyed_request(principal, key, body=body)
        return _execute(keyed_request, None, run_view, has_several_transactions=True)


def _execute(
    keyed_request: IdempotentRequest | None,
    signed_request: IdempotentRequest | None,
    run_view: RunView,
    **options: bool,
) -> Response:
    try:
        result = idempotency.execute_once(
            keyed_request,
            signed_request,
            run=partial(_run_view, run_view),
            handle_failure=_respond_to_failure,
            **options,
        )
    except idempotency.KeyReused:
        raise key_reused_error() from None
    except idempotency.RequestInProgress:
        raise in_progress_error() from None
    if isinstance(result, StoredResponse):
        return _replay_response(result)
    response: Response = result.response
    return response


def _run_view(run_view: RunView) -> Result:
    response = current_app.make_response(run_view())
    return _build_result(response, _is_final(response.status_code))


def _respond_to_failure(error: Exception) -> Result:
    """Return the response to an exception of a view; a refusal is final."""
    response = current_app.make_response(current_app.handle_user_exception(error))
    is_final = isinstance(error, Refused) and _is_final(response.status_code)
    return _build_result(response, is_final)


def _build_result(response: Response, is_final: bool) -> Result:
    if not is_final:
        return Result(response, None)
    headers = tuple(response.headers.to_wsgi_list())
    stored = StoredResponse(response.status_code, headers, body=response.get_data())
    return Result(response, stored)


def mark_dry_run() -> None:
    """Keep the current request's key usable, because the view changes nothing."""
    g.is_dry_run = True


def _is_final(status: int) -> bool:
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    is_final_status = not is_server_error and status not in _NON_FINAL_STATUSES
    return is_final_status and not g.get("is_dry_run")


def _replay_response(stored_response: StoredResponse) -> Response:
    response = Response(
        stored_response.body,
        stored_response.status,
        headers=dict(stored_response.headers),
    )
    response.headers[REPLAYED_HEADER] = "true"
    return response
