"""gunicorn's options, for use without `couponctl serve`.

From a checkout, for example:
gunicorn --config deploy/gunicorn.conf.py --bind :8001 'admin_gateway:create_app()'
"""

from coupon_core.gunicorn_conf import *  # noqa: F403 - gunicorn reads all names here
