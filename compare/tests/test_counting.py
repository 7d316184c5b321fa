"""The counting proxy in front of a real HTTP server."""

import http.server
import threading
import unittest

from harness.counting import CountingProxy
from harness.exchange import Wrong, ask


class Store(http.server.BaseHTTPRequestHandler):
    """Answers every GET with its own path, on connections that stay open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The path as the body."""
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


class Counting(unittest.TestCase):
    """What is counted and what passes."""

    def setUp(self) -> None:
        """A store on a free port."""
        self.store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        self.store.daemon_threads = True
        thread = threading.Thread(target=self.store.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.store.server_close)
        self.addCleanup(self.store.shutdown)

    def test_only_the_key_is_counted_and_all_passes(self) -> None:
        """Two requests for the key of three in all."""
        with CountingProxy(self.store.server_port, "/bucket/key", 0.0) as proxy:
            for path in ("/bucket/key", "/bucket/other", "/bucket/key?partNumber=1"):
                self.assertEqual(ask(proxy.port, path).body, path.encode())
            self.assertEqual(len(proxy.requests), 2)

    def test_a_store_that_is_not_there_ends_the_connection(self) -> None:
        """The client is told by the end of it, not left to wait."""
        with CountingProxy(1, "/key", 0.0) as proxy, self.assertRaises(Wrong):
            ask(proxy.port, "/key")


if __name__ == "__main__":
    unittest.main()
