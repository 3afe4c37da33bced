"""The release of the installed distribution."""

from importlib.metadata import version

RELEASE = version("couponctl")
