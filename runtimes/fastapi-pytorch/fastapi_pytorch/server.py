"""The process: listens, loads the model meanwhile, and leaves in good order."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import uvicorn

from .app import State, make_app
from .failure import RETRYABLE, LoadFailure, leave_words
from .load import first_line, load_model

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep an idle connection, so that it is not closed under a request of theirs."""


class Server(uvicorn.Server):
    """Uvicorn, but it loads a model once it listens, and goes on answering for a while after SIGTERM: Kubernetes takes its time to send nobody any more."""

    def __init__(self, state: State) -> None:
        settings = state.settings
        super().__init__(uvicorn.Config(make_app(state), settings.host, settings.port, log_config=None, access_log=False, ws="none", lifespan="off", proxy_headers=False, server_header=False, timeout_keep_alive=KEEP_ALIVE_SECONDS))
        self.state = state
        self.exit_code = 0

    async def startup(self, sockets: list | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        log.info("listening", extra={"host": host, "port": port})
        self.loading = self.loop.create_task(self.load())

    async def load(self) -> None:
        """Puts the model into the state, or ends the process with what is wrong."""
        settings, metrics = self.state.settings, self.state.metrics
        began = time.perf_counter()
        try:
            # A pool of its own: nobody waits for it when the process is told to end meanwhile.
            model = await self.loop.run_in_executor(ThreadPoolExecutor(1, "load"), load_model, settings)
        except Exception as error:
            if not isinstance(error, LoadFailure):
                log.exception("the model could not be loaded")
            failure = error if isinstance(error, LoadFailure) else LoadFailure("LoadFailed", f"{settings.model_path.name} could not be loaded: {type(error).__name__}: {first_line(error)}", RETRYABLE)
            leave_words(failure, settings.termination_log)
            self.exit_code = failure.exit_code
            self.should_exit = True
            return
        seconds = time.perf_counter() - began
        metrics.load_seconds.set(seconds)
        metrics.model.info({"format": model.format, "version": settings.model_version, "sha256": model.sha256})
        self.state.model = model
        log.info("ready", extra={"format": model.format, "version": settings.model_version, "sha256": model.sha256, "seconds": round(seconds, 3)})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal: not ready any more, and the end comes after the drain. The second: the end comes now. Requests under way are answered in both cases."""
        seconds = 0 if self.state.leaving or self.state.model is None else self.state.settings.drain_seconds
        self.state.leaving = True
        self.loop.call_soon_threadsafe(self.leave_in, seconds)

    def leave_in(self, seconds: float) -> None:
        log.info("leaving", extra={"drain_seconds": seconds})
        if seconds == 0:
            self.should_exit = True
        else:
            self.loop.call_later(seconds, setattr, self, "should_exit", True)
