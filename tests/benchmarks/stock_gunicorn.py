"""gunicorn of the yardsticks: its own threaded worker and parser, always."""

import os

worker_class = "gthread"
http_parser = "python"
workers = int(os.environ["COUPON_GATEWAY_WORKERS"])
threads = 8
keepalive = 15
loglevel = "warning"
control_socket_disable = True
