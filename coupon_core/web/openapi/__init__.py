"""The OpenAPI document: what apispec collects, completed with what all routes share."""

from coupon_core.web.openapi.document import (
    DocumentParts,
    complete_spec,
    iterate_operations,
)

__all__ = ["DocumentParts", "complete_spec", "iterate_operations"]
