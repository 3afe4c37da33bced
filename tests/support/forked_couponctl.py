"""Run `couponctl` in forks of one process that has imported the program already.

Imports take most of the time of a short command. For a shell script with a hundred of
them, `forked_couponctl` creates a `couponctl` that passes its arguments, variables,
directory and files to that process, which forks for each call.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import query_gateway
from admin_gateway import cli, routes

MAX_CALL_BYTES = 200_000
FILE_COUNT = 3  # standard input, output and error
# Without site packages, so that it starts within milliseconds.
CLIENT = """#!{python} -ISB
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({address!r})
call = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(server, [call], [0, 1, 2])
sys.exit(int(server.recv(4) or b"70"))
"""


@contextmanager
def forked_couponctl(directory: Path) -> Iterator[Path]:
    """Yield an empty directory's `couponctl`, which works while the block runs."""
    address, program = str(directory / "socket"), directory / "couponctl"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno())],
            pass_fds=[listener.fileno()],
        )
    program.write_text(CLIENT.format(python=sys.executable, address=address))
    program.chmod(0o755)
    try:
        yield program
    finally:
        server.terminate()
        server.wait()


def serve(listener: socket.socket) -> None:
    """Fork for each call, until a signal ends this process."""
    while True:
        caller, _ = listener.accept()
        with caller:
            if os.fork() == 0:
                listener.close()
                answer(caller)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def answer(caller: socket.socket) -> None:
    """Run the command in a process that ends as every program does; send its status."""
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        caller.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    call, files, _, _ = socket.recv_fds(caller, MAX_CALL_BYTES, FILE_COUNT)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # The objects of before still think that they write to the files of before.
    sys.stdin, sys.stdout, sys.stderr = map(open, range(FILE_COUNT), "rww")
    sys.argv[1:], environment, directory = json.loads(call)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.exit(cli.main())


def import_programs() -> None:
    """Import what commands import when they are called."""
    for package in cli, routes, query_gateway:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)


if __name__ == "__main__":
    import_programs()
    gc.freeze()  # so that no fork copies pages in order to collect garbage
    serve(socket.socket(fileno=int(sys.argv[1])))
