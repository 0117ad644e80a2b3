"""`also init`: a campaign that ALSO brings, as files of one's own to begin with."""

import shlex
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from also.campaign import spec
from also.errors import InputError

_EXAMPLES = "also.examples"
"""Package of the environments that campaigns of ALSO name by import path."""


def init(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=f"One of {', '.join(spec.brought())}; left out: {spec.DEFAULT}.")
    ] = spec.DEFAULT,
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where to write; left out: the current folder.")
    ] = Path(),
) -> None:
    """Write a campaign file of your own to begin with, and the module of its task where it is an example."""
    found = spec.brought_name(Path(name))
    if found is None:
        raise InputError(f"{name!r} is no campaign that ALSO brings; those are {', '.join(spec.brought())}")
    text = spec.text_of(found)
    contents = {f"{found}.yaml": text}
    task = spec.load(Path(found)).task.name
    if task.startswith(f"{_EXAMPLES}."):
        module = task.removeprefix(f"{_EXAMPLES}.").partition(":")[0]
        contents[f"{module}.py"] = (resources.files(_EXAMPLES) / f"{module}.py").read_text(encoding="utf-8")
        contents[f"{found}.yaml"] = text.replace(f"{_EXAMPLES}.{module}:", f"{module}:")
    files = {folder / file: content for file, content in contents.items()}
    _write(files)
    for file in files:
        print(f"wrote {file}")
    print(f"run it with: also run {shlex.quote(str(next(iter(files))))}")


def _write(files: dict[Path, str]) -> None:
    """Write all of them, or none."""
    for file in files:
        if file.exists() or file.is_symlink():
            raise InputError(f"{file} is there already; nothing was written; name another folder with -o")
    written: list[Path] = []
    try:
        for file, content in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as output:
                written.append(file)
                output.write(content)
    except OSError as error:
        for file in written:
            file.unlink()
        raise InputError(f"{error.filename} cannot be written: {error.strerror}") from None
