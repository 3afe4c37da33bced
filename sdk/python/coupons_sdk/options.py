"""Where requests are sent, and how; and what the log hook gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict

import httpx2

from coupons_sdk.credentials import Credential
from coupons_sdk.errors import ConfigurationError, CouponsError

DEFAULT_TIMEOUT_SECONDS = 10.0
DEFAULT_RETRIES = 2
EXPECTED_URL = "expected an address such as https://coupons.example.com."
MAX_TIMEOUT_SECONDS = 86_400
DEFAULT_MAX_ANSWER_BYTES = 16 * 2**20
IDEMPOTENCY_KEY = re.compile("[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True)
class LogEntry:
    """One try of a request, for the `log` hook; codes in `path` are masked.

    `pause` is the number of seconds until the next try, or None if this was the last.

    >>> entries = []
    >>> with Coupons(query_url, None, log=entries.append) as client:
    ...     client.health().status
    'healthy'
    >>> [(entry.method, entry.path, entry.status) for entry in entries]
    [('GET', '/health', 200)]
    """

    method: str
    path: str
    attempt: int
    seconds: float
    status: int | None
    request_id: str
    error: CouponsError | None
    pause: float | None


LogHook = Callable[[LogEntry], object]


class ClientOptions(TypedDict, total=False):
    """The options of every client.

    `timeout` is the number of seconds that one try of a request may take, from
    connecting to the end of the answer; if a file is sent or received, that each part
    of it may take. `max_retries` is the number of tries after the first.
    `max_answer_bytes` limits an answer, uncompressed, and each row of a file, but not a
    file. `log` is called after each try.
    """

    timeout: float
    max_retries: int
    max_answer_bytes: int
    log: LogHook | None


class RequestOptions(ClientOptions, total=False):
    """What `with_options` changes."""

    idempotency_key: str | None


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where requests are sent, and how."""

    base_url: str
    credential: Credential | None = field(repr=False)
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    max_retries: int = DEFAULT_RETRIES
    max_answer_bytes: int = DEFAULT_MAX_ANSWER_BYTES
    idempotency_key: str | None = None
    log: LogHook | None = None

    def __post_init__(self) -> None:
        # Programs without types may pass anything.
        is_number = isinstance(self.timeout, (int, float))
        if not (is_number and 0 < self.timeout <= MAX_TIMEOUT_SECONDS):
            expected = f"seconds, more than 0 and up to {MAX_TIMEOUT_SECONDS}"
            raise _describe("timeout", self.timeout, expected)
        for name, least in ("max_retries", 0), ("max_answer_bytes", 1):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise _describe(name, value, f"a whole number, {least} or more")
        key = self.idempotency_key
        if key is not None and not IDEMPOTENCY_KEY.fullmatch(str(key)):
            expected = "1 to 255 letters, digits, _ or -"
            raise _describe("idempotency_key", key, expected)
        credential = self.credential
        is_usable = hasattr(credential, "build_headers")
        if isinstance(credential, type) or not (credential is None or is_usable):
            raise ConfigurationError(
                "The credential cannot be used: expected Hmac(…), TenantToken(…) or "
                "ApiKey(…)."
            )


def _describe(name: str, value: object, expected: str) -> ConfigurationError:
    return ConfigurationError(f"Invalid {name} {value!r}: expected {expected}.")


def check_base_url(text: str) -> str:
    """Return the URL of a gateway without the slash at its end.

    Raises:
        ConfigurationError: It is not one, or it contains a credential. The text is not
            repeated, because errors are logged.
    """
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, TypeError):  # its text repeats the URL
        message = f"base_url is not a valid URL: {EXPECTED_URL}"
        raise ConfigurationError(message) from None
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(
            "base_url contains a user, a query or a fragment. Pass credentials as "
            "ApiKey, Hmac or TenantToken, never in a URL, because URLs are logged."
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(f"Invalid base_url: {EXPECTED_URL}")
    return str(url).rstrip("/")
