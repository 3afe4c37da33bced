"""The process of which `forked_programs` makes forks."""

from __future__ import annotations

import gc
import json
import os
import resource
import runpy
import select
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import NoReturn

import coupons_sdk
import query_gateway
from admin_gateway import cli, console, routes
from tests.support.forked_programs import COUPONCTL

MAX_CALL_BYTES = 200_000
FILE_COUNT = 3  # standard input, output and error
IMPORTED = (
    *("coupon_core.gateway", "coupon_core.web.gunicorn_worker", "workers.__main__"),
    *("gunicorn.app.wsgiapp", "tests.chaos.mutant_gateways"),
)
# These read variables when they are imported.
READERS_OF_VARIABLES = {"coupon_core.gunicorn_conf", "prometheus_client"}


def serve(listener: socket.socket) -> None:
    """Fork for each call, until standard input ends."""
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        caller, _ = listener.accept()
        with caller:
            if os.fork() == 0:
                listener.close()
                answer(caller)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def answer(caller: socket.socket) -> None:
    """Run a program in a process that ends as every program does; send its status."""
    call, files, _, _ = socket.recv_fds(caller, MAX_CALL_BYTES, FILE_COUNT)
    if child := os.fork():
        for file in files:
            os.close(file)
        with suppress(BrokenPipeError):
            caller.send(str(child).encode())
            _, status = os.waitpid(child, 0)
            caller.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    caller.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # The objects of before still think that they write to the files of before.
    sys.stdin, sys.stdout, sys.stderr = map(open, range(FILE_COUNT), "rww")
    sys.stderr.reconfigure(line_buffering=True, errors="backslashreplace")
    name, arguments, environment, directory, limit = json.loads(call)
    sys.argv[1:] = arguments
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    if name == COUPONCTL:
        run_couponctl()
    os.setsid()
    runpy.run_module(name, run_name="__main__", alter_sys=True)
    sys.exit()


def run_couponctl() -> NoReturn:
    """Run a command, and end without clearing memory, which would take as long."""
    try:
        cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    sys.stdout.flush()
    os._exit(status)


def import_programs() -> None:
    """Import what programs import when they are started or called."""
    for package in cli, console, routes, query_gateway, coupons_sdk:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    for name in IMPORTED:
        import_module(name)
    del sys.modules["workers.__main__"]  # each program runs the module itself
    assert not READERS_OF_VARIABLES.intersection(sys.modules)


if __name__ == "__main__":
    import_programs()
    gc.freeze()  # so that no fork copies pages in order to collect garbage
    serve(socket.socket(fileno=int(sys.argv[1])))
