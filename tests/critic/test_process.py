"""The critic as a process of its own."""

import subprocess

import pytest

from also import lifeline, rpc
from also.v1 import critic_pb2_grpc
from also.v1 import diagnosis_pb2 as pb


@pytest.mark.slow
def test_the_process_says_where_it_is_answers_and_ends(tmp_path, foraging, gather, ask):
    """Ready line, one call over TCP, and an end on request with exit code 0."""
    process = lifeline.spawn(
        "also.services.critic", ["--address", "127.0.0.1:0"], log=tmp_path / "critic.log", stdout=subprocess.PIPE
    )
    try:
        with process.stdout:
            word, address = process.stdout.readline().decode().split()
            assert word == rpc.READY
            with rpc.connect(address) as channel:
                stub = critic_pb2_grpc.CriticServiceStub(channel)
                response = rpc.call(stub.Diagnose, ask(foraging, gather(foraging)), seconds=20)
            assert response.diagnosis.phase == pb.LEARNING_PHASE_NO_SIGNAL
    finally:
        lifeline.end([process])
    assert process.returncode == 0
