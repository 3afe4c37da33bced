"""Idempotent requests: one effect and one response.

Every POST of every blueprint passes through this module, except those marked
`safe_post`. A request without Idempotency-Key and without signature is passed on.
See `docs/api-contracts.md` 0.12 and 0.13.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from coupon_core.domain.models import Principal, Refused, utc_now
from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    RequestAttempt,
    StoredResponse,
)
from coupon_core.persistence.database import transaction
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
RunStrategy = Callable[[RequestAttempt, RunView], Response]

REPLAYED_HEADER = "Idempotent-Replayed"
IDEMPOTENT_MARK = "_idempotent"
_SAFE_POST_MARK = "_safe_post"
_MULTI_TRANSACTION_MARK = "_multi_transaction"
# Uploading and processing a file can take minutes.
LONG_LEASE = timedelta(minutes=15)
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
    signed_request = build_signed_request(principal)
    if key is None:
        return _run_attempt(
            RequestAttempt(None, "", signed_request=signed_request),
            _run_single_transaction,
            run_view=run_view,
        )
    keyed_request = build_keyed_request(principal, key, body=read_body(request))
    acquired = _acquire_key(keyed_request, idempotency.LEASE)
    if isinstance(acquired, StoredResponse):
        return _replay_response(acquired)
    return _run_attempt(
        RequestAttempt(keyed_request, acquired, signed_request=signed_request),
        _run_single_transaction,
        run_view=run_view,
    )


def _process_multi_transaction(principal: Principal, run_view: RunView) -> Any:
    """Do the same as `_process_idempotent` for several transactions."""
    key = read_key()
    if key is None:
        return run_view()
    with SpooledTemporaryFile(MAX_IN_MEMORY_BYTES) as file:
        keyed_request = build_keyed_request(
            principal, key, body=spool_body(request, file)
        )
        acquired = _acquire_key(keyed_request, LONG_LEASE)
        if isinstance(acquired, StoredResponse):
            return _replay_response(acquired)
        return _run_attempt(
            RequestAttempt(keyed_request, acquired, signed_request=None),
            _run_multi_transaction,
            run_view=run_view,
        )


def _acquire_key(
    keyed_request: IdempotentRequest, lease: timedelta
) -> str | StoredResponse:
    try:
        return idempotency.acquire(keyed_request, utc_now(), lease=lease)
    except idempotency.KeyReused:
        raise key_reused_error() from None
    except idempotency.RequestInProgress:
        raise in_progress_error() from None


def _run_attempt(
    attempt: RequestAttempt, strategy: RunStrategy, run_view: RunView
) -> Response:
    try:
        return strategy(attempt, run_view)
    except idempotency.AlreadyCompleted:
        return _replay_other_response(attempt)
    except Exception as error:  # refused or failed: the transaction is rolled back
        return _respond_to_failure(attempt, error)


def _run_single_transaction(attempt: RequestAttempt, run_view: RunView) -> Response:
    with transaction():
        response = current_app.make_response(run_view())
        is_final = _is_final(response.status_code)
        if is_final:
            idempotency.complete(attempt, _to_stored_response(response))
    if not is_final:
        idempotency.release(attempt)
    return response


def _run_multi_transaction(attempt: RequestAttempt, run_view: RunView) -> Response:
    response = current_app.make_response(run_view())
    if _is_final(response.status_code):
        idempotency.complete_in_new_transaction(attempt, _to_stored_response(response))
    else:
        idempotency.release(attempt)
    return response


def _respond_to_failure(attempt: RequestAttempt, error: Exception) -> Response:
    """Return the response to an exception of a view; a refusal is final."""
    response = current_app.make_response(current_app.handle_user_exception(error))
    is_final = isinstance(error, Refused) and _is_final(response.status_code)
    try:
        if is_final:
            idempotency.complete_in_new_transaction(
                attempt, _to_stored_response(response)
            )
    except idempotency.AlreadyCompleted:
        return _replay_other_response(attempt)
    if not is_final:
        idempotency.release(attempt)
    return response


def mark_dry_run() -> None:
    """Keep the current request's key usable, because the view changes nothing."""
    g.is_dry_run = True


def _is_final(status: int) -> bool:
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    is_final_status = not is_server_error and status not in _NON_FINAL_STATUSES
    return is_final_status and not g.get("is_dry_run")


def _replay_other_response(attempt: RequestAttempt) -> Response:
    """Return the response of the same request that completed while ours was running."""
    for idempotent_request in filter(
        None, (attempt.signed_request, attempt.keyed_request)
    ):
        stored_response = idempotency.find_stored_response(idempotent_request)
        if stored_response:
            idempotency.release(attempt)
            return _replay_response(stored_response)
    raise in_progress_error()


def _to_stored_response(response: Response) -> StoredResponse:
    headers = tuple(response.headers.to_wsgi_list())
    return StoredResponse(response.status_code, headers, body=response.get_data())


def _replay_response(stored_response: StoredResponse) -> Response:
    response = Response(
        stored_response.body,
        stored_response.status,
        headers=dict(stored_response.headers),
    )
    response.headers[REPLAYED_HEADER] = "true"
    return response
