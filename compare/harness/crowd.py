"""Many clients at once, where wrk cannot play them: a crowd on one key, and readers that take their time.

1. `stampede` connects everybody first, then lets all ask in the same moment, and holds every answer against the file.
2. `slow_readers` takes an object bit by bit at a fixed rate, for some seconds, and compares each bit with the file.
"""

import asyncio
import socket
import time
from dataclasses import dataclass

from harness.exchange import Wrong, parse_head, request_bytes

STAMPEDE_LIMIT = 60.0
"""Seconds a crowd may take in all."""

_TICK = 0.25
"""Seconds between two reads of a slow reader."""

_RECEIVE_BUFFER = 64 * 1024
"""A slow reader's socket buffer: small, so that its slowness is felt by the server and not hidden in the kernel."""

_STALLED = 30.0


async def stampede(port: int, path: str, clients: int, body: bytes) -> float:
    """Lets all clients ask for one object at once; the seconds until the last had its answer."""
    ends = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(clients)))
    request = request_bytes(port, path, {"Connection": "close"})
    began = time.perf_counter()
    for _, writer in ends:
        writer.write(request)
    try:
        answers = await asyncio.wait_for(asyncio.gather(*(reader.read(-1) for reader, _ in ends)), STAMPEDE_LIMIT)
    except asyncio.TimeoutError as slow:
        raise Wrong(f"not all of {clients} clients were answered in {STAMPEDE_LIMIT:.0f} s") from slow
    finally:
        for _, writer in ends:
            writer.close()
    took = time.perf_counter() - began
    wrong = sum(1 for answer in answers if not _is_right(answer, body))
    if wrong:
        raise Wrong(f"{wrong} of {clients} answers are wrong")
    return took


@dataclass(frozen=True)
class Served:
    """How slow readers fared."""

    least: float
    """The share of what it could have read that the worst served reader got, 0 to 1."""

    bytes: int


async def slow_readers(port: int, path: str, clients: int, rate: int, seconds: float, file: memoryview) -> Served:
    """Has `clients` read one object at `rate` bytes a second each; the object is larger than they get to see."""
    got = await asyncio.gather(*(_slow_reader(port, path, rate, seconds, file) for _ in range(clients)))
    return Served(min(got) / (rate * seconds), sum(got))


async def _slow_reader(port: int, path: str, rate: int, seconds: float, file: memoryview) -> int:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    share = int(rate * _TICK)
    reader, writer = await asyncio.open_connection(sock=connection, limit=share)
    try:
        writer.write(request_bytes(port, path, {}))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _STALLED)
        status, headers = parse_head(head)
        if status != 200 or int(headers.get("content-length", "-1")) != len(file):
            raise Wrong(f"status {status}, Content-Length {headers.get('content-length')} to a slow reader")
        return await _take(reader, share, seconds, file)
    except (asyncio.TimeoutError, asyncio.IncompleteReadError, ConnectionError) as fault:
        raise Wrong(f"a slow reader was let down: {type(fault).__name__}") from fault
    finally:
        writer.transport.abort()


async def _take(reader: asyncio.StreamReader, share: int, seconds: float, file: memoryview) -> int:
    began, taken = time.monotonic(), 0
    for tick in range(int(seconds / _TICK)):
        await asyncio.sleep(max(0.0, began + tick * _TICK - time.monotonic()))
        data = await asyncio.wait_for(reader.readexactly(share), _STALLED)
        if data != file[taken : taken + share]:
            raise Wrong(f"a slow reader got other bytes than the file's, from {taken} on")
        taken += share
        if time.monotonic() - began > seconds:
            break  # the server was slower than this reader: what was had in the time is what counts
    return taken


def _is_right(answer: bytes, body: bytes) -> bool:
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200 ") and rest == body
