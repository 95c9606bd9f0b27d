"""The process: probes, limits, metrics, logs, its end, and what it leaves alone."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from conftest import PACKAGE, PATIENCE, Program, Start
from making import Linear, churn, save_safetensors, scripted

IN_FLIGHT = "model_requests_in_flight"
ROW = [[1.0, 2.0, 3.0]]


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def let_go(fifo: Path) -> None:
    """Whoever waits at the FIFO goes on; waits for somebody to be there."""
    fifo.write_text("")


def let_all_go(fifo: Path) -> None:
    """The same for whoever is there just now."""
    with suppress(OSError):
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))


@pytest.fixture
def waiting(serve: Start, fifo: Path, tmp_path: Path) -> Callable[..., Program]:
    """A server whose predictions wait until they are let go."""
    file = save_safetensors(churn().state_dict(), tmp_path / "model")
    return lambda **settings: serve(file, MODEL_CLASS="modules:Waiting", WAITING_FIFO=fifo, **settings)


class Call(threading.Thread):
    """A request for a prediction that goes on meanwhile."""

    def __init__(self, server: Program) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.answer: object = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self.server.predict(ROW)
        except OSError as error:
            self.answer = error

    def wait(self) -> object:
        self.join(PATIENCE)
        return self.answer


def wanted() -> tuple[int, dict]:
    with torch.inference_mode():
        return 200, {"predictions": churn()(torch.tensor(ROW)).tolist()}


def test_while_the_model_is_busy_the_probes_answer_and_the_rest_waits_or_is_sent_away(waiting, fifo: Path) -> None:
    server = waiting(MAX_REQUESTS=2)
    calls = [Call(server), Call(server)]
    server.wait_until(lambda: server.metrics()[IN_FLIGHT] == 2)
    assert server.ask("GET", "/healthz") == (200, {"status": "ok"})
    assert server.ask("GET", "/readyz")[0] == 200
    status, answer, headers = server.ask_all("POST", "/predict", {"features": ROW})
    assert (status, answer, headers["retry-after"]) == (503, {"error": "2 requests are being worked on already; come back in a second"}, "1")
    let_go(fifo)
    server.wait_until(lambda: server.metrics()[IN_FLIGHT] == 1)
    let_go(fifo)
    assert [call.wait() for call in calls] == [wanted(), wanted()]
    metrics = server.metrics()
    assert (metrics[IN_FLIGHT], metrics['model_requests_refused_total{reason="busy"}'], metrics["model_rows_total"]) == (0, 1, 2)


def test_predictions_go_on_side_by_side_when_there_are_threads_for_it(waiting, fifo: Path) -> None:
    server = waiting(PREDICT_THREADS=2)
    calls = [Call(server), Call(server)]
    server.wait_until(lambda: server.metrics()["model_rows_total"] == 2)
    server.wait_until(lambda: let_all_go(fifo) or server.metrics()[IN_FLIGHT] == 0)
    assert [call.wait() for call in calls] == [wanted(), wanted()]


def test_while_the_model_is_loaded_the_server_lives_and_is_not_ready(launch: Start, fifo: Path, tmp_path: Path) -> None:
    file = save_safetensors(churn().state_dict(), tmp_path / "model")
    server = launch(MODEL_PATH=file, MODEL_CLASS="modules:Slow", WAITING_FIFO=fifo)
    server.port = server.wait_for("listening")["port"]
    assert server.ask("GET", "/healthz") == (200, {"status": "ok"})
    assert server.ask("GET", "/readyz") == (503, {"status": "loading the model"})
    assert server.predict(ROW) == (503, {"error": "The model is still being loaded; come back in a second"})
    let_go(fifo)
    server.wait_for("ready")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert server.ask("GET", "/readyz") == (200, {"status": "ready", "model": {"format": "safetensors", "version": "", "sha256": sha256}})
    assert server.predict(ROW) == wanted()


def test_told_to_end_while_it_loads_it_ends_at_once(launch: Start, fifo: Path, tmp_path: Path) -> None:
    file = save_safetensors(churn().state_dict(), tmp_path / "model")
    server = launch(MODEL_PATH=file, MODEL_CLASS="modules:Slow", WAITING_FIFO=fifo, DRAIN_SECONDS=600)
    server.wait_for("listening")
    assert server.end() == 0


def test_a_prediction_under_way_is_answered_after_sigterm(waiting, fifo: Path) -> None:
    server = waiting(DRAIN_SECONDS=0)
    call = Call(server)
    server.wait_until(lambda: server.metrics()[IN_FLIGHT] == 1)
    server.process.send_signal(signal.SIGTERM)
    server.wait_until(lambda: not connects(server.port))
    let_go(fifo)
    assert call.wait() == wanted()
    assert server.process.wait(PATIENCE) == 0


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        return True
    except ConnectionError:
        return False


def test_while_it_drains_it_answers_and_is_not_ready(serve: Start, tmp_path: Path) -> None:
    server = serve(scripted(Linear(), tmp_path / "model.pt"), DRAIN_SECONDS=600)
    server.process.send_signal(signal.SIGTERM)
    server.wait_for("leaving")
    assert server.ask("GET", "/readyz") == (503, {"status": "leaving"})
    assert server.predict([[1]]) == (200, {"predictions": [[3.0]]})
    assert server.end() == 0, "a second signal ends the drain"


def test_a_body_that_does_not_come_is_given_up(serve: Start, tmp_path: Path) -> None:
    server = serve(scripted(Linear(), tmp_path / "model.pt"), BODY_SECONDS="0.2")
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
        answer = connection.makefile("rb").readline()
        assert answer.startswith(b"HTTP/1.1 408 ")
    assert server.predict([[1]])[0] == 200
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
    server.wait_until(lambda: server.metrics()[IN_FLIGHT] == 0)
    assert not any("trace" in line for line in server.lines)


def test_metrics_count_what_was_asked(serve: Start, tmp_path: Path) -> None:
    file = scripted(Linear(), tmp_path / "model.pt")
    server = serve(file, MODEL_VERSION="v7", MAX_BODY_BYTES=1000)
    server.predict([[1], [2], [3]])
    server.predict([["x"]])
    server.ask("POST", "/predict", b" " * 1001)
    server.ask("GET", "/predict")
    server.ask("GET", "/elsewhere/1")
    server.ask("BREW", "/elsewhere/2")
    metrics = server.metrics()
    asked = {name: value for name, value in metrics.items() if name.startswith("http_requests_total") and "/metrics" not in name}
    assert asked == {
        'http_requests_total{handler="/predict",method="POST",status="2xx"}': 1,
        'http_requests_total{handler="/predict",method="POST",status="4xx"}': 2,
        'http_requests_total{handler="/predict",method="GET",status="4xx"}': 1,
        'http_requests_total{handler="none",method="GET",status="4xx"}': 1,
        'http_requests_total{handler="none",method="OTHER",status="4xx"}': 1,
    }
    assert metrics['http_request_duration_seconds_count{handler="/predict",method="POST"}'] == 3
    assert {name: value for name, value in metrics.items() if name.startswith("model_requests_refused_total")} == {'model_requests_refused_total{reason="features"}': 1, 'model_requests_refused_total{reason="bytes"}': 1}
    assert (metrics["model_rows_total"], metrics["model_prediction_seconds_count"]) == (3, 1)
    assert metrics[f'model_info{{format="torchscript",sha256="{hashlib.sha256(file.read_bytes()).hexdigest()}",version="v7"}}'] == 1


def test_every_line_of_log_is_json_and_no_body_is_in_it(serve: Start, tmp_path: Path) -> None:
    server = serve(scripted(churn(), tmp_path / "model.pt"))
    server.predict([[4711.5, 1, 2]])
    server.predict([[4711.5]])
    server.predict([["4711.5"]])
    assert server.end() == 0
    server.wait_for("end of log")
    lines = server.lines[:-1]
    assert all({"time", "level", "msg"} <= line.keys() for line in lines), lines
    assert "4711" not in json.dumps(lines)
    answered = [{name: line[name] for name in ("handler", "method", "status")} for line in lines if line["msg"] == "answered"]
    assert answered == [{"handler": "/predict", "method": "POST", "status": status} for status in (200, 500, 422)]


def test_it_writes_nothing_connects_to_nobody_and_starts_nothing(serve: Start, tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    server = serve(scripted(Linear(), tmp_path / "model.pt"), AUDIT_FILE=noted)
    assert server.predict([[1]])[0] == 200
    assert server.metrics()
    assert server.end() == 0
    ours = [line for line in noted.read_text().splitlines() if line not in ("open /dev/null", "subprocess.Popen /sbin/ldconfig")]  # the second by newer torch, looking for graphics cards
    assert ours == []


VALIDATED = [
    ("the model alone", "", 0, {}),
    ("rows", "[[1], [2]]", 0, {"predictions": [[3.0], [5.0]], "model_version": "v1"}),
    ("a whole body", '{"features": [[1], [2]]}', 0, {"predictions": [[3.0], [5.0]], "model_version": "v1"}),
    ("rows that are none", "[[1], [2, 3]]", 42, "features[1]: has 2 numbers, features[0] has 1; all must have the same length"),
]


@pytest.mark.parametrize(("features", "code", "wanted"), [pytest.param(*row, id=name) for name, *row in VALIDATED])
def test_validate_py_says_whether_the_model_predicts(launch: Start, tmp_path: Path, features: str, code: int, wanted) -> None:
    file = scripted(Linear(), tmp_path / "model.pt")
    program = launch(("validate.py",), MODEL_PATH=file, MODEL_VERSION="v1", VALIDATION_FEATURES=features)
    assert program.end_by_itself() == code
    if code == 0:
        assert program.lines[0] == {"format": "torchscript", "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} | wanted
        assert not program.termination_log.exists()
    else:
        assert program.last_words() == {"reason": "ValidationFailed", "message": f"The model is loaded and does not predict VALIDATION_FEATURES: {wanted}"}


def test_the_style_is_kept() -> None:
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(PACKAGE / "ruff.toml"), str(PACKAGE)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_every_setting_metric_and_reason() -> None:
    page = (PACKAGE / "README.md").read_text()
    code = "\n".join(file.read_text() for file in [*(PACKAGE / "fastapi_pytorch").glob("*.py"), PACKAGE / "validate.py"])
    from fastapi_pytorch.metrics import Metrics
    from fastapi_pytorch.settings import Settings

    metrics = [metric.name + ("_total" if metric.type == "counter" else "_info" if metric.type == "info" else "") for metric in Metrics().registry.collect()]
    ours = [name for name in metrics if name.startswith(("http_", "model_"))]
    reasons = re.findall(r'LoadFailure\(\s*"(\w+)"', code) + re.findall(r'Refusal\(\d+, "(\w+)"', code)
    assert len(ours) == 8 and len(reasons) > 20
    named = [*(name.upper() for name in Settings.model_fields), *ours, *reasons]
    assert [name for name in named if f"`{name}" not in page] == []
