"""Settings of gunicorn for a gateway: `gunicorn -c python:coupon_core.gunicorn_conf`.

gunicorn reads the names below; `--bind` sets the address to listen on.
"""

import gc
import os
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.systemd import sd_notify

from coupon_core.observability import structured_logging, tracing
from coupon_core.settings.loader import load, warn_about_unknown_variables

_settings = load()  # not `config.load`: gunicorn has a setting of that name
structured_logging.configure(_settings.log_level, _settings.log_format)
warn_about_unknown_variables()

worker_class = "coupon_core.web.gunicorn_worker.HttpWorker"
http_parser = "python"  # of stock workers; by default it depends on the machine
workers = _settings.gateway_workers
threads = _settings.gateway_threads
worker_connections = 1_000
# Each worker creates the app and its connections after the fork, because open
# connections must not be shared.
preload_app = False
# Request bodies above 64 KiB wait here, in files without a name.
tmp_upload_dir = str(_settings.data_dir / "uploads")
# No proxy may set the path. FORWARDED_ALLOW_IPS names those that may set https.
forwarder_headers = ""

timeout = 30  # seconds without a heartbeat after which a worker is replaced
# A request is answered within five seconds, so this is enough after SIGTERM.
graceful_timeout = 10
keepalive = 15

# Longest: tenant, user and code, each character percent-encoded as four bytes.
limit_request_line = 4_094
limit_request_fields = 64
limit_request_field_size = 8_190

# `web.access_log` logs each request by its route; gunicorn would log the path.
accesslog = None
# Never debug, where gunicorn logs paths as well.
loglevel = "info" if _settings.log_level == "debug" else _settings.log_level
control_socket_disable = True


# In the environment of a service of systemd: where it says that it is ready.
NOTIFY_SOCKET = "NOTIFY_SOCKET"


def on_starting(server: Any) -> None:
    """Keep gunicorn's master from saying that it is ready before a worker is."""
    server.notify_socket = os.environ.pop(NOTIFY_SOCKET, "")


def post_fork(server: Any, worker: Any) -> None:
    """Begin to store attempts every few seconds; threads do not survive a fork."""
    if server.notify_socket:
        os.environ[NOTIFY_SOCKET] = server.notify_socket
    # Not needed in the master, which stays small.
    from coupon_core.services.insight.attempt_flush import FlushThread
    from coupon_core.services.process_announcement import AnnouncementThread

    worker.flush_thread = FlushThread()
    worker.flush_thread.start()
    worker.announcement_thread = AnnouncementThread("gateway")


def post_worker_init(worker: Any) -> None:
    """Announce the process, now that the application has been created.

    What waits in the listening socket is answered from now on, so it is ready.
    The objects of the application are left out of garbage collections: a full one went
    through 170,000 of them, which took 90 ms of one request.
    """
    worker.announcement_thread.start()
    gc.collect()
    gc.freeze()
    sd_notify("READY=1", worker.log)


def worker_exit(_server: Any, worker: Any) -> None:
    """Store the attempts of the last seconds, once all requests are answered."""
    worker.flush_thread.stop()
    worker.announcement_thread.stop()
    tracing.stop()


class logger_class(Logger):  # noqa: N801 - the name of the gunicorn setting
    """Sends gunicorn's lines to our log, which removes quotations of requests."""

    def setup(self, cfg: Any) -> None:
        """Remove gunicorn's handler: the root logger has ours."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
