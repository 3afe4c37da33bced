"""Random byte streams of HTTP requests, ordinary ones and doubtful ones, by kind."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from random import Random

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~09AZaz"
TARGETS = ("/", "/v1/x", "/a?b=c", "/%41%2f", "*", "http://x/x?y", "//x", "/a;b", "/~")
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "PROPFIND")


@dataclass(frozen=True)
class GeneratedRequest:
    """The bytes of one request, and what kind of request it is."""

    kind: str
    data: bytes


def generate_stream(random: Random) -> list[GeneratedRequest]:
    """Return one to four requests that follow each other; most are ordinary."""
    return [
        generate_request(random, choose_kind(random))
        for _ in range(random.randint(1, 4))
    ]


def choose_kind(random: Random) -> str:
    if random.random() < 0.6:
        return random.choice(("no body", "length", "chunked", "upgrade", "http/1.0"))
    return random.choice(ALL_KINDS)


def split_randomly(random: Random, data: bytes) -> list[bytes]:
    """Cut bytes into pieces; sometimes byte by byte, sometimes not at all."""
    if random.random() < 0.1:
        return [data[at : at + 1] for at in range(len(data))]
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(0, 5)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


def mutate(random: Random, data: bytes) -> bytes:
    """Change, drop or insert a few bytes anywhere."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(changed))
        byte = random.choice((random.randrange(256), *b"\r\n :;,0123aA\t\x00\x0b"))
        action = random.randrange(3)
        if action == 0:
            changed[at] = byte
        elif action == 1:
            changed.insert(at, byte)
        elif len(changed) > 1:
            del changed[at]
    return bytes(changed)


def generate_body(random: Random) -> bytes:
    size = random.choice((0, 1, 2, 10, 17, 300, 5_000))
    filler = random.choice(
        (b"x", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"0\r\n\r\n")
    )
    return (filler * (size // len(filler) + 1))[:size]


def encode_chunks(random: Random, body: bytes, trailer: bytes = b"") -> bytes:
    parts, at = [], 0
    while at < len(body):
        size = min(len(body) - at, random.choice((1, 7, 100, 4_096)))
        digits = random.choice((b"%x", b"%X", b"%04x")) % size
        extension = random.choice((b"", b"", b";a=b", b';a="b"', b";a"))
        parts.append(b"%b%b\r\n%b\r\n" % (digits, extension, body[at : at + size]))
        at += size
    return b"".join(parts) + b"0\r\n" + trailer + b"\r\n"


def build_head(
    random: Random,
    *lines: bytes,
    method: str = "",
    target: str = "",
    version: bytes = b"HTTP/1.1",
) -> bytes:
    chosen = (method or random.choice(METHODS)).encode()
    first = b"%b %b %b" % (chosen, (target or random.choice(TARGETS)).encode(), version)
    extra = [
        b"X-A: b",
        b"x-a:c",
        b"X-Empty:",
        b"Accept:  */* \t",
        b"X-\xc3: y"[:3] + b"B: \xc3\xa9",
    ]
    others = random.sample(extra[:4], random.randint(0, 3))
    if random.random() < 0.2:
        others.append(
            b"Connection: " + random.choice((b"keep-alive", b"close", b"x, Close"))
        )
    every = [*lines, *others]
    random.shuffle(every)
    return b"\r\n".join([first, *every, b"", b""])


def generate_request(random: Random, kind: str) -> GeneratedRequest:
    """Return a request of a kind."""
    body = generate_body(random)
    host = b"Host: x"
    length = b"Content-Length: %d" % len(body)
    chunked = random.choice(
        (b"Transfer-Encoding: chunked", b"transfer-encoding:Chunked")
    )
    chunks = encode_chunks(random, body)

    def head(*lines: bytes, **options: str | bytes) -> bytes:
        return build_head(random, *lines, **options)  # type: ignore[arg-type]

    upgrade = b"Connection: upgrade", b"Upgrade: websocket"
    data = {
        "no body": lambda: head(host),
        "length": lambda: head(host, length) + body,
        "chunked": lambda: head(host, chunked) + chunks,
        "trailers": lambda: (
            head(host, chunked)
            + encode_chunks(random, body, b"X-T: u\r\nHost: y\r\nExpect: z\r\n")
        ),
        "trailers with a length": lambda: (
            head(host, chunked) + encode_chunks(random, body, b"Content-Length: 9\r\n")
        ),
        "upgrade": lambda: head(host, *upgrade),
        "upgrade, length": lambda: head(host, *upgrade, length) + body,
        "upgrade, chunked": lambda: head(host, *upgrade, chunked) + chunks,
        "http/1.0": lambda: head(length, version=b"HTTP/1.0") + body,
        "leading CRLF": lambda: b"\r\n" * random.randint(1, 3) + head(host),
        "CONNECT": lambda: head(host, method="CONNECT"),
        "unknown method": lambda: head(
            host,
            method=random.choice(("GETS", "FOO", "GE")),
        ),
        "lower case method": lambda: head(host, method="get"),
        "icecast": lambda: head(host, method="SOURCE", version=b"ICE/1.0"),
        "rtsp": lambda: head(host, version=b"RTSP/1.0", method="GET"),
        "two blanks": lambda: head(host).replace(b" ", b"  ", 1),
        "no version": lambda: b"GET /\r\n" + host + b"\r\n\r\n",
        "http/1.2": lambda: head(host, version=b"HTTP/1.2"),
        "http/2.0": lambda: head(host, version=b"HTTP/2.0"),
        "http/0.9": lambda: head(host, version=b"HTTP/0.9"),
        "bare LF": lambda: head(host).replace(b"\r\n", b"\n"),
        "one bare LF": lambda: head(host).replace(b"\r\n", b"\n", 1),
        "bare LF after a chunk size": lambda: (
            head(host, chunked) + b"1\nx\r\n0\r\n\r\n"
        ),
        "folded header": lambda: head(host, b"X-F: a\r\n b"),
        "folded host": lambda: head(b"Host:\r\n x"),
        "no host": lambda: head(),
        "two hosts": lambda: head(host, b"Host: y"),
        "two equal hosts": lambda: head(host, host),
        "host that is none": lambda: head(b"Host: a/../b@c"),
        "list of hosts": lambda: head(b"Host: a, b"),
        "host with a port": lambda: head(b"Host: [::1]:8002", target="/a"),
        "absolute target": lambda: head(host, target="http://X/a"),
        "absolute target, other host": lambda: head(host, target="http://y/a"),
        "absolute target, other scheme": lambda: head(host, target="ftp://x/a"),
        "no host in http/1.0": lambda: head(version=b"HTTP/1.0"),
        "two hosts in http/1.0": lambda: head(host, host, version=b"HTTP/1.0"),
        "chunked in http/1.0": lambda: (
            head(host, chunked, version=b"HTTP/1.0") + chunks
        ),
        "both lengths": lambda: head(host, length, chunked) + chunks,
        "two equal lengths": lambda: head(host, length, length) + body,
        "list of equal lengths": lambda: (
            head(host, b"Content-Length: %d, %d" % (len(body), len(body))) + body
        ),
        "two lengths": lambda: (
            head(host, length, b"Content-Length: %d" % (len(body) + 1)) + body
        ),
        "signed length": lambda: head(host, b"Content-Length: +%d" % len(body)) + body,
        "negative length": lambda: head(host, b"Content-Length: -1") + body,
        "length of 19 digits": lambda: (
            head(host, b"Content-Length: %019d" % len(body)) + body
        ),
        "length with leading zeros": lambda: (
            head(host, b"Content-Length: %05d" % len(body)) + body
        ),
        "hexadecimal length": lambda: head(host, b"Content-Length: 0x1") + b"x",
        "empty length": lambda: head(host, b"Content-Length:"),
        "gzip, chunked": lambda: (
            head(host, b"Transfer-Encoding: gzip, chunked") + chunks
        ),
        "identity and chunked": lambda: (
            head(host, b"Transfer-Encoding: identity", chunked) + chunks
        ),
        "chunked twice": lambda: head(host, chunked, chunked) + chunks,
        "identity": lambda: head(host, b"Transfer-Encoding: identity"),
        "chunked behind a tab": lambda: (
            head(host, b"Transfer-Encoding:\x0bchunked") + chunks
        ),
        "quoted chunked": lambda: head(host, b'Transfer-Encoding: "chunked"') + chunks,
        "bad chunk size": lambda: head(host, chunked) + b"zz\r\n\r\n0\r\n\r\n",
        "signed chunk size": lambda: head(host, chunked) + b"+1\r\nx\r\n0\r\n\r\n",
        "blank after a chunk size": lambda: (
            head(host, chunked) + b"1 \r\nx\r\n0\r\n\r\n"
        ),
        "long chunk size": lambda: head(host, chunked) + b"%025x\r\nx\r\n0\r\n\r\n" % 1,
        "huge chunk size": lambda: head(host, chunked) + b"f" * 30 + b"\r\nx",
        "chunk longer than announced": lambda: (
            head(host, chunked) + b"1\r\nxy\r\n0\r\n\r\n"
        ),
        "blank before the colon": lambda: head(host, b"X-B : c"),
        "control character": lambda: head(host, b"X-C: a\x01b"),
        "NUL": lambda: head(host, b"X-N: a\x00b"),
        "bare CR": lambda: head(host, b"X-R: a\rb"),
        "no name": lambda: head(host, b": b"),
        "no colon": lambda: head(host, b"X-A"),
        "name with a blank": lambda: head(host, b"X A: b"),
        "name beyond ASCII": lambda: head(host, b"X-\xc3\xa9: b"),
        "value beyond ASCII": lambda: head(host, b"X-V: \xc3\xa9"),
        "target beyond ASCII": lambda: head(host).replace(b" /", b" /\xc3\xa9", 1),
        "target with a fragment": lambda: b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
        "target that is no path": lambda: b"GET abc HTTP/1.1\r\nHost: x\r\n\r\n",
        "name with an underscore": lambda: head(host, b"Content_Length: 5"),
        "two content types": lambda: head(
            host, b"Content-Type: a/b", b"Content-Type: c/d"
        ),
        "expectation": lambda: head(host, length, b"Expect: 100-continue") + body,
        "other expectation": lambda: head(host, length, b"Expect: a teapot") + body,
        "close and keep-alive": lambda: head(host, b"Connection: close, keep-alive"),
        "pipelined after close": lambda: (
            head(host, b"Connection: close") + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        ),
        "incomplete": lambda: head(host, length + b"9") + body,
    }
    return GeneratedRequest(kind, data[kind]())


ALL_KINDS = (
    "no body",
    "length",
    "chunked",
    "trailers",
    "trailers with a length",
    "upgrade",
    "upgrade, length",
    "upgrade, chunked",
    "http/1.0",
    "leading CRLF",
    "CONNECT",
    "unknown method",
    "lower case method",
    "icecast",
    "rtsp",
    "two blanks",
    "no version",
    "http/1.2",
    "http/2.0",
    "http/0.9",
    "bare LF",
    "one bare LF",
    "bare LF after a chunk size",
    "folded header",
    "folded host",
    "no host",
    "two hosts",
    "host that is none",
    "list of hosts",
    "host with a port",
    "absolute target",
    "absolute target, other host",
    "absolute target, other scheme",
    "two equal hosts",
    "no host in http/1.0",
    "two hosts in http/1.0",
    "chunked in http/1.0",
    "both lengths",
    "two equal lengths",
    "list of equal lengths",
    "two lengths",
    "signed length",
    "negative length",
    "length of 19 digits",
    "length with leading zeros",
    "hexadecimal length",
    "empty length",
    "gzip, chunked",
    "identity and chunked",
    "chunked twice",
    "identity",
    "chunked behind a tab",
    "quoted chunked",
    "bad chunk size",
    "signed chunk size",
    "blank after a chunk size",
    "long chunk size",
    "huge chunk size",
    "chunk longer than announced",
    "blank before the colon",
    "control character",
    "NUL",
    "bare CR",
    "no name",
    "no colon",
    "name with a blank",
    "name beyond ASCII",
    "value beyond ASCII",
    "target beyond ASCII",
    "target with a fragment",
    "target that is no path",
    "name with an underscore",
    "two content types",
    "expectation",
    "other expectation",
    "close and keep-alive",
    "pipelined after close",
    "incomplete",
)
