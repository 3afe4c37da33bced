"""Checks of single settings that environs cannot express itself."""

from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from environs import ValidationError, validate

from coupon_core.domain.url_credentials import (
    ENCODING_ADVICE,
    has_ambiguous_credentials,
    has_invalid_credentials,
    split_alternates,
)
from coupon_core.messaging import sentinel
from coupon_core.messaging.topology import (
    UnsupportedBroker,
    parse_broker_kind,
)
from coupon_core.persistence.database_url import require_valid_url
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    InvalidRateLimit,
    parse_rate_limit,
)

TRACES_DISTRIBUTION = "opentelemetry-exporter-otlp-proto-http"
COUNTER_URL_PREFIXES = (
    *("redis://", "rediss://", "sentinel://", "unix://"),
    IN_MEMORY_URL,
)
MAX_PORT = 65_535
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
EXPECTED_RANGE = "expected an integer of {min} to {max}"
PORT_RANGE = validate.Range(1, MAX_PORT, error=EXPECTED_RANGE)
# The query gateway and the workers use the two ports that follow.
METRICS_PORT_RANGE = validate.Range(0, MAX_PORT - 2, error=EXPECTED_RANGE)
COUNT_RANGE = validate.Range(1, 1_000, error=EXPECTED_RANGE)
KEY_COUNT_RANGE = validate.Range(0, 1_000_000, error=EXPECTED_RANGE)
VISIBILITY_RANGE = validate.Range(1, 3_600, error=EXPECTED_RANGE)


def _require_clear_credentials(url: str) -> None:
    if any(map(has_ambiguous_credentials, split_alternates(url))):
        raise ValidationError(ENCODING_ADVICE)


def _require_valid_sentinels(url: str) -> None:
    if sentinel.is_sentinel_url(url):
        sentinel.parse_sentinel_url(url)


def validate_broker_url(url: str) -> None:
    """Refuse a broker that would lose messages; "" selects the embedded broker."""
    if not url:
        return
    _require_clear_credentials(url)
    try:
        parse_broker_kind(url)
        _require_valid_sentinels(url)
    except UnsupportedBroker as error:
        raise ValidationError(str(error)) from error


def validate_directory(path: Path) -> None:
    """Refuse a path that cannot be a directory, because a part of it is a file."""
    existing = next(part for part in (path, *path.parents) if part.exists())
    if not existing.is_dir():
        raise ValidationError(f"{existing} is not a directory")


def validate_report_database_url(url: str) -> None:
    """Refuse what is no PostgreSQL; "" means that reports read the main database."""
    validate_database_url(url)
    if url.startswith("sqlite:"):
        raise ValidationError("expected a replica at postgresql://…")


def validate_database_url(url: str) -> None:
    """Refuse a database that is not supported; "" selects the SQLite file.

    Also refuse a URL whose password an error of the driver would quote.
    """
    if not url.startswith("sqlite:") and has_invalid_credentials(url):
        raise ValidationError(ENCODING_ADVICE)
    try:
        if url:
            require_valid_url(url)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def validate_redis_url(url: str) -> None:
    """Refuse a URL that is neither Redis nor `memory://`; "" follows the broker."""
    _require_clear_credentials(url)
    if url and not url.startswith(COUNTER_URL_PREFIXES):
        prefixes = ", ".join(COUNTER_URL_PREFIXES)
        raise ValidationError(f"expected a URL that begins with one of {prefixes}")
    try:
        _require_valid_sentinels(url)
    except UnsupportedBroker as error:
        raise ValidationError(str(error)) from error


def validate_rate_limit(text: str) -> None:
    """Refuse a text that is not a rate limit; "" means no limit."""
    try:
        parse_rate_limit("", text)
    except InvalidRateLimit as error:
        raise ValidationError(str(error)) from error


def validate_public_url(url: str) -> None:
    """Refuse what is not the URL of a service; "" means that it is not set."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_more = parts.query or parts.fragment or parts.username or parts.port == 0
    except ValueError:  # an invalid port or IPv6 address
        is_valid, has_more = False, ""
    if not is_valid or has_more:
        raise ValidationError(
            "expected a URL such as https://coupons.example, without user and query"
        )


def validate_traces_url(url: str) -> None:
    """Refuse what is not a URL, and any URL if the extra `otel` is not installed."""
    validate_public_url(url)
    try:
        if url:
            version(TRACES_DISTRIBUTION)
    except PackageNotFoundError:
        raise ValidationError(
            f'traces need "{TRACES_DISTRIBUTION}": install the extra "otel"'
        ) from None


def validate_issuer(url: str) -> None:
    """Refuse an issuer that is reached without TLS, except on this machine."""
    validate_public_url(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValidationError("expected a URL that begins with https://")


def validate_networks(networks: list[str]) -> None:
    """Refuse a list with an entry that is not an IP network."""
    for network in filter(None, networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ValidationError(
                f"expected networks such as 10.1.0.0/16: {error}"
            ) from error
