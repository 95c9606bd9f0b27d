"""What is loaded, what is refused, and what is said then: log, termination message and exit code."""

import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch

import making
from conftest import Start
from fastapi_pytorch.failure import LoadFailure, leave_words
from fastapi_pytorch.load import load_model
from fastapi_pytorch.settings import read_settings

CHURN = {"MODEL_CLASS": "modules:Churn"}
ALLOWED = {**CHURN, "ALLOW_PICKLE": "true"}
REFUSED = "PickleRefused"


def outcome(file: Path, **environment: str) -> tuple[str, str]:
    """The format of what is loaded, or the reason and the message of the refusal."""
    try:
        return load_model(read_settings({"MODEL_PATH": str(file), **environment})).format, ""
    except LoadFailure as failure:
        assert failure.exit_code == 42
        return failure.reason, failure.message


def make_text(file: Path) -> None:
    file.write_text("<html>Sign in</html>")


def make_empty(file: Path) -> None:
    file.write_bytes(b"")


def make_cut(file: Path) -> None:
    making.scripted(making.Linear(), file)
    file.write_bytes(file.read_bytes()[:-300])


def make_tar(file: Path) -> None:
    with tarfile.open(file, "w") as archive:
        archive.add(__file__, "pickle")


def make_zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "")


def make_mar(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", "{}")


def make_pickle(file: Path) -> None:
    torch.save(making.churn(), file)


def make_state(file: Path) -> None:
    torch.save(making.churn().state_dict(), file)


def make_checkpoint(file: Path) -> None:
    torch.save({"epoch": 3, "state_dict": making.churn().state_dict()}, file)


def make_other_state(file: Path) -> None:
    torch.save(making.churn(inputs=5).state_dict(), file)


def make_safetensors(file: Path) -> None:
    making.save_safetensors(making.churn().state_dict(), file)


def make_other_safetensors(file: Path) -> None:
    making.save_safetensors({"first.weight": torch.zeros(8, 3)}, file)


ROWS = [
    ("a page of HTML", make_text, {}, "FormatUnsupported", "neither TorchScript, safetensors nor a file of torch.save"),
    ("an empty file", make_empty, {}, "ModelDamaged", "is empty"),
    ("a file that was cut", make_cut, {}, "ModelDamaged", "upload it again"),
    ("a tar file", make_tar, {"ALLOW_PICKLE": "true"}, "FormatUnsupported", "is a tar file"),
    ("a zip file of something else", make_zip, {}, "FormatUnsupported", "no model"),
    ("a model archive of TorchServe", make_mar, {}, "FormatUnsupported", "use the runtime torchserve"),
    ("a module as torch.save writes it", make_pickle, {}, REFUSED, "torch.jit.script(model).save"),
    ("the same, allowed: it names more than tensors", make_pickle, ALLOWED, REFUSED, "ALLOW_PICKLE takes nothing else"),
    ("a state dict", make_state, CHURN, REFUSED, "set ALLOW_PICKLE=true"),
    ("a state dict, allowed, without a class", make_state, {"ALLOW_PICKLE": "true"}, "ModelClassMissing", "set MODEL_CLASS=package.module:Class"),
    ("a state dict, allowed, with its class", make_state, ALLOWED, "state-dict", ""),
    ("a whole checkpoint", make_checkpoint, ALLOWED, "ModelUnusable", "is no state dict"),
    ("a state dict of another size", make_other_state, ALLOWED, "ModelClassMismatch", "size mismatch for first.weight"),
    ("safetensors with their class", make_safetensors, CHURN, "safetensors", ""),
    ("safetensors without a class", make_safetensors, {}, "ModelClassMissing", "Weights in safetensors need the code"),
    ("safetensors that lack weights", make_other_safetensors, CHURN, "ModelClassMismatch", "Missing key(s)"),
    ("a class that is not there", make_safetensors, {"MODEL_CLASS": "modules:Nobody"}, "ModelClassInvalid", "has no attribute 'Nobody'"),
    ("a module that is not there", make_safetensors, {"MODEL_CLASS": "nothing.here:Model"}, "ModelClassInvalid", "No module named 'nothing'"),
    ("arguments that the class does not take", make_safetensors, {**CHURN, "MODEL_ARGS": '{"layers": 3}'}, "ModelClassInvalid", "unexpected keyword argument 'layers'"),
    ("a class that is no module", make_safetensors, {"MODEL_CLASS": "modules:no_module"}, "ModelClassInvalid", "makes a int"),
    ("another hash than was meant", make_safetensors, {**CHURN, "MODEL_SHA256": "0" * 64}, "HashMismatch", "it is not the file that was meant"),
]


@pytest.mark.parametrize(("make", "environment", "wanted", "words"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_what_a_file_is_decides(tmp_path: Path, make, environment: dict, wanted: str, words: str) -> None:
    make(tmp_path / "model.pt")
    found, message = outcome(tmp_path / "model.pt", **environment)
    assert (found, words in message) == (wanted, True), message


@pytest.mark.parametrize("name", ["model.safetensors", "model.pt2", "model.bin", "model"])
def test_torchscript_is_known_by_its_content_and_not_by_its_name(tmp_path: Path, name: str) -> None:
    assert outcome(making.scripted(making.Linear(), tmp_path / name)) == ("torchscript", "")


def test_a_file_that_is_not_there_is_said() -> None:
    assert outcome(Path("/nowhere/model.pt")) == ("NotFound", "There is no file /nowhere/model.pt; MODEL_PATH must name the model")


EVIL = [making.evil_zip, making.evil_old, making.evil_raw, making.evil_torchscript, making.evil_export]


@pytest.mark.parametrize("environment", [{}, ALLOWED, {"ALLOW_PICKLE": "true"}], ids=["by default", "allowed", "allowed without a class"])
@pytest.mark.parametrize("make", EVIL, ids=lambda make: make.__name__)
def test_no_pickle_runs_anything(tmp_path: Path, make, environment: dict) -> None:
    mark = tmp_path / "was-run"
    found, message = outcome(make(tmp_path / "model.pt", mark), **environment)
    assert found in (REFUSED, "ModelDamaged", "FormatUnsupported", "ModelClassMissing"), message
    assert not mark.exists()


def test_nor_the_constants_of_torchscript(tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    assert outcome(making.evil_torchscript(tmp_path / "model.pt", mark, "constants.pkl"))[0] == "ModelDamaged"
    assert not mark.exists()


def test_the_pickles_of_these_tests_would_run(tmp_path: Path) -> None:
    """Otherwise the tests above prove nothing."""
    for make in (making.evil_zip, making.evil_old):
        mark = tmp_path / make.__name__
        torch.load(make(tmp_path / "model.pt", mark), **({"weights_only": False}))
        assert mark.exists()


def test_a_process_with_a_refused_model_ends_with_42_and_says_why(launch: Start, tmp_path: Path) -> None:
    make_pickle(tmp_path / "model.pt")
    program = launch(MODEL_PATH=tmp_path / "model.pt")
    assert program.end_by_itself() == 42
    message = "model.pt is a pickle of torch.save, which could run anything when it is read. Convert it where it was trained: torch.jit.script(model).save('model.pt'), or torch.jit.trace. Or, for a state dict, set ALLOW_PICKLE=true and MODEL_CLASS."
    assert program.last_words() == {"reason": REFUSED, "message": message}
    assert next(line for line in program.lines if line.get("reason"))["msg"] == message
    assert not any("Traceback" in json.dumps(line) for line in program.lines)


SETTINGS = [
    ({}, "MODEL_PATH is not set: set it to the file of the model"),
    ({"MODEL_PATH": "m", "PORT": "tcp://10.0.0.1:80"}, "PORT: Input should be a valid integer, unable to parse string as an integer"),
    ({"MODEL_PATH": "m", "MODEL_ARGS": "[]"}, "MODEL_ARGS: Input should be a valid dictionary"),
    ({"MODEL_PATH": "m", "ROW_SHAPE": "3,x", "DTYPE": "int8"}, "DTYPE: Input should be 'float16', 'bfloat16', 'float32', 'float64', 'int32' or 'int64'; ROW_SHAPE: Value error, must be sizes of the dimensions of one row, such as 4 or 3,*,*"),
    ({"MODEL_PATH": "m", "MAX_REQUESTS": "0"}, "MAX_REQUESTS: Input should be greater than or equal to 1"),
]


@pytest.mark.parametrize(("environment", "message"), SETTINGS)
def test_settings_that_are_wrong_are_named(environment: dict, message: str) -> None:
    with pytest.raises(LoadFailure) as caught:
        read_settings(environment)
    assert (caught.value.reason, caught.value.message) == ("SettingsInvalid", message)


def test_settings_that_are_wrong_end_the_process_with_42(launch: Start) -> None:
    program = launch(MODEL_PATH="")
    assert program.end_by_itself() == 42
    assert program.last_words() == {"reason": "SettingsInvalid", "message": "MODEL_PATH is not set: set it to the file of the model"}


def test_last_words_fit_into_what_kubernetes_keeps(tmp_path: Path) -> None:
    leave_words(LoadFailure("LoadFailed", "\U0001f600" * 5000), tmp_path / "log")
    text = (tmp_path / "log").read_text()
    assert len(text) <= 4096 and json.loads(text)["reason"] == "LoadFailed"
    leave_words(LoadFailure("LoadFailed", "a folder that is not there is only logged"), tmp_path / "none" / "log")


def test_cpus_are_those_of_the_pod(tmp_path: Path) -> None:
    from fastapi_pytorch.settings import available_cpus

    quota = tmp_path / "cpu.max"
    unlimited = available_cpus(quota)
    quota.write_text("max 100000\n")
    assert available_cpus(quota) == unlimited
    quota.write_text("50000 100000\n")
    assert available_cpus(quota) == 1
