"""The course of a call, without input and output: requests, pauses, and the answer."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2

from coupons_sdk.answers import (
    Answer,
    Content,
    describe_failure,
    is_permanent,
    read_error,
)
from coupons_sdk.credentials import Hmac
from coupons_sdk.deadlines import Deadline
from coupons_sdk.errors import (
    AnswerTooLarge,
    ConfigurationError,
    ConnectionFailed,
    CouponsError,
)
from coupons_sdk.options import LogEntry, Options
from coupons_sdk.requests import Call, encode_value
from coupons_sdk.retries import can_retry, choose_pause
from coupons_sdk.version import USER_AGENT

Outcome = Answer | httpx2.RequestError | AnswerTooLarge
Body = bytes | Iterator[bytes] | AsyncIterator[bytes]
_encode_json = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=encode_value
).encode


class MaskedUrl(httpx2.URL):
    """A URL whose text is masked, because httpx2 logs it."""

    masked = ""

    def __str__(self) -> str:
        return self.masked


class Exchange:
    """A call on its way: what all of its tries share.

    A client sends what `build_request` returns, and passes the outcome to `settle`.
    `wrap` makes the iterator of an upload sendable.
    """

    def __init__(
        self,
        call: Call[Any],
        options: Options,
        wrap: Callable[[Iterator[bytes]], Body],
    ) -> None:
        self._call, self._options, self._wrap = call, options, wrap
        self._attempt, self._started_at, self._is_answer_lost = 0, 0.0, False
        target = f"{call.path}?{call.query}" if call.query else call.path
        self._url = MaskedUrl(f"{options.base_url}/{target}")
        self._url.masked = f"{options.base_url}/{call.masked_path}"
        self._target = f"/{target}".encode()  # a proxy removes the path of base_url
        self._headers = {"User-Agent": USER_AGENT, "Accept": call.accept}
        body = call.body
        if call.method == "POST":  # made before the first try, and used by all
            key = options.idempotency_key or secrets.token_hex(16)
            self._headers["Idempotency-Key"] = key
            if body is not None and isinstance(options.credential, Hmac):
                # Equal requests of one second would have equal signatures, and the
                # gateway takes those for repetitions (docs/api-contracts.md 0.12).
                body = {**body, "nonce": key}
        try:
            self._body = b"" if body is None else _encode_json(body).encode()
        except (TypeError, ValueError) as error:  # half a surrogate pair is one as well
            message = f"The request cannot be sent as JSON: {error}."
            raise ConfigurationError(message) from error
        if call.upload:
            self._headers["Content-Type"] = call.upload.content_type
        elif body is not None:
            self._headers["Content-Type"] = "application/json"

    def build_request(self) -> httpx2.Request:
        """Return the request of the next try, signed for this moment."""
        self._attempt += 1
        call, headers = self._call, self._headers
        if credential := self._options.credential:
            signed = credential.build_headers(call.method, self._target, self._body)
            headers = {**headers, **signed}
        deadline = self.deadline = Deadline(self._options.timeout)
        content: Body = self._body
        if call.upload:
            content = self._wrap(deadline.apply_to_each(call.upload.open()))
        request = httpx2.Request(
            call.method,
            self._url,
            headers=headers,
            content=content,
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), deadline)
            },
        )
        request.url = self._url  # the request had made a copy that is not masked
        self._started_at = time.perf_counter()
        return request

    def receive(self, response: httpx2.Response) -> Content:
        """Return what takes the parts of an answer."""
        return Content(self._call, response, self._options.max_answer_bytes)

    def describe(
        self, failure: httpx2.RequestError, *, is_part: bool = False
    ) -> ConnectionFailed:
        """Return the error of an answer, or part of a file, that has not arrived."""
        return describe_failure(failure, self._call, self._options, is_part=is_part)

    def settle(self, outcome: Outcome) -> Answer | float:
        """Return the answer if it is one, or the pause before the next try.

        Raises:
            CouponsError: The try failed, and was the last.
        """
        if isinstance(outcome, Answer) and self._is_done(outcome.response):
            self._log(outcome)
            return outcome
        error, pause = self._judge(outcome)
        self._log(outcome, error, pause)
        if pause is None:
            cause = outcome if isinstance(outcome, httpx2.RequestError) else None
            raise error from cause
        return pause

    def _is_done(self, response: httpx2.Response) -> bool:
        # A DELETE whose first answer was lost finds nothing the second time.
        is_gone = self._is_answer_lost and response.status_code == 404
        return response.is_success or (is_gone and self._call.method == "DELETE")

    def _judge(self, outcome: Outcome) -> tuple[CouponsError, float | None]:
        if isinstance(outcome, AnswerTooLarge):
            return outcome, None
        error: CouponsError
        retry_after = None
        if isinstance(outcome, Answer):
            error = read_error(self._call, outcome)
            retry_after = error.retry_after
            has_chance = can_retry(error.status, error.code, retry_after)
        else:
            error = self.describe(outcome)
            self._is_answer_lost = self._is_answer_lost or error.is_outcome_unknown
            has_chance = not is_permanent(outcome)
        upload = self._call.upload
        has_chance = has_chance and (upload is None or upload.is_repeatable)
        if not has_chance or self._attempt > self._options.max_retries:
            return error, None
        return error, choose_pause(self._attempt, retry_after)

    def _log(
        self,
        outcome: Outcome,
        error: CouponsError | None = None,
        pause: float | None = None,
    ) -> None:
        if self._options.log is None:
            return
        status, request_id = None, ""
        if isinstance(outcome, Answer):
            status = outcome.response.status_code
            request_id = outcome.response.headers.get("x-request-id", "")
        elif isinstance(outcome, AnswerTooLarge):
            status, request_id = outcome.status, outcome.request_id
        self._options.log(
            LogEntry(
                method=self._call.method,
                path=f"/{self._call.masked_path}",
                attempt=self._attempt,
                seconds=time.perf_counter() - self._started_at,
                status=status,
                request_id=request_id,
                error=error,
                pause=pause,
            )
        )
