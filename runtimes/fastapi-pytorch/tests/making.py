"""Model files of all kinds."""

import json
import pickle
import zipfile
from array import array
from pathlib import Path

import torch

from modules import Churn


def scripted(module: torch.nn.Module, file: Path) -> Path:
    torch.jit.script(module.eval()).save(str(file))
    return file


class Linear(torch.nn.Module):
    """y = 2x + 1, exactly."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows * 2 + 1


def churn(seed: int = 7, **sizes: int) -> Churn:
    torch.manual_seed(seed)
    return Churn(**sizes).eval()


def save_safetensors(tensors: dict[str, torch.Tensor], file: Path) -> Path:
    """Written from the format's description: its own writer needs NumPy."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        part = array("f", tensor.flatten().tolist()).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return file


class Evil:
    """A pickle that would make a file as soon as it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def evil_zip(file: Path, mark: Path) -> Path:
    torch.save({"weight": Evil(mark)}, file)
    return file


def evil_old(file: Path, mark: Path) -> Path:
    torch.save({"weight": Evil(mark)}, file, _use_new_zipfile_serialization=False)
    return file


def evil_raw(file: Path, mark: Path) -> Path:
    file.write_bytes(pickle.dumps(Evil(mark)))
    return file


def evil_torchscript(file: Path, mark: Path, entry: str = "data.pkl") -> Path:
    """A TorchScript file with one of its pickles replaced."""
    original = scripted(Linear(), file.with_suffix(".original"))
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, pickle.dumps(Evil(mark), protocol=2) if name.endswith(f"/{entry}") else source.read(name))
    return file


def evil_export(file: Path, mark: Path) -> Path:
    """As torch.export.save lays it out, with pickles where it has some."""
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("model/archive_format", "pt2")
        target.writestr("model/models/model.json", "{}")
        target.writestr("model/data/weights/model.pt", pickle.dumps(Evil(mark)))
    return file
