"""A server process for each test that wants one, with a model that the test made."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent
sys.path.insert(0, str(TESTS / "models"))
sys.path.insert(0, str(PACKAGE))
torch.set_num_threads(1)

PATIENCE = 60
"""Seconds after which something that must happen has not; nothing waits so long where all is well."""


@dataclass
class Program:
    """A process of the package. Lines of its log are read as they come."""

    process: subprocess.Popen
    termination_log: Path
    lines: list[dict] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def follow(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(json.loads(line) if line.startswith("{") else {"msg": line})
                self.changed.notify_all()
        with self.changed:
            self.lines.append({"msg": "end of log"})
            self.changed.notify_all()

    def wait_for(self, message: str) -> dict:
        """The line of log with this message; fails at the end of the log."""

        def found() -> dict | None:
            return next((line for line in self.lines if line.get("msg") in (message, "end of log")), None)

        with self.changed:
            self.changed.wait_for(found, PATIENCE)
            line = found()
        assert line, self.lines
        assert line["msg"] == message, self.lines
        return line

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and body; `body` is sent as JSON unless it is bytes."""
        status, answer, _ = self.ask_all(method, path, body, headers)
        return status, answer

    def ask_all(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, sent, {"Content-Type": "application/json"} | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return response.status, json.loads(text) if "json" in answered.get("content-type", "") else text, answered
        finally:
            connection.close()

    def predict(self, features: Any) -> tuple[int, Any]:
        return self.ask("POST", "/predict", {"features": features})

    def metrics(self) -> dict[str, float]:
        """Samples by name and labels, as they are written."""
        _, text = self.ask("GET", "/metrics")
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Asks again and again; each round is a request, so that nothing spins."""
        for _ in range(20_000):
            if holds():
                return
        raise AssertionError(f"did not happen: {self.lines}")

    def end_by_itself(self) -> int:
        """The exit code of a process that nobody tells to end."""
        code = self.process.wait(PATIENCE)
        self.wait_for("end of log")
        return code

    def end(self) -> int:
        """The exit code after SIGTERM, or of a process that has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def last_words(self) -> dict:
        return json.loads(self.termination_log.read_text())


Start = Callable[..., Program]


def environment(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """What a pod would see: no home, nothing that can be written but the termination log."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    python_path = [str(PACKAGE), str(TESTS / "models"), os.environ.get("PYTHONPATH", "")]
    fixed = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "HOST": "127.0.0.1", "PORT": "0", "DRAIN_SECONDS": "0", "TORCH_THREADS": "1", "LOG_LEVEL": "debug"}
    given = {name: str(value) for name, value in settings.items()}
    if given.get("AUDIT_FILE"):
        python_path.insert(0, str(TESTS / "audit"))
    return kept | fixed | {"TERMINATION_LOG": str(folder / "termination-log"), "PYTHONPATH": os.pathsep.join(python_path)} | given


def launcher(folder: Path) -> Iterator[Start]:
    """launch(MODEL_PATH=…, …): a process that may end by itself. `program` names another script than the server."""
    programs: list[Program] = []

    def launch(program: tuple[str, ...] = ("-m", "fastapi_pytorch"), **settings: Any) -> Program:
        with (folder / "stderr").open("w") as stderr:
            process = subprocess.Popen([sys.executable, *program], cwd=PACKAGE, env=environment(folder, settings), stdout=subprocess.PIPE, stderr=stderr, text=True)
        made = Program(process, folder / "termination-log")
        threading.Thread(target=made.follow, daemon=True).start()
        programs.append(made)
        return made

    yield launch
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def server(launch: Start) -> Start:
    """serve(model file, …): a server that is ready."""

    def serve(model: Path, **settings: Any) -> Program:
        program = launch(MODEL_PATH=model, **settings)
        program.port = program.wait_for("listening")["port"]
        program.wait_for("ready")
        return program

    return serve


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Start]:
    yield from launcher(tmp_path)


@pytest.fixture
def serve(launch: Start) -> Start:
    return server(launch)


@pytest.fixture(scope="module")
def serve_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """As serve, for servers that all tests of a file ask."""
    for launch in launcher(tmp_path_factory.mktemp("servers")):
        yield server(launch)
