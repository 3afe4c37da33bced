"""A small OpenID Connect provider: a real HTTP server that signs real ID tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "coupons", "client secret of at least thirty-two bytes"


@cache
def generate_key(name: str) -> rsa.RSAPrivateKey:
    """Return the key of a name, which is generated once in a test run."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass
class OpenIdProvider:
    """A provider at which one account is signed in; its faults can be set.

    `claims` replace those of ID tokens; a claim that is None is left out.
    """

    server: ThreadingHTTPServer
    host: str = "127.0.0.1"
    subject: str = "account-1"
    email: str = "ann@example.com"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key_name: str = "published"
    status: int = 200  # of the token endpoint
    grants: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Return the issuer, which is the URL of the server."""
        return f"http://{self.host}:{self.server.server_address[1]}"

    def authorize(self, url: str) -> str:
        """Sign in at the URL to which the gateway has led; return the callback URL."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.issuer}/authorize?"), url
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.grants[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return f"{asked['redirect_uri']}?{answer}"

    def describe(self) -> dict[str, Any]:
        """Return the metadata of the provider."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
            **self.metadata,
        }

    def list_keys(self) -> dict[str, Any]:
        """Return the published key."""
        public = generate_key("published").public_key()
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
        return {"keys": [{**key, "kid": "1", "use": "sig"}]}

    def exchange(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """Return the tokens for a code, which works once, with its verifier."""
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        grant = self.grants.pop(form["code"], None)
        if basic != f"{CLIENT_ID}:{CLIENT_SECRET}" or grant is None:
            return {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        is_same = grant["code_challenge"] == challenge
        if not is_same or form["redirect_uri"] != grant["redirect_uri"]:
            return {"error": "invalid_grant"}
        token = self.sign(grant["nonce"])
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}

    def sign(self, nonce: str) -> str:
        """Return an ID token for the account."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        keys = {"none": None, "HS256": CLIENT_SECRET}
        key = keys.get(self.algorithm, generate_key(self.key_name))
        return jwt.encode(present, key, self.algorithm, headers={"kid": "1"})


class ProviderHandler(BaseHTTPRequestHandler):
    """Answers for the provider of its server."""

    provider: OpenIdProvider

    def do_GET(self) -> None:
        """Send metadata, keys or what is known about the account; or sign in."""
        if self.path.startswith("/authorize?"):
            self.send_response(302)
            url = self.provider.issuer + self.path
            self.send_header("Location", self.provider.authorize(url))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        documents = {
            "/.well-known/openid-configuration": self.provider.describe,
            "/keys": self.provider.list_keys,
            "/userinfo": lambda: self.provider.userinfo,
        }
        self.respond(200, documents[self.path]())

    def do_POST(self) -> None:
        """Exchange a code."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body))
        tokens = self.provider.exchange(form, self.headers["Authorization"])
        self.respond(400 if "error" in tokens else self.provider.status, tokens)

    def respond(self, status: int, document: object) -> None:
        """Send a JSON document."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def running_provider() -> Iterator[OpenIdProvider]:
    """Run a provider on this machine."""
    handler = type("Handler", (ProviderHandler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider = handler.provider = OpenIdProvider(server)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
