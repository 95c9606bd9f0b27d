"""What POST /predict answers: the model's own numbers, or a sentence."""

import http.client
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from conftest import Program, Start
from fastapi_pytorch.load import Loaded, load_model
from fastapi_pytorch.metrics import Metrics
from fastapi_pytorch.predict import predict
from fastapi_pytorch.refusal import Refusal
from fastapi_pytorch.settings import read_settings
from making import Linear, churn, save_safetensors, scripted
from modules import Answers, Raises


@pytest.fixture(scope="module")
def linear(serve_all: Start, tmp_path_factory: pytest.TempPathFactory) -> Program:
    file = scripted(Linear(), tmp_path_factory.mktemp("models") / "model.pt")
    return serve_all(file, MODEL_VERSION="v1", MAX_ROWS=1000, MAX_BODY_BYTES=100_000)


def test_the_call_of_the_readme_is_answered(linear: Program) -> None:
    command = ["curl", "-s", "-X", "POST", f"http://localhost:{linear.port}/predict", "-H", "Content-Type: application/json", "-d", '{"features": [[1.0], [2.0]]}']
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert json.loads(answer) == {"predictions": [[3.0], [5.0]], "model_version": "v1"}


def test_the_answers_are_the_models_own_numbers(serve: Start, tmp_path: Path) -> None:
    model = churn()
    server = serve(scripted(model, tmp_path / "model.pt"))
    torch.manual_seed(1)
    for size in (1, 2, 3, 17, 256, 1000):
        rows = torch.randn(size, 3) * 10 ** torch.randint(-3, 4, (size, 1))
        with torch.inference_mode():
            wanted = model(rows).tolist()
        assert server.predict(rows.tolist()) == (200, {"predictions": wanted})


SENTENCES = [
    ("no JSON", b"x", 400, "The body is not JSON: expected value at line 1 column 1"),
    ("NaN is no JSON", b'{"features": [[NaN]]}', 400, "The body is not JSON: expected value at line 1 column 16"),
    ("an empty body", b"", 400, "The body is not JSON: EOF while parsing a value at line 1 column 0"),
    ("bytes that are no text", b'{"features": "\xff\xfe"}', 400, "The body is not JSON: invalid unicode code point at line 1 column 15"),
    ("lists without end", b'{"features": ' + b"[" * 5000, 400, "The body is not JSON: recursion limit exceeded at line 1 column 214"),
    ("no features", {"instances": [[1]]}, 422, "features is missing"),
    ("a list", [[1]], 422, "features is missing"),
    ("something beside features", {"features": [[1]], "parameters": {}}, 422, "parameters: is not known"),
    ("features that are no list", {"features": {"a": 1}}, 422, "features: is an object and must be a list of rows"),
    ("no rows", {"features": []}, 422, "features: has no rows; send at least one"),
    ("rows that are no lists", {"features": [1.0, 2.0]}, 422, "features[0]: is a number; every row is a list, even of one number"),
    ("empty rows", {"features": [[], []]}, 422, "features[0]: is empty"),
    ("a row that is longer", {"features": [[1, 2], [3, 4], [5, 6, 7]]}, 422, "features[2]: has 3 numbers, features[0] has 2; all must have the same length"),
    ("a row that is empty", {"features": [[1], []]}, 422, "features[1]: has 0 numbers, features[0] has 1; all must have the same length"),
    ("a row that is no list", {"features": [[1], 2]}, 422, "features[1]: is a number, features[0] is a list; all must have the same shape"),
    ("a list that is longer inside", {"features": [[[1], [2]], [[3], [4, 5]]]}, 422, "features[1][1]: has 2 numbers, features[0][0] has 1; all must have the same length"),
    ("more lists inside", {"features": [[[1], [2]], [[3]]]}, 422, "features[1]: has 1 list, features[0] has 2; all must have the same length"),
    ("a text", {"features": [[1, 2], [3, "4"]]}, 422, "features[1][1]: is a string and must be a number"),
    ("null", {"features": [[None]]}, 422, "features[0][0]: is null and must be a number"),
    ("a boolean", {"features": [[1], [True]]}, 422, "features[1][0]: is a boolean and must be a number"),
    ("a list among numbers", {"features": [[1, [2]]]}, 422, "features[0][1]: is a list and must be a number"),
    ("too large for float32", {"features": [[1, 2], [3, 1e39]]}, 422, "features[1][1]: is too large for float32, whose largest number is 3.403e+38"),
    ("too large for any float", b'{"features": [[1e400]]}', 422, "features[0][0]: is too large for float32, whose largest number is 3.403e+38"),
    ("an integer that is too large", b'{"features": [[1' + b"0" * 400 + b"]]}", 422, "features[0][0]: is too large for float32, whose largest number is 3.403e+38"),
    ("too many dimensions", {"features": [[[[[[[[[1]]]]]]]]]}, 422, "features: has more than 8 dimensions"),
    ("too many rows", {"features": [[1]] * 1001}, 413, "features: has 1001 rows, and no more than 1000 are taken at once; send them in several requests"),
    ("too many bytes", b" " * 100_001, 413, "The body has more than 100000 bytes; send fewer rows in a request"),
    ("far too many bytes, unread", b" " * 1_000_001, 413, "The body has more than 100000 bytes; send fewer rows in a request"),
]


@pytest.mark.parametrize(("body", "status", "sentence"), [pytest.param(*row, id=name) for name, *row in SENTENCES])
def test_what_is_no_features_gets_a_sentence(linear: Program, body: object, status: int, sentence: str) -> None:
    got, answer = linear.ask("POST", "/predict", body)
    assert (got, list(answer)) == (status, ["error"])
    assert answer["error"].removesuffix('; send {"features": [[1.0], [2.0]]}') == sentence


def test_a_compressed_body_is_refused(linear: Program) -> None:
    assert linear.ask("POST", "/predict", b"x", {"Content-Encoding": "gzip"}) == (415, {"error": "The body is compressed; send it as it is"})


def test_a_body_without_a_length_is_counted_as_it_comes(linear: Program) -> None:
    def ask(size: int) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", linear.port)
        connection.request("POST", "/predict", iter([b'{"features": [[1]]', b" " * size, b"}"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    assert ask(10) == (200, {"predictions": [[3.0]], "model_version": "v1"})
    assert ask(200_000) == (413, {"error": "The body has more than 100000 bytes; send fewer rows in a request"})


ELSEWHERE = "POST /predict takes features, and GET answers at /healthz, /readyz, /metrics and /openapi.json"


def test_other_places_and_methods_say_where_to_go(linear: Program) -> None:
    assert linear.ask("GET", "/v1/models") == (404, {"error": f"GET /v1/models: Not Found; {ELSEWHERE}"})
    assert linear.ask("GET", "/predict") == (405, {"error": f"GET /predict: Method Not Allowed; {ELSEWHERE}"})


def test_the_schema_is_told(linear: Program) -> None:
    status, schema = linear.ask("GET", "/openapi.json")
    assert (status, sorted(schema["paths"])) == (200, ["/healthz", "/metrics", "/predict", "/readyz"])
    assert schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"] == {"features": [[1.0], [2.0]]}
    assert set(schema["paths"]["/predict"]["post"]["responses"]) == {"200", "400", "408", "413", "415", "422", "500", "503"}


def direct(model: torch.nn.Module, body: bytes, **environment: str) -> tuple[int, dict]:
    """Without a server: the same function."""
    settings = read_settings({"MODEL_PATH": "m", **environment})
    try:
        return 200, json.loads(predict(body, Loaded(model.eval(), "state-dict", ""), settings, Metrics()))
    except Refusal as refusal:
        return refusal.status, {"error": refusal.sentence}


def loaded(file: Path, **environment: str) -> Callable[[list], tuple[int, dict]]:
    """What a server that has loaded this file answers to features, without one."""
    model = load_model(read_settings({"MODEL_PATH": str(file), **environment})).call
    return lambda features: direct(model, json.dumps({"features": features}).encode(), **environment)


class Several(torch.nn.Module):
    """A dict of a tensor, a tuple, and what has no dimension."""

    def forward(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"sum": rows.sum(), "signs": rows > 0, "order": rows.argsort(1)}


class Pair(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, int]]:
        return rows.mean(1), (rows[0], 3)


class Flatten(torch.nn.Module):
    """Takes images: rows, channels, height, width."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows.mean((2, 3))


class Embed(torch.nn.Module):
    """Takes numbers of words."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding.from_pretrained(torch.arange(6.0).reshape(3, 2))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.table(rows)


class Divide(torch.nn.Module):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return 1 / rows - 1 / rows[:, :1] + 0 * rows


def test_dicts_become_objects(tmp_path: Path) -> None:
    ask = loaded(scripted(Several(), tmp_path / "m"))
    assert ask([[2, -1], [0, 3]]) == (200, {"predictions": {"sum": 4.0, "signs": [[True, False], [False, True]], "order": [[1, 0], [0, 1]]}})


def test_tuples_become_lists(tmp_path: Path) -> None:
    assert loaded(scripted(Pair(), tmp_path / "m"))([[1, 2]]) == (200, {"predictions": [[1.5], [[1.0, 2.0], 3]]})


def test_rows_may_have_dimensions_that_are_checked_before_the_model(tmp_path: Path) -> None:
    ask = loaded(scripted(Flatten(), tmp_path / "m"), ROW_SHAPE="1,*,2", DTYPE="float64")
    assert ask([[[[1, 2], [3, 4]]], [[[0, 0], [0, 0.1]]]]) == (200, {"predictions": [[2.5], [0.025]]})
    assert ask([[[[1, 2, 3]]]]) == (422, {"error": "features: rows have the shape 1x1x3, and this model takes 1x*x2"})
    assert ask([[1, 2]]) == (422, {"error": "features: rows have the shape 2, and this model takes 1x*x2"})


def test_models_of_integers_get_integers(tmp_path: Path) -> None:
    ask = loaded(scripted(Embed(), tmp_path / "m"), DTYPE="int64")
    assert ask([[0, 2.0]]) == (200, {"predictions": [[[0.0, 1.0], [4.0, 5.0]]]})
    assert ask([[0, 1.5]]) == (422, {"error": "features[0][1]: 1.5 is no int64, which this model takes"})
    assert ask([[0], [2**63]]) == (422, {"error": "features[1][0]: 9.22337e+18 is no int64, which this model takes"})
    status, answer = ask([[3]])
    assert status == 500 and answer["error"].startswith("The model failed on features of shape 1x1: index out of range"), answer


def test_what_json_cannot_hold_is_said(serve: Start, tmp_path: Path) -> None:
    server = serve(scripted(Divide(), tmp_path / "m"))
    ending = ", which JSON cannot hold; look at the features' scale, or clamp in the model"
    assert server.predict([[1, 1], [1, 0]]) == (500, {"error": f"The model answered with Infinity at predictions[1][1]{ending}"})
    assert server.predict([[0, 1]]) == (500, {"error": f"The model answered with NaN at predictions[0][0]{ending}"})
    assert server.predict([[1, 2]]) == (200, {"predictions": [[0.0, -0.5]]})
    assert server.metrics()['model_requests_refused_total{reason="not_finite"}'] == 2


def test_a_model_that_fails_is_quoted_without_its_trace(tmp_path: Path) -> None:
    ask = loaded(scripted(churn(), tmp_path / "m"))
    status, answer = ask([[1, 2]])
    sentence = answer["error"].replace("addmm: ", "")  # which newer releases say first
    assert (status, sentence) == (500, "The model failed on features of shape 1x2: mat1 and mat2 shapes cannot be multiplied (1x2 and 3x8)")
    assert ask([[1, 2, 3]])[0] == 200


ANSWERS = [
    ("half", 200, {"predictions": [[0.5]]}),
    ("count", 200, {"predictions": 1}),
    ('{"label": "churn", "sure": true, "why": null, "parts": [1, 2.5]}', 200, {"predictions": {"label": "churn", "sure": True, "why": None, "parts": [1, 2.5]}}),
    ("sparse", 500, {"error": "The model answered with a sparse, complex or quantized tensor at predictions; make it dense and real in the model"}),
    ("complex", 500, {"error": "The model answered with a sparse, complex or quantized tensor at predictions; make it dense and real in the model"}),
    ("socket", 500, {"error": "The model answered with a type at predictions; only tensors, numbers and texts, and tuples, lists and dicts of them become JSON"}),
    ("nan", 500, {"error": "The model answered with NaN at predictions.a[1], which JSON cannot hold; look at the features' scale, or clamp in the model"}),
]


@pytest.mark.parametrize(("answer", "status", "wanted"), ANSWERS)
def test_whatever_a_model_answers(tmp_path: Path, answer: str, status: int, wanted: dict) -> None:
    assert direct(Answers(answer), b'{"features": [[0.5]]}') == (status, wanted)


def test_an_exception_of_python_is_quoted_by_its_first_line() -> None:
    assert direct(Raises(), b'{"features": [[1]]}') == (500, {"error": "The model failed on features of shape 1x1: no such customer"})


def test_safetensors_and_state_dicts_answer_the_same(serve: Start, tmp_path: Path) -> None:
    model = churn(inputs=4, hidden=5)
    rows = [[1.0, 2.0, 3.0, 4.0], [0.0, -1.0, 0.5, 9.0]]
    with torch.inference_mode():
        wanted = (200, {"predictions": model(torch.tensor(rows)).tolist()})
    code = {"MODEL_CLASS": "modules:Churn", "MODEL_ARGS": '{"inputs": 4, "hidden": 5}'}
    save_safetensors(model.state_dict(), tmp_path / "a")
    torch.save(model.state_dict(), tmp_path / "b")
    torch.save(model.state_dict(), tmp_path / "c", _use_new_zipfile_serialization=False)
    assert serve(tmp_path / "b", **code, ALLOW_PICKLE="true").predict(rows) == wanted
    for name in ("a", "b", "c"):
        assert loaded(tmp_path / name, **code, ALLOW_PICKLE="true")(rows) == wanted
