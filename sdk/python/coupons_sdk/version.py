"""The version of the SDK."""

__version__ = "0.1.0"
USER_AGENT = f"coupons-sdk-python/{__version__}"
