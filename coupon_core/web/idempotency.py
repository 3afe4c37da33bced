"""Requests that may be sent again: one effect and one answer (CONTRACTS 0.12, 0.13).

Every POST of every blueprint goes through here, but for those marked `reads_only`;
one without an Idempotency-Key and without a signature just passes.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from coupon_core.domain.models import Principal, Refused, utc_now
from coupon_core.domain.models.idempotency import Answer, OnceAsked, Work
from coupon_core.persistence.database import transaction
from coupon_core.schemas.errors import Detail, Problem, invalid
from coupon_core.services import idempotency
from coupon_core.services.idempotency import (
    KEPT,
    LEASE,
    SIGNATURE_KEPT,
    digest,
)
from coupon_core.web.authentication import SIGNED_BY
from coupon_core.web.request_body import read_body
from coupon_core.web.request_stream import spool

View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[[], Any]
Way = Callable[[Work, Run], Response]

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEY = "^[A-Za-z0-9_-]{1,255}$"
KEY_SAID = "1 to 255 letters, digits, _ or -"
_HEADER_IN_ENVIRON = "HTTP_IDEMPOTENCY_KEY"
_READS_ONLY, _IN_STEPS, ONCE = "_reads_only", "_in_steps", "_once"
_key_in = re.compile(r'("?)([A-Za-z0-9_-]{1,255})\1').fullmatch
# A file may take minutes to come and to be worked on.
LONG_LEASE = timedelta(minutes=15)
IN_MEMORY = 1_048_576  # bytes of a body that are not worth a file
# Whoever gets one of these has not been heard yet, and may come again under his key.
_NOT_FINAL = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)


def reads_only(view: View) -> View:
    """Mark a POST that changes nothing: it takes no keys, and may be sent at will."""
    setattr(view, _READS_ONLY, True)
    return view


def in_steps(view: View) -> View:
    """Mark a POST that works in transactions of its own, one after the other.

    Such as takes a file: as a whole it would hold up all other writers. Its answer is
    kept right after the last of them; till then nobody else takes it up.
    """
    setattr(view, _IN_STEPS, True)
    return view


def answer_repeats(app: Flask) -> None:
    """Let every POST that changes something have one effect, however often sent."""
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if _posts(rule.methods)}
    for endpoint in posts:
        view = app.view_functions[endpoint]
        if not getattr(view, _READS_ONLY, False):
            app.view_functions[endpoint] = _once(view)


def _posts(methods: Any) -> bool:
    return "POST" in (methods or ())


def _once(view: Callable[..., Any]) -> Callable[..., Any]:
    stepwise = getattr(view, _IN_STEPS, False)
    answered = _answered_in_steps if stepwise else _answered

    @wraps(view)
    def once(*values: Any, **parts: Any) -> Any:
        environ = request.environ
        if _HEADER_IN_ENVIRON not in environ and SIGNED_BY not in environ:
            return view(*values, **parts)
        principal = g.get("principal")
        if principal is None or request.method != "POST":
            return view(*values, **parts)
        return answered(principal, partial(view, *values, **parts))

    setattr(once, ONCE, True)
    return once


def _answered(principal: Principal, run: Run) -> Response:
    """The view's answer, or the one that the same request has had before."""
    key, signed = _key(), _signed(principal)
    if key is None:
        return _run(Work(None, "", signed), _in_one_transaction, run)
    asked = _asked(principal, key, read_body(request))
    taken = _begun(asked, LEASE)
    if isinstance(taken, Answer):
        return _replayed(taken)
    return _run(Work(asked, taken, signed), _in_one_transaction, run)


def _answered_in_steps(principal: Principal, run: Run) -> Any:
    """As `_answered`, for what works in transactions of its own."""
    key = _key()
    if key is None:
        return run()
    with SpooledTemporaryFile(IN_MEMORY) as file:
        asked = _asked(principal, key, spool(request, file))
        taken = _begun(asked, LONG_LEASE)
        if isinstance(taken, Answer):
            return _replayed(taken)
        return _run(Work(asked, taken, None), _step_by_step, run)


def _begun(asked: OnceAsked, lease: timedelta) -> str | Answer:
    try:
        return idempotency.begin(asked, utc_now(), lease)
    except idempotency.AnotherRequest:
        raise _another_request() from None
    except idempotency.UnderWay:
        raise _under_way() from None


def _run(work: Work, way: Way, run: Run) -> Response:
    try:
        return way(work, run)
    except idempotency.Repeated:
        return _answer_of_other(work)
    except Exception as error:  # refused or failed: the effect is rolled back
        return _without_effect(work, error)


def _in_one_transaction(work: Work, run: Run) -> Response:
    with transaction():
        response = current_app.make_response(run())
        final = _is_final(response.status_code)
        if final:
            idempotency.finish(work, _answer_of(response))
    if not final:
        idempotency.give_up(work)
    return response


def _step_by_step(work: Work, run: Run) -> Response:
    response = current_app.make_response(run())
    if _is_final(response.status_code):
        idempotency.finish_alone(work, _answer_of(response))
    else:
        idempotency.give_up(work)
    return response


def _without_effect(work: Work, error: Exception) -> Response:
    """The answer for what a view raised; a refusal of the core is final."""
    response = current_app.make_response(current_app.handle_user_exception(error))
    final = isinstance(error, Refused) and _is_final(response.status_code)
    try:
        if final:
            idempotency.finish_alone(work, _answer_of(response))
    except idempotency.Repeated:
        return _answer_of_other(work)
    if not final:
        idempotency.give_up(work)
    return response


def _is_final(status: int) -> bool:
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_FINAL


def _answer_of_other(work: Work) -> Response:
    """What the same request was answered, which came first while ours was under way."""
    for asked in filter(None, (work.signed, work.asked)):
        answer = idempotency.kept(asked)
        if answer:
            idempotency.give_up(work)
            return _replayed(answer)
    raise _under_way()


def _answer_of(response: Response) -> Answer:
    headers = tuple(response.headers.to_wsgi_list())
    return Answer(response.status_code, headers, response.get_data())


def _replayed(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, dict(answer.headers))
    response.headers[REPLAYED] = "true"
    return response


def _key() -> str | None:
    """The key that was sent; 400 for what is none."""
    sent = request.environ.get(_HEADER_IN_ENVIRON)
    if sent is None:
        return None
    found = _key_in(sent)
    if found is None:
        raise invalid([Detail(f"expected {KEY_SAID}", HEADER, "header")])
    return found[2]


def _asked(principal: Principal, key: str, body: bytes) -> OnceAsked:
    """The request under its key, which is good for this caller and this route.

    `body` stands for what was sent, with method, path and query (CONTRACTS 0.13).
    """
    environ = request.environ
    parts = (principal.user_id, principal.key_id, _route(), key)
    name = digest(*(repr(part).encode() for part in parts))
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    sent = digest(request.method.encode(), request.path.encode(), query, body)
    return OnceAsked(principal.tenant_id, name, sent, utc_now() + KEPT)


def _route() -> str:
    return request.url_rule.rule if request.url_rule else ""


def _signed(principal: Principal) -> OnceAsked | None:
    """The request under its signature, which is made over all of it that counts."""
    signature = request.environ.get(SIGNED_BY)
    if signature is None:
        return None
    name = digest(b"signature", signature.lower().encode())
    return OnceAsked(principal.tenant_id, name, "", utc_now() + SIGNATURE_KEPT)


def _another_request() -> Problem:
    text = f"{HEADER}: this key was given to a request that differs from this one"
    detail = Detail("expected a key that is new, or the same request", HEADER, "header")
    return Problem(422, "IDEMPOTENCY_KEY_REUSED", text, (detail,))


def _under_way() -> Problem:
    text = "The same request is still under way"
    return Problem(409, "REQUEST_UNDER_WAY", text, headers={"Retry-After": "1"})
