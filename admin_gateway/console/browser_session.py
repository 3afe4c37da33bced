"""What the console stores in the browser: cookies for session, forms and notices.

The session itself is on the server; its cookie is a random token. Before the sign-in,
another random token protects forms against other sites (CSRF), and what the answer of a
provider must match is signed.
"""

import secrets
from typing import Any, cast

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from admin_gateway.console.paths import PREFIX, is_console_path
from coupon_core.security.encryption import fingerprint
from coupon_core.services.operators.sessions import Device

CSRF_KEY = "csrf_token"  # where Flask-WTF looks for what a form's token must match
FLASHES_KEY = "_flashes"  # where Flask collects notices
SESSION_COOKIE, FORM_COOKIE, NOTICE_COOKIE = "coupons", "coupons-form", "coupons-notice"
SECURE_PREFIX = "__Secure-"
PROVIDER_COOKIE = "coupons-provider"
FORM_SECONDS, NOTICE_SECONDS, PROVIDER_SECONDS = 3_600, 60, 600
TOKEN_BYTES = 32


class BrowserSession(dict[str, Any], SessionMixin):
    """The session of a request; `token` is that of the operator's session, or "".

    A view that signs in sets `token`; one that signs out sets it to "". A view that
    leads to the provider sets `pending_sign_in`.
    """

    def __init__(
        self,
        token: str,
        form_token: str,
        notices: list[tuple[str, str]],
        pending_sign_in: dict[str, str] | None,
    ) -> None:
        self.token = self.received_token = token
        self.received_form_token = form_token
        self.form_token = form_token or secrets.token_urlsafe(TOKEN_BYTES)
        self.received_notices = notices
        self.pending_sign_in = self.received_pending = pending_sign_in
        super().__init__({CSRF_KEY: fingerprint(token or self.form_token)})
        if notices:
            self[FLASHES_KEY] = [*notices]


def get_browser_session() -> BrowserSession:
    """Return the session of the current request to the console."""
    return cast(BrowserSession, session)


def read_device() -> Device:
    """Return the browser that sent the request."""
    return Device(request.remote_addr or "", request.user_agent.string)


class ConsoleSessionInterface(SessionInterface):
    """Gives requests below /console a session, and others none."""

    def __init__(self, secret_key: str, is_secure: bool) -> None:
        self._notices = URLSafeSerializer(secret_key, salt="notices")
        self._pending = URLSafeTimedSerializer(secret_key, salt="provider")
        self._is_secure = is_secure

    def open_session(self, app: Flask, request: Request) -> BrowserSession | None:
        """Return the session of a request to the console."""
        if not is_console_path(request.path):
            return None
        cookies = request.cookies
        return BrowserSession(
            cookies.get(self._name(SESSION_COOKIE), ""),
            cookies.get(self._name(FORM_COOKIE), ""),
            self._read_notices(cookies.get(self._name(NOTICE_COOKIE), "")),
            self._read_pending(cookies.get(self._name(PROVIDER_COOKIE), "")),
        )

    def save_session(
        self, app: Flask, session: SessionMixin, response: Response
    ) -> None:
        """Set or delete the cookies that have changed."""
        if not isinstance(session, BrowserSession):
            return
        if session.token != session.received_token:
            self._set(response, SESSION_COOKIE, session.token)
            self._set(response, FORM_COOKIE, "")
        elif CSRF_KEY in g and not session.token and not session.received_form_token:
            self._set(response, FORM_COOKIE, session.form_token, FORM_SECONDS)
        notices = session.get(FLASHES_KEY, [])
        if notices != session.received_notices:
            text = str(self._notices.dumps(notices)) if notices else ""
            self._set(response, NOTICE_COOKIE, text, NOTICE_SECONDS)
        if session.pending_sign_in is not session.received_pending:
            pending = session.pending_sign_in
            text = str(self._pending.dumps(pending)) if pending else ""
            self._set(response, PROVIDER_COOKIE, text, PROVIDER_SECONDS)

    def _set(
        self, response: Response, name: str, value: str, seconds: int | None = None
    ) -> None:
        """Set a cookie, or delete it if the value is empty."""
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds if value else 0,
            path=PREFIX,
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _name(self, name: str) -> str:
        return f"{SECURE_PREFIX}{name}" if self._is_secure else name

    def _read_notices(self, text: str) -> list[tuple[str, str]]:
        try:
            loaded = self._notices.loads(text)
        except BadData:
            return []
        return [(str(category), str(notice)) for category, notice in loaded]

    def _read_pending(self, text: str) -> dict[str, str] | None:
        try:
            loaded: dict[str, str] = self._pending.loads(text, max_age=PROVIDER_SECONDS)
        except BadData:
            return None
        return loaded
