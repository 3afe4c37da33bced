"""The Python SDK of the coupon gateways.

Coupons validates, redeems and reserves codes; CouponsAdmin defines, generates and
reports. AsyncCoupons and AsyncCouponsAdmin have the same methods, to be awaited.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coupons_sdk.admin.client import AsyncCouponsAdmin, CouponsAdmin
    from coupons_sdk.credentials import ApiKey, Hmac, TenantToken, mint_token
    from coupons_sdk.documents import Document
    from coupons_sdk.errors import (
        AnswerTooLarge,
        ApiError,
        AuthenticationError,
        ConfigurationError,
        Conflict,
        ConnectionFailed,
        ConnectionTimeout,
        CouponRefused,
        CouponsError,
        InvalidRequest,
        InvalidSignature,
        NotFound,
        PermissionDenied,
        RateLimited,
        ServerError,
        UnexpectedAnswer,
        WaitTimeout,
    )
    from coupons_sdk.models.coupons import Coupon, Reservation, Validation
    from coupons_sdk.options import LogEntry
    from coupons_sdk.pages import Page
    from coupons_sdk.query import AsyncCoupons, Coupons
    from coupons_sdk.requests import OMIT
    from coupons_sdk.version import __version__
    from coupons_sdk.webhooks import WebhookMessage, verify_webhook

# Imported on first use, because httpx2 takes longer to import than a command line has.
_MODULES = {
    "admin.client": "AsyncCouponsAdmin CouponsAdmin",
    "credentials": "ApiKey Hmac TenantToken mint_token",
    "documents": "Document",
    "errors": "AnswerTooLarge ApiError AuthenticationError ConfigurationError Conflict "
    "ConnectionFailed ConnectionTimeout CouponRefused CouponsError InvalidRequest "
    "InvalidSignature NotFound PermissionDenied RateLimited ServerError "
    "UnexpectedAnswer WaitTimeout",
    "models.coupons": "Coupon Reservation Validation",
    "options": "LogEntry",
    "pages": "Page",
    "query": "AsyncCoupons Coupons",
    "requests": "OMIT",
    "version": "__version__",
    "webhooks": "WebhookMessage verify_webhook",
}
_MODULE_OF = {name: key for key, names in _MODULES.items() for name in names.split()}

__all__ = [
    "OMIT",
    "AnswerTooLarge",
    "ApiError",
    "ApiKey",
    "AsyncCoupons",
    "AsyncCouponsAdmin",
    "AuthenticationError",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "ConnectionTimeout",
    "Coupon",
    "CouponRefused",
    "Coupons",
    "CouponsAdmin",
    "CouponsError",
    "Document",
    "Hmac",
    "InvalidRequest",
    "InvalidSignature",
    "LogEntry",
    "NotFound",
    "Page",
    "PermissionDenied",
    "RateLimited",
    "Reservation",
    "ServerError",
    "TenantToken",
    "UnexpectedAnswer",
    "Validation",
    "WaitTimeout",
    "WebhookMessage",
    "__version__",
    "mint_token",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    """Import what is used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'coupons_sdk' has no attribute {name!r}")
    return getattr(import_module(f"coupons_sdk.{_MODULE_OF[name]}"), name)
