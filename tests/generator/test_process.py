"""The generator as a process of its own."""

import subprocess

import pytest

from also import lifeline, rpc
from also.v1 import diagnosis_pb2 as pb
from also.v1 import generator_pb2_grpc


@pytest.mark.slow
def test_the_process_says_where_it_is_answers_and_ends(tmp_path, foraging, ask, find):
    """Ready line, one call over TCP, and an end on request with exit code 0."""
    process = lifeline.spawn(
        "also.services.generator", ["--address", "127.0.0.1:0"], log=tmp_path / "generator.log", stdout=subprocess.PIPE
    )
    try:
        with process.stdout:
            word, address = process.stdout.readline().decode().split()
            assert word == rpc.READY
            with rpc.connect(address) as channel:
                stub = generator_pb2_grpc.GeneratorServiceStub(channel)
                response = rpc.call(stub.Propose, ask(foraging, find(pb.REMEDY_EXPLORE)), seconds=20)
            assert [candidate.name for candidate in response.candidates] == ["r0-c0", "r0-c1", "r0-c2", "r0-c3"]
    finally:
        lifeline.end([process])
    assert process.returncode == 0
