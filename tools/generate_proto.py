"""Generates `also/v1` from `proto/`: `python -m tools.generate_proto [--check]`.

The generated code is checked in, so that users need no protobuf compiler. With `--check` nothing
is written; the exit code is 1 and the stale files are named when something differs.
"""

import argparse
import importlib.resources
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
"""Root of the repository."""

GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")
"""Names of generated files in `also/v1`."""


def sources() -> list[str]:
    """The `.proto` files, as paths below `proto/`, sorted."""
    return sorted(path.relative_to(ROOT / "proto").as_posix() for path in (ROOT / "proto").rglob("*.proto"))


def generate(folder: Path) -> None:
    """Generate `also/v1` under a folder.

    Raises:
        RuntimeError: the compiler refused a source; it has printed why.
    """
    _compile(f"--python_out={folder}", f"--pyi_out={folder}", f"--grpc_python_out={folder}")


def descriptors() -> FileDescriptorSet:
    """The sources as descriptors, with their comments.

    Raises:
        RuntimeError: the compiler refused a source; it has printed why.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "descriptors.binpb"
        _compile("--include_source_info", f"--descriptor_set_out={path}")
        return FileDescriptorSet.FromString(path.read_bytes())


def changes() -> dict[str, bytes | None]:
    """What to write into `also/v1`, by file name, so that it is what the sources give; None is to be removed."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = _contents(Path(folder) / "also/v1")
    present = _contents(ROOT / "also/v1")
    names = sorted(fresh.keys() | present.keys())
    return {name: fresh.get(name) for name in names if fresh.get(name) != present.get(name)}


def main() -> int:
    """Generate, or check."""
    parser = argparse.ArgumentParser(prog="tools.generate_proto", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    only_check = parser.parse_args().check
    changed = changes()
    for name, content in changed.items():
        path = ROOT / "also/v1" / name
        if only_check:
            print(f"also/v1/{name} is not what proto/ gives; run `make proto`", file=sys.stderr)
        elif content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    return 1 if changed and only_check else 0


def _compile(*outputs: str) -> None:
    included = importlib.resources.files("grpc_tools") / "_proto"
    code = protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{included}", *outputs, *sources()])
    if code != 0:
        raise RuntimeError(f"protoc ended with exit code {code}")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for pattern in GENERATED for path in folder.glob(pattern)}


if __name__ == "__main__":
    sys.exit(main())
