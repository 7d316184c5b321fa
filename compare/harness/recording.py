"""A proxy before Elasticsearch that remembers what it was asked: how a bare client learns what ours asks.

1. It listens on a free port, in threads of its own.
2. Each request goes on to the node as it came; method, path and body are kept.
"""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class RecordingProxy:
    """Records while inside a `with`."""

    def __init__(self, elastic_port: int) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        """Method, path and JSON body of each request, in the order they came."""
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if body[:1] == b"{" and b"\n" not in body.strip():
                    asked.append((self.command, self.path, json.loads(body)))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                node = http.client.HTTPConnection("127.0.0.1", elastic_port, timeout=60)
                try:
                    node.request(self.command, self.path, body, headers)
                    answer = node.getresponse()
                    said = answer.read()
                finally:
                    node.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="recording proxy", daemon=True)

    def __enter__(self) -> "RecordingProxy":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
