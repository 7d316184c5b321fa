"""The few S3 requests that prepare and check a store, signed with SigV4 (AWS General Reference, "Signature Version 4").

1. The canonical request is built, hashed and signed; the body is sent as UNSIGNED-PAYLOAD, so that a large file streams.
2. Any answer of 300 or above is a fault with the store's own words, but for those the caller names.
"""

import hashlib
import hmac
import http.client
import urllib.parse
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import BinaryIO

REGION = "us-east-1"
_UNSIGNED = "UNSIGNED-PAYLOAD"


class StoreFault(Exception):
    """The store refused what prepares a case."""


@dataclass(frozen=True)
class Store:
    """Where a store listens and who asks."""

    port: int
    access_key: str
    secret_key: str

    def request(
        self, method: str, path: str, query: str = "", body: bytes | BinaryIO = b"", length: int = 0,
        content_type: str = "", accepted: tuple[int, ...] = (),
    ) -> tuple[int, dict[str, str], bytes]:
        """Sends one signed request."""
        headers = self._sign(method, path, query)
        if method == "PUT":
            headers["Content-Length"] = str(length if length else len(body) if isinstance(body, bytes) else 0)
        if content_type:
            headers["Content-Type"] = content_type
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            target = f"{urllib.parse.quote(path)}?{query}" if query else urllib.parse.quote(path)
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            said = answer.read()
        except OSError as fault:
            raise StoreFault(f"{method} {path}: {fault}") from fault
        finally:
            connection.close()
        if answer.status >= 300 and answer.status not in accepted:
            raise StoreFault(f"{method} {path}: {answer.status} {said[:200].decode(errors='replace')}")
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, said

    def _sign(self, method: str, path: str, query: str) -> dict[str, str]:
        now = datetime.now(timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        signed = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": _UNSIGNED, "x-amz-date": stamp}
        names = ";".join(signed)
        canonical_headers = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical_query = "&".join(part if "=" in part else f"{part}=" for part in query.split("&") if part)
        canonical = "\n".join([method, urllib.parse.quote(path), canonical_query, canonical_headers, names, _UNSIGNED])
        scope = f"{day}/{REGION}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret_key}".encode()
        for part in (day, REGION, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
        return {
            "Host": signed["host"],
            "x-amz-content-sha256": _UNSIGNED,
            "x-amz-date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}",
        }
