"""Environment to Settings. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Json, ValidationError

from .failure import LoadFailure

TERMINATION_LOG = "/dev/termination-log"


def _row_shape(text: str) -> str:
    parts = text.split(",") if text else []
    if any(part != "*" and not (part.isascii() and part.isdigit() and int(part) > 0) for part in parts):
        raise ValueError("must be sizes of the dimensions of one row, such as 4 or 3,*,*")
    return text


def _maximum(limit: int) -> Any:
    return Field(ge=1, le=limit)


class Settings(BaseModel):
    """All that the server is told. Fields are the variables' names in lower case."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model_path: Path
    model_version: Annotated[str, Field(max_length=63)] = ""
    model_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    model_class: Annotated[str, Field(pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$")] = ""
    model_args: Json[dict[str, Any]] = {}
    allow_pickle: bool = False
    dtype: Literal["float16", "bfloat16", "float32", "float64", "int32", "int64"] = "float32"
    row_shape: Annotated[str, AfterValidator(_row_shape)] = ""
    host: str = "0.0.0.0"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    max_body_bytes: Annotated[int, _maximum(1 << 30)] = 8 << 20
    max_rows: Annotated[int, _maximum(10_000_000)] = 10_000
    max_requests: Annotated[int, _maximum(10_000)] = 32
    body_seconds: Annotated[float, Field(gt=0, le=3600)] = 30
    predict_threads: Annotated[int, _maximum(256)] = 1
    torch_threads: Annotated[int, Field(ge=0, le=1024)] = 0
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    termination_log: Path = Path(TERMINATION_LOG)
    validation_features: str = ""


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. A variable that is empty counts as not set. Raises LoadFailure, which names every variable that is wrong."""
    given = {name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise LoadFailure("SettingsInvalid", "; ".join(map(_sentence, error.errors()))) from error


def _sentence(error: Any) -> str:
    name = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return f"{name} is not set: set it to the file of the model"
    return f"{name}: {error['msg']}"


def termination_log(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the last words go, even where the settings are what is wrong."""
    return Path(environment.get("TERMINATION_LOG") or TERMINATION_LOG)


def available_cpus(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """CPUs that this process may use, at least 1: torch would start a thread for each of the node's."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        limit, period = quota.read_text().split()
        return max(1, min(allowed, -(-int(limit) // int(period))))
    except (OSError, ValueError):
        # Another cgroup version or none; the word max, where there is no limit.
        return allowed
