"""The body of a request to a tensor: {"features": [row, row, …]}, rows being lists of numbers, or of such lists, all of one shape."""

from array import array
from itertools import chain
from math import isfinite
from typing import Any

import torch
from pydantic_core import from_json

from .refusal import Refusal
from .settings import Settings

MOST_DIMENSIONS = 8
EXAMPLE = 'send {"features": [[1.0], [2.0]]}'


def parse_features(body: bytes, settings: Settings) -> torch.Tensor:
    """A tensor of shape (rows, …) and the type of the settings. Raises Refusal: 400 for what is no JSON, 413 for too many rows, 422 for the rest."""
    rows = _rows(body)
    if len(rows) > settings.max_rows:
        raise Refusal(413, "rows", f"features: has {len(rows)} rows, and no more than {settings.max_rows} are taken at once; send them in several requests")
    values, shape = _flatten(rows)
    _check_row_shape(shape[1:], settings.row_shape)
    return _tensor(values, shape, getattr(torch, settings.dtype))


def _rows(body: bytes) -> list[Any]:
    try:
        call = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise Refusal(400, "json", f"The body is not JSON: {error}; {EXAMPLE}") from error
    if not isinstance(call, dict) or "features" not in call:
        raise _invalid(f"features is missing; {EXAMPLE}")
    if other := sorted(call.keys() - {"features"}):
        raise _invalid(f"{other[0][:60]}: is not known; {EXAMPLE}")
    rows = call["features"]
    if not isinstance(rows, list):
        raise _invalid(f"features: is {_kind(rows)} and must be a list of rows; {EXAMPLE}")
    if not rows:
        raise _invalid("features: has no rows; send at least one")
    if not isinstance(rows[0], list):
        raise _invalid(f"features[0]: is {_kind(rows[0])}; every row is a list, even of one number; {EXAMPLE}")
    return rows


def _flatten(rows: list[Any]) -> tuple[list[float], list[int]]:
    """All numbers one after the other, and the shape. The first item of each level says what all others must be."""
    level, shape = rows, [len(rows)]
    while isinstance(level[0], list):
        size = len(level[0])
        if any(type(item) is not list or len(item) != size for item in level):
            raise _ragged(level, shape, size)
        if size == 0:
            raise _invalid(f"{_place(0, shape)}: is empty")
        if len(shape) == MOST_DIMENSIONS:
            raise _invalid(f"features: has more than {MOST_DIMENSIONS} dimensions")
        level = list(chain.from_iterable(level))
        shape.append(size)
    # Exact types: true and false are integers to Python, and no numbers to a model.
    if not set(map(type, level)) <= {int, float}:
        index = next(index for index, item in enumerate(level) if type(item) not in (int, float))
        raise _invalid(f"{_place(index, shape)}: is {_kind(level[index])} and must be a number")
    return level, shape


def _ragged(level: list[Any], shape: list[int], size: int) -> Refusal:
    index, item = next((index, item) for index, item in enumerate(level) if type(item) is not list or len(item) != size)
    here, first = _place(index, shape), _place(0, shape)
    if not isinstance(item, list):
        return _invalid(f"{here}: is {_kind(item)}, {first} is a list; all must have the same shape")
    return _invalid(f"{here}: has {_count(item)}, {first} has {size}; all must have the same length")


def _count(items: list[Any]) -> str:
    noun = "list" if items and isinstance(items[0], list) else "number"
    return f"{len(items)} {noun}" + ("" if len(items) == 1 else "s")


def _check_row_shape(shape: list[int], wanted: str) -> None:
    sizes = wanted.split(",") if wanted else []
    fits = len(sizes) == len(shape) and all(size in ("*", str(found)) for size, found in zip(sizes, shape, strict=True))
    if sizes and not fits:
        raise _invalid(f"features: rows have the shape {'x'.join(map(str, shape))}, and this model takes {'x'.join(sizes)}")


def _tensor(values: list[float], shape: list[int], dtype: torch.dtype) -> torch.Tensor:
    if not dtype.is_floating_point:
        return _integers(values, shape, dtype)
    try:
        wide = torch.frombuffer(array("d", values), dtype=torch.float64)
    except OverflowError as error:
        raise _too_large(values, shape, dtype) from error
    narrow = wide.to(dtype)
    if not torch.isfinite(narrow).all():
        raise _too_large(values, shape, dtype)
    return narrow.reshape(shape)


def _integers(values: list[float], shape: list[int], dtype: torch.dtype) -> torch.Tensor:
    bounds = torch.iinfo(dtype)
    for index, value in enumerate(values):
        if not isfinite(value) or value != int(value) or not bounds.min <= value <= bounds.max:
            raise _invalid(f"{_place(index, shape)}: {value:.6g} is no {_name(dtype)}, which this model takes")
    return torch.tensor([int(value) for value in values], dtype=dtype).reshape(shape)


def _too_large(values: list[float], shape: list[int], dtype: torch.dtype) -> Refusal:
    largest = torch.finfo(dtype).max
    index = next((index for index, value in enumerate(values) if abs(value) > largest), None)
    place = "features" if index is None else _place(index, shape)
    return _invalid(f"{place}: is too large for {_name(dtype)}, whose largest number is {largest:.4g}")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _place(index: int, shape: list[int]) -> str:
    """Where the item of this number stands in lists of this shape: 3 in [2, 2] is features[1][1]."""
    parts: list[str] = []
    for size in reversed(shape):
        index, at = divmod(index, size)
        parts.append(f"[{at}]")
    return "features" + "".join(reversed(parts))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a string", list: "a list", dict: "an object", int: "a number", float: "a number"}
    return names[type(value)]


def _invalid(sentence: str) -> Refusal:
    return Refusal(422, "features", sentence)
