"""The checking client and the load's own checks, against a server that answers as told."""

import socket
import threading
import unittest
from contextlib import contextmanager
from typing import Iterator

from harness import wrk
from harness.exchange import Wrong, ask, expect


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server for one connection that writes these bytes and closes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


class Exchange(unittest.TestCase):
    """Bodies by every framing, and answers that are none."""

    def test_a_body_by_length(self) -> None:
        """The bytes on the wire are head and body."""
        raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: \"x\"\r\n\r\nok"
        with answering(raw) as port:
            answer = ask(port, "/")
        self.assertEqual((answer.status, answer.body, answer.headers["etag"], answer.wire), (200, b"ok", '"x"', len(raw)))

    def test_a_body_in_chunks(self) -> None:
        """Framing counts on the wire, not in the body."""
        raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n"
        with answering(raw) as port:
            answer = ask(port, "/")
        self.assertEqual((answer.body, answer.wire), (b"abcd", len(raw)))

    def test_a_304_has_no_body(self) -> None:
        """Whatever length it names."""
        with answering(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1024\r\n\r\n") as port:
            self.assertEqual(ask(port, "/").body, b"")

    def test_what_is_wrong_is_said(self) -> None:
        """A short body, an end inside the head, no HTTP, nobody there."""
        for raw, said in (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "5 of 9"),
            (b"HTTP/1.1 200 OK\r\nContent-", "inside the head"),
            (b"SSH-2.0-x\r\n\r\n", "no HTTP answer"),
        ):
            with answering(raw) as port, self.assertRaisesRegex(Wrong, said):
                ask(port, "/")
        with self.assertRaisesRegex(Wrong, "refused"):
            ask(1, "/")

    def test_an_unexpected_answer_is_wrong(self) -> None:
        """By status, by length, by body."""
        with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as port:
            answer = ask(port, "/")
        for wanted in ({"status": 404}, {"status": 200, "length": 3}, {"status": 200, "body": b"no"}):
            with self.assertRaises(Wrong):
                expect(answer, **wanted)


class Sound(unittest.TestCase):
    """When a loaded round counts."""

    def outcome(self, size: int, **errors: int) -> wrk.Outcome:
        """A thousand answers of this many bytes."""
        return wrk.Outcome(1000, 1.0, 1.0, 1.0, 1000 * size, errors, 1.0)

    def test_right_answers_are_sound(self) -> None:
        """A few bytes more or less in a head are no fault."""
        wrk.require_sound(self.outcome(1201, connect=0), wrk.Load("/"), 1200)

    def test_errors_and_other_lengths_are_not(self) -> None:
        """One status above 399, or a body that is a third shorter."""
        with self.assertRaisesRegex(Wrong, "1 status errors"):
            wrk.require_sound(self.outcome(1200, status=1), wrk.Load("/"), 1200)
        with self.assertRaisesRegex(Wrong, "800 bytes an answer"):
            wrk.require_sound(self.outcome(800), wrk.Load("/"), 1200)


if __name__ == "__main__":
    unittest.main()
