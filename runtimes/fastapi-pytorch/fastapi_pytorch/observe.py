"""Around every request: counts, times, one line of log, and an answer where the code has failed."""

import logging
import time
from collections.abc import Collection

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics

log = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
GONE = 499
"""Nobody was there any more to be answered."""


class Observe:
    """An ASGI middleware. Labels come from closed sets, whatever is asked."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self.app = app
        self.metrics = metrics
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            status = GONE
        except Exception:
            log.exception("a request failed", extra={"path": scope["path"]})
            if status == 0:
                await JSONResponse({"error": "The server failed; its log says why"}, 500)(scope, receive, noted)
        self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        handler = scope["path"] if scope["path"] in self.paths else "none"
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self.metrics.requests.labels(handler, method, f"{status // 100}xx").inc()
        self.metrics.seconds.labels(handler, method).observe(seconds)
        log.debug("answered", extra={"handler": handler, "method": method, "status": status, "milliseconds": round(seconds * 1000, 1)})
