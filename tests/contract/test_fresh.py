"""The generated code is what `proto/` gives."""

from tools import generate_proto


def test_generated_code_is_fresh():
    """Generating again changes nothing, and nothing superfluous lies beside it."""
    assert list(generate_proto.changes()) == []


def test_there_is_code_for_every_source():
    """Each `.proto` file has its module, its stub and its services."""
    names = {path.name for path in (generate_proto.ROOT / "also/v1").iterdir()}
    for source in generate_proto.sources():
        stem = source.rsplit("/", 1)[-1].removesuffix(".proto")
        assert {f"{stem}_pb2.py", f"{stem}_pb2.pyi", f"{stem}_pb2_grpc.py"} <= names
