"""A gunicorn worker class whose threads never wait for a client.

All serving threads wait in one epoll. The thread that gets a readable connection reads
what is there, feeds one incremental parser, and either answers a complete request in
one write or lets the connection go. The main thread handles signals, reports to
gunicorn's master, ends connections whose deadline has passed, and drains at shutdown.
"""

import os
import select
from contextlib import suppress
from threading import Thread, get_ident
from time import monotonic
from typing import Any

from gunicorn.workers.base import Worker

from coupon_core.web.http_worker.acceptor import Acceptor
from coupon_core.web.http_worker.application import ApplicationRunner
from coupon_core.web.http_worker.body_spool import BodySpool
from coupon_core.web.http_worker.connection import IDLE, NEW, Connection
from coupon_core.web.http_worker.connection_table import ConnectionTable
from coupon_core.web.http_worker.limits import LINGER_SECONDS, Timeouts
from coupon_core.web.http_worker.memory import MemoryTrimmer
from coupon_core.web.http_worker.pollers import Poller, create_poller
from coupon_core.web.http_worker.server import ConnectionServer
from coupon_core.web.http_worker.start_checks import (
    check_settings,
    is_proxy_named,
    raise_descriptor_limit,
)
from coupon_core.web.http_worker.wsgi_environ import SchemePolicy

_TICK_SECONDS = 0.5
_SHORT_TICK_SECONDS = 0.1  # while accepting pauses, and while the worker drains
_INFINITE = float("inf")


class HttpWorker(Worker):
    """Serves HTTP/1.1 and 1.0 with `threads` threads on one epoll."""

    alive: bool
    _table: ConnectionTable
    _poller: Poller
    _acceptor: Acceptor
    _server: ConnectionServer

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """Refuse at start what this worker does not support."""
        check_settings(cfg)

    def init_process(self) -> None:
        """Check the settings again: a reload may have changed them."""
        check_settings(self.cfg)
        super().init_process()

    def stop_gracefully(self) -> None:
        """Stop accepting and drain; called by a serving thread."""
        self.alive = False
        with suppress(BlockingIOError):
            os.write(self.PIPE[1], b"x")  # wakes the main thread

    def run(self) -> None:
        """Serve until gunicorn stops this worker, then drain."""
        self._busy_since: dict[int, float] = {}
        self._is_serving = True
        self._set_up()
        threads = [
            Thread(target=self._serve_events, name=f"http-{number}", daemon=True)
            for number in range(self.cfg.threads)
        ]
        for thread in threads:
            thread.start()
        self._acceptor.start()
        while self.alive and self._is_parent_alive():
            self._tick(_SHORT_TICK_SECONDS if self._acceptor.is_paused else None)
            self._acceptor.resume()
        self.alive = False
        self._drain()
        self._is_serving = False
        self._poller.wake_all()
        for thread in threads:
            thread.join(_SHORT_TICK_SECONDS)

    def _set_up(self) -> None:
        # Here, after the fork: an epoll must not be shared between processes.
        cfg = self.cfg
        max_connections = raise_descriptor_limit(cfg.worker_connections)
        scheme_policy = SchemePolicy(cfg, is_proxy_named(cfg))
        self._poller = create_poller()
        self._table = ConnectionTable(max_connections)
        self._memory = MemoryTrimmer(self._table)
        self._acceptor = Acceptor(self, self._table, self._poller, scheme_policy)
        self._server = ConnectionServer(
            self._table,
            self._poller,
            runner=ApplicationRunner(self, scheme_policy),
            timeouts=Timeouts.from_config(cfg),
            spool=BodySpool(cfg.tmp_upload_dir),
        )

    # ------------------------------------------------------ serving threads

    def _serve_events(self) -> None:
        while self._is_serving:
            try:
                self._serve_event(self._poller.wait())
            except BaseException:  # an exception must not end a serving thread
                self._busy_since.pop(get_ident(), None)
                self.log.exception("Exception in a serving thread")

    def _serve_event(self, fd: int) -> None:
        connection = self._table.by_fd.get(fd)
        if connection is None:
            connection = self._acceptor.accept(fd)
            if connection is None:
                return
        elif not connection.take(False):
            connection.is_signalled = True
            if not connection.take(False):  # the owner will see the signal
                return
        self._serve_connection(connection)

    def _serve_connection(self, connection: Connection) -> None:
        me = get_ident()
        self._busy_since[me] = monotonic()
        try:
            self._server.serve(connection)
        except BaseException:
            self._table.close(connection)
            raise
        finally:
            self._busy_since.pop(me, None)

    def note_progress(self) -> None:
        """Keep the calling thread from counting as stuck: its long answer goes on."""
        self._busy_since[get_ident()] = monotonic()

    # ---------------------------------------------------------- main thread

    def _tick(self, seconds: float | None = None) -> None:
        """Wait for a signal, report to the master, end overdue connections."""
        with suppress(InterruptedError):
            if select.select([self.PIPE[0]], [], [], seconds or _TICK_SECONDS)[0]:
                self._drain_wakeup_pipe()
        if not self._are_all_threads_stuck():
            self.notify()
        self._sweep(_INFINITE)
        self._table.refresh_ranking()
        self._memory.check()

    def _drain_wakeup_pipe(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self.PIPE[0], 4_096):
                pass

    def _are_all_threads_stuck(self) -> bool:
        """Return True if every thread has been in one request for too long."""
        starts = list(self._busy_since.values())
        if not self.cfg.timeout or len(starts) < self.cfg.threads:
            return False
        return monotonic() - max(starts) > float(self.cfg.timeout)

    def _sweep(self, idle_deadline: float) -> None:
        """End connections whose deadline has passed, idle ones at `idle_deadline`."""
        now = monotonic()
        for connection in list(self._table.by_fd.values()):
            if not _is_overdue(connection, now, idle_deadline):
                continue
            if connection.take(False):
                if _is_overdue(connection, now, idle_deadline):
                    self._server.expire(connection)
                while self._server.rest(connection):
                    pass

    def _drain(self) -> None:
        """Finish started requests; idle connections linger for requests on the way."""
        for connection in self._acceptor.stop():
            self._serve_connection(connection)
        now = monotonic()
        idle_deadline, deadline = now + LINGER_SECONDS, now + self.cfg.graceful_timeout
        while self._table.by_fd and monotonic() < deadline:
            self._tick(_SHORT_TICK_SECONDS)
            self._sweep(idle_deadline)

    def _is_parent_alive(self) -> bool:
        if self.ppid == os.getppid():
            return True
        self.log.info("Parent changed, shutting down: %s", self)
        return False


def _is_overdue(connection: Connection, now: float, idle_deadline: float) -> bool:
    if connection.phase in (NEW, IDLE):
        return now >= min(connection.deadline, idle_deadline)
    return now >= connection.deadline
