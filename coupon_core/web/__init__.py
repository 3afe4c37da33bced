"""The Flask layer of both gateways: strict input, one error format, OpenAPI.

Nothing is imported here, so that workers can use `coupon_core.schemas` without Flask.
"""
