"""One HTTP exchange over a fresh connection, counted to the byte: what every check before and after a round is made of.

1. A request like wrk's is written.
2. The head is read, then the body by Content-Length, by chunks or to the end of the connection.
3. `Answer.wire` is what came over the socket: the load's own count of bytes is held against it.
"""

import socket
from dataclasses import dataclass
from typing import BinaryIO, Mapping

TIMEOUT = 30.0
"""Seconds an answer may take."""


class Wrong(Exception):
    """A server did not answer as it must: the round is void."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    wire: int


def request_bytes(port: int, path: str, headers: Mapping[str, str]) -> bytes:
    """A GET as wrk writes it, but for Connection: close where asked."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def ask(port: int, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Asks a server on this machine and reads the whole answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.sendall(request_bytes(port, path, headers or {}))
            with connection.makefile("rb") as reader:
                return _read(reader)
    except OSError as fault:
        raise Wrong(f"GET {path}: {fault}") from fault


def expect(answer: Answer, status: int, length: int | None = None, body: bytes | None = None) -> Answer:
    """Passes the answer on where it is the wanted one."""
    if answer.status != status:
        raise Wrong(f"status {answer.status} instead of {status}")
    if length is not None and len(answer.body) != length:
        raise Wrong(f"a body of {len(answer.body)} bytes instead of {length}")
    if body is not None and answer.body != body:
        raise Wrong("the body is not the one expected")
    return answer


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers (names in lower case) of an answer's head."""
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[1].isdigit():
        raise Wrong(f"no HTTP answer but {first[:60]!r}")
    fields = (line.partition(":") for line in lines)
    return int(parts[1]), {name.strip().lower(): value.strip() for name, _, value in fields}


def _read(reader: BinaryIO) -> Answer:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            raise Wrong("the connection ended inside the head")
        head += line
    status, headers = parse_head(head)
    if status in (204, 304):
        body, framing = b"", 0
    elif headers.get("transfer-encoding") == "chunked":
        body, framing = _chunks(reader)
    elif "content-length" in headers:
        body, framing = _exactly(reader, int(headers["content-length"])), 0
    else:
        body, framing = reader.read(), 0
    return Answer(status, headers, body, len(head) + len(body) + framing)


def _chunks(reader: BinaryIO) -> tuple[bytes, int]:
    body, framing = b"", 0
    while True:
        size_line = reader.readline()
        size = int(size_line.split(b";")[0], 16)
        body += _exactly(reader, size)
        framing += len(size_line) + len(_exactly(reader, 2))
        if size == 0:
            return body, framing


def _exactly(reader: BinaryIO, length: int) -> bytes:
    data = reader.read(length)
    if len(data) != length:
        raise Wrong(f"the body ended after {len(data)} of {length} bytes")
    return data
