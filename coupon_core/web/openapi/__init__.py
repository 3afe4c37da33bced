"""The OpenAPI document: what apispec collects, and what all routes share."""
