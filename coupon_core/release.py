"""The release of the installed distribution."""

from importlib.metadata import version

from coupon_core import DISTRIBUTION

RELEASE = version(DISTRIBUTION)
