"""One prediction: body to answer, in one go, on a thread of its own."""

import json
import logging
import re
from math import isfinite, isnan
from typing import Any

import torch

from .features import parse_features
from .load import Loaded, first_line
from .metrics import Metrics
from .refusal import Refusal
from .settings import Settings

log = logging.getLogger(__name__)

EXCEPTION_NAME = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): ")


def predict(body: bytes, model: Loaded, settings: Settings, metrics: Metrics) -> bytes:
    """The body of the answer. Raises Refusal."""
    features = parse_features(body, settings)
    metrics.rows.inc(len(features))
    with torch.inference_mode(), metrics.prediction_seconds.time():
        try:
            output = model.call(features)
        except Exception as error:
            shape = "x".join(map(str, features.shape))
            log.warning("the model failed", extra={"shape": shape, "error": str(error)[-2000:]})
            raise Refusal(500, "model", f"The model failed on features of shape {shape}: {explain(error)}") from error
        answer = {"predictions": plain(output, "predictions")}
    if settings.model_version:
        answer["model_version"] = settings.model_version
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


def explain(error: Exception) -> str:
    """What the model's exception says: TorchScript puts it below a trace, PyTorch above one."""
    text = str(error)
    if "Traceback of TorchScript" not in text:
        return first_line(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return EXCEPTION_NAME.sub("", lines[-1])[:300]


def plain(output: Any, place: str) -> Any:
    """What a model answered as JSON has it: tensors become lists, of no dimension a number; tuples become lists, dicts objects. Raises Refusal."""
    if isinstance(output, torch.Tensor):
        return _plain_tensor(output, place)
    if isinstance(output, (list, tuple)):
        return [plain(item, f"{place}[{index}]") for index, item in enumerate(output)]
    if isinstance(output, dict):
        return {str(key): plain(item, f"{place}.{key}") for key, item in output.items()}
    if isinstance(output, float) and not isfinite(output):
        raise _not_finite(output, place)
    if output is None or isinstance(output, (bool, int, float, str)):
        return output
    raise Refusal(500, "answer", f"The model answered with a {type(output).__name__} at {place}; only tensors, numbers and texts, and tuples, lists and dicts of them become JSON")


def _plain_tensor(tensor: torch.Tensor, place: str) -> Any:
    if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized:
        raise Refusal(500, "answer", f"The model answered with a sparse, complex or quantized tensor at {place}; make it dense and real in the model")
    if tensor.is_floating_point() and not (finite := torch.isfinite(tensor)).all():
        index = (~finite).nonzero()[0].tolist()
        raise _not_finite(tensor[tuple(index)].item(), place + "".join(f"[{at}]" for at in index))
    return tensor.tolist()


def _not_finite(value: float, place: str) -> Refusal:
    word = "NaN" if isnan(value) else "Infinity"
    return Refusal(500, "not_finite", f"The model answered with {word} at {place}, which JSON cannot hold; look at the features' scale, or clamp in the model")
