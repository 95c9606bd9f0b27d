"""Who may come in: a bounded number of requests at once, and a bounded number of bytes in a bounded time from each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from .metrics import Metrics
from .refusal import Refusal
from .settings import Settings

READ_ANYWAY = 10
"""So many times the limit is read and thrown away, so that the caller gets the answer; who is cut while sending seldom sees one."""


class Gate:
    """Counts the requests that are inside."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.inside = 0

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """For as long as a request is worked on. Raises Refusal when as many as may be are inside."""
        if self.inside >= self.settings.max_requests:
            raise Refusal(503, "busy", f"{self.settings.max_requests} requests are being worked on already; come back in a second", retry_after=1)
        self.inside += 1
        self.metrics.in_flight.inc()
        try:
            yield
        finally:
            self.inside -= 1
            self.metrics.in_flight.dec()

    async def read_body(self, request: Request) -> bytes:
        """The body. Raises Refusal when it is too large, comes too slowly or is compressed."""
        limit = self.settings.max_body_bytes
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "encoding", "The body is compressed; send it as it is")
        if int(request.headers.get("content-length", "0")) > READ_ANYWAY * limit:
            raise self._too_large()
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                return await self._read(request, limit)
        except TimeoutError as error:
            raise Refusal(408, "slow", f"The body did not come within {self.settings.body_seconds:g} seconds") from error

    async def _read(self, request: Request, limit: int) -> bytes:
        body, size = bytearray(), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= limit:
                body += chunk
            elif size > READ_ANYWAY * limit:
                break
        if size > limit:
            raise self._too_large()
        return bytes(body)

    def _too_large(self) -> Refusal:
        return Refusal(413, "bytes", f"The body has more than {self.settings.max_body_bytes} bytes; send fewer rows in a request")
