"""A proxy in front of the store that counts what reaches it.

1. It listens on a free port, in a thread of its own, and opens one connection to the store for each that comes in.
2. What the client sends is cut into heads (a reader of objects sends no bodies); a head that names the key is counted.
3. Each head waits a while before it goes on, so that a crowd meets a store that takes its time; answers pass untouched.
"""

import asyncio
import threading
from types import TracebackType

from harness.exchange import Wrong

_HEAD_END = b"\r\n\r\n"
_HEAD_LIMIT = 64 * 1024


class CountingProxy:
    """Counts requests for one key while inside a `with`."""

    def __init__(self, store_port: int, key: str, delay: float) -> None:
        self.port = 0
        self.requests: list[str] = []
        """The request lines that named the key, in the order they came."""
        self._store_port = store_port
        self._key = key
        self._delay = delay
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="counting proxy", daemon=True)

    def __enter__(self) -> "CountingProxy":
        self._thread.start()
        if not self._listening.wait(10) or not self.port:
            raise Wrong("the counting proxy did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            store_reader, store_writer = await asyncio.open_connection("127.0.0.1", self._store_port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(self._requests(reader, store_writer), _pass_on(store_reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one end went away: so does the other
        except asyncio.CancelledError:
            pass  # the measurement is over; asyncio would report the cancelled handler of an open connection as a fault
        finally:
            store_writer.close()
            writer.close()

    async def _requests(self, reader: asyncio.StreamReader, store: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            line = head.split(b"\r\n", 1)[0].decode("latin-1")
            if self._key in line:
                self.requests.append(line)
                await asyncio.sleep(self._delay)
            store.write(head)
            await store.drain()
        store.write_eof()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The next head; nothing at the end of the connection."""
    try:
        return await reader.readuntil(_HEAD_END)
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return b""


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_HEAD_LIMIT):
        target.write(data)
        await target.drain()
    target.write_eof()
