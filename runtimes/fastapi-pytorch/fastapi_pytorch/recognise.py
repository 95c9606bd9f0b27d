"""What a model file is, by its content: names lie. Nothing is unpickled here."""

import tarfile
import zipfile
from pathlib import Path
from typing import Literal

from .failure import LoadFailure

Format = Literal["torchscript", "safetensors", "pickle"]

TO_TORCHSCRIPT = "Convert it where it was trained: torch.jit.script(model).save('model.pt'), or torch.jit.trace."
LARGEST_HEADER = 100_000_000
"""Bytes of a safetensors header, as its own readers limit it."""


def recognise(path: Path) -> Format:
    """The format of the file. Raises LoadFailure for those that are not served, with the remedy."""
    size = path.stat().st_size
    if size == 0:
        raise LoadFailure("ModelDamaged", f"{path.name} is empty; look at the model's URI")
    with path.open("rb") as file:
        head = file.read(9)
    if head.startswith(b"PK\x03\x04"):
        return _format_of_zip(path)
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") <= min(size - 8, LARGEST_HEADER):
        return "safetensors"
    # torch reads such files with an unrestricted unpickler in releases before 2.6, whatever it is told (CVE-2025-32434).
    if tarfile.is_tarfile(path):
        raise LoadFailure("FormatUnsupported", f"{path.name} is a tar file, perhaps of PyTorch before 0.4, or an archive; give the model file itself. {TO_TORCHSCRIPT}")
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    raise LoadFailure("FormatUnsupported", f"{path.name} is neither TorchScript, safetensors nor a file of torch.save; look at what its URI leads to. {TO_TORCHSCRIPT}")


def _format_of_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise LoadFailure("ModelDamaged", f"{path.name} begins as a zip file and is none ({error}): it was cut, or is not what was uploaded; upload it again") from error
    # torch puts everything into one folder, whose name is that of the file at saving.
    inner = {name.partition("/")[2] for name in names}
    if "data.pkl" in inner and "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        return "torchscript"
    if inner & {"archive_format", "models/model.json"} or "serialized_exported_program.json" in inner | set(names):
        raise LoadFailure("FormatUnsupported", f"{path.name} is a torch.export program (.pt2), and its loader runs whatever pickles are in it. {TO_TORCHSCRIPT}")
    if "data.pkl" in inner:
        return "pickle"
    if "MAR-INF/MANIFEST.json" in names:
        raise LoadFailure("FormatUnsupported", f"{path.name} is a model archive of TorchServe: use the runtime torchserve, or give the TorchScript file in it")
    raise LoadFailure("FormatUnsupported", f"{path.name} is a zip file, and no model: give the model file itself. {TO_TORCHSCRIPT}")
