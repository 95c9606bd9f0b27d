"""A model file to a module that is ready to predict. No pickle of a model may run anything."""

import hashlib
import importlib
import logging
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .failure import RETRYABLE, LoadFailure
from .recognise import TO_TORCHSCRIPT, Format, recognise
from .settings import Settings

log = logging.getLogger(__name__)

TO_STATE_DICT = "Save torch.save(model.state_dict(), …) or safetensors and set MODEL_CLASS, or convert it to TorchScript."


@dataclass(frozen=True)
class Loaded:
    """A model, and what is told of it. `sha256` is that of the file."""

    call: Callable[[torch.Tensor], Any]
    format: str
    sha256: str


def load_model(settings: Settings) -> Loaded:
    """Loads the model of the settings to the CPU. Raises LoadFailure."""
    path = settings.model_path
    try:
        sha256 = _hash(path)
        if settings.model_sha256 not in ("", sha256):
            raise LoadFailure("HashMismatch", f"{path.name} has the SHA-256 {sha256}, and MODEL_SHA256 is {settings.model_sha256}: it is not the file that was meant")
        form = recognise(path)
        module = LOADERS[form](settings)
    except FileNotFoundError as error:
        raise LoadFailure("NotFound", f"There is no file {path}; MODEL_PATH must name the model") from error
    except OSError as error:
        raise LoadFailure("Unreadable", f"{path} cannot be read: {error.strerror or error}", RETRYABLE) from error
    return Loaded(module.eval(), "state-dict" if form == "pickle" else form, sha256)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_torchscript(settings: Settings) -> torch.nn.Module:
    # Its pickles are read by torch's own C++ reader, which knows TorchScript's types and no Python.
    try:
        with warnings.catch_warnings():
            # Every file would be told that its format is deprecated.
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            module: torch.nn.Module = torch.jit.load(str(settings.model_path), map_location="cpu")
    except Exception as error:
        raise LoadFailure("ModelDamaged", f"{settings.model_path.name} looks like TorchScript, and torch {torch.__version__} cannot load it: {first_line(error)}") from error
    if not hasattr(module, "forward"):
        raise LoadFailure("ModelUnusable", f"{settings.model_path.name} has no method forward; script the module that predicts")
    return module


def _load_safetensors(settings: Settings) -> torch.nn.Module:
    from safetensors.torch import load_model as load_into

    module = _make_module(settings, "Weights in safetensors need")
    try:
        load_into(module, str(settings.model_path))
    except Exception as error:
        raise _mismatch(settings, error) from error
    return module


def _load_pickle(settings: Settings) -> torch.nn.Module:
    name = settings.model_path.name
    if not settings.allow_pickle:
        raise LoadFailure("PickleRefused", f"{name} is a pickle of torch.save, which could run anything when it is read. {TO_TORCHSCRIPT} Or, for a state dict, set ALLOW_PICKLE=true and MODEL_CLASS.")
    module = _make_module(settings, "A state dict needs")
    try:
        # Knows tensors and plain containers only: what names anything else is refused before it is made.
        state = torch.load(settings.model_path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise LoadFailure("PickleRefused", f"{name} holds more than tensors, and ALLOW_PICKLE takes nothing else. {TO_STATE_DICT}") from error
    except Exception as error:
        raise LoadFailure("ModelDamaged", f"{name} cannot be read by torch {torch.__version__}: {first_line(error)}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise LoadFailure("ModelUnusable", f"{name} is no state dict; a whole checkpoint is none. {TO_STATE_DICT}")
    try:
        module.load_state_dict(state)
    except Exception as error:
        raise _mismatch(settings, error) from error
    return module


LOADERS: dict[Format, Callable[[Settings], torch.nn.Module]] = {
    "torchscript": _load_torchscript,
    "safetensors": _load_safetensors,
    "pickle": _load_pickle,
}


def _make_module(settings: Settings, need: str) -> torch.nn.Module:
    """The module of MODEL_CLASS and MODEL_ARGS, without its weights."""
    if settings.model_class == "":
        raise LoadFailure("ModelClassMissing", f"{need} the code of the model: set MODEL_CLASS=package.module:Class to a class in the image. Or convert the model to TorchScript, which holds its code.")
    module_name, _, class_name = settings.model_class.partition(":")
    what = f"MODEL_CLASS={settings.model_class}"
    try:
        made = getattr(importlib.import_module(module_name), class_name)(**settings.model_args)
    except Exception as error:
        raise LoadFailure("ModelClassInvalid", f"{what} cannot be made ({type(error).__name__}: {first_line(error)}); look whether the image has it below /app or on PYTHONPATH, and at MODEL_ARGS") from error
    if not isinstance(made, torch.nn.Module):
        raise LoadFailure("ModelClassInvalid", f"{what} makes a {type(made).__name__}, and no torch.nn.Module")
    return made


def _mismatch(settings: Settings, error: Exception) -> LoadFailure:
    # The first line only says for which class; the second what is missing or has another shape.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return LoadFailure("ModelClassMismatch", f"{settings.model_path.name} does not fit MODEL_CLASS={settings.model_class} with MODEL_ARGS: {' '.join(lines[:2])[:300]}")


def first_line(error: BaseException) -> str:
    """What an exception says, in one short line and without the trace that torch writes below it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
