"""A store in a folder, a small campaign, and branch groups that are rehearsed instead of trained."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from also import document, presets, rpc
from also.forks.starter import ForkServer
from also.services.trainer.service import Trainer
from also.services.trainer.tasks.opening import describe
from also.services.validator.launch.processes import Processes
from also.shaping.identity import config_hash
from also.store import Store, open_store
from also.v1 import trainer_pb2_grpc
from also.v1.branch_pb2 import Branch, BranchGroup, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import TrainStageRequest
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import Candidate
from tools.loopback import served

REHEARSED_WITH = ["also.lifeline", "also.shaping.identity", "also.store", "also.v1.branch_pb2"]
"""Modules that `rehearsal` imports."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store that other processes can open."""
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def make_campaign() -> Callable[..., Campaign]:
    """Builds a small campaign; keyword arguments are validation settings."""

    def make(**validation: Any) -> Campaign:
        settings = {
            "search_rungs": 1,
            "search_seeds": 2,
            "search_env_steps": 80,
            "confirm_seeds": 5,
            "confirm_waves": 1,
            "confirm_env_steps": 80,
            "race_env_steps": 80,
            "proof": "confirmed",
        }
        campaign = document.read(
            Campaign,
            {
                "task": {"name": "foraging", "layout": "5x5-2p-1f-coop"},
                "seed": 7,
                "learner": {"environments": 4, "rollout": 10, "epochs": 1, "minibatches": 1, "hidden": 8, "layers": 1},
                "evaluation": {"episodes": 4, "branch_points": 2},
                "validation": settings | validation,
            },
        )
        presets.resolve(campaign)
        return campaign

    return make


@pytest.fixture
def make_config() -> Callable[..., ShapingConfig]:
    """Builds a config of one potential term; keyword arguments change the term."""

    def make(weight: float = 0.5, **changes: Any) -> ShapingConfig:
        term = {
            "name": "approach",
            "form": "potential",
            "target": "team",
            "feature": "team_food_distance",
            "weight": weight,
        }
        return document.read(ShapingConfig, {"terms": [term | changes]})

    return make


@pytest.fixture
def make_candidate(make_config: Callable[..., ShapingConfig]) -> Callable[..., Candidate]:
    """Builds candidate `number` of round 0, each with another weight; keyword arguments change its term."""

    def make(number: int, **changes: Any) -> Candidate:
        config = make_config(**{"weight": (number + 1) / 8, **changes})
        return Candidate(name=f"r0-c{number}", config=config, config_hash=config_hash(config), finding=-1)

    return make


@pytest.fixture
def make_group(
    make_campaign: Callable[..., Campaign], make_config: Callable[..., ShapingConfig]
) -> Callable[[str], BranchGroup]:
    """Builds a branch group of control and one candidate, by its name."""

    def make(name: str) -> BranchGroup:
        return BranchGroup(
            campaign_id="c",
            name=name,
            campaign=make_campaign(),
            pool=SeedPool.SEED_POOL_SEARCH,
            branches=[
                Branch(arm="control", seed=1, checkpoint_id="start"),
                Branch(arm="r0-c0", seed=1, checkpoint_id="start", config=make_config()),
            ],
            env_steps=80,
        )

    return make


class Rehearsal:
    """What rehearsed branch groups do, and what they did."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "rehearsal.json"
        self._starts = folder / "starts"
        self.behave()

    def behave(self, **behaviour: Any) -> None:
        """What groups do from now on; see `rehearsal.py`."""
        self.script.write_text(json.dumps(behaviour))

    @property
    def starts(self) -> list[tuple[str, int]]:
        """Group and process id of every start so far."""
        if not self._starts.exists():
            return []
        lines = [line.split() for line in self._starts.read_text().splitlines()]
        return [(name, int(number)) for name, number in lines]

    @property
    def places(self) -> list[str]:
        """Group, device and share that every start so far was told."""
        return self.script.with_name("places").read_text().splitlines()


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """Makes `python -m rehearsal` work for child processes."""
    rehearsal = Rehearsal(tmp_path)
    monkeypatch.setenv("REHEARSAL", str(rehearsal.script))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return rehearsal


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """A fork server that has loaded what a rehearsed branch group needs."""
    server = ForkServer(REHEARSED_WITH, log=tmp_path_factory.mktemp("fork-server") / "log")
    yield server
    server.close()


@pytest.fixture
def starter(fork_server: ForkServer) -> ForkServer | None:
    """What starts the launcher's processes; None starts each anew."""
    return fork_server


@pytest.fixture
def make_launcher(
    store: Store, tmp_path: Path, rehearsal: Rehearsal, starter: ForkServer | None
) -> Callable[..., Processes]:
    """Builds a launcher of rehearsed branch groups; keyword arguments change it."""
    settled = {"store": store, "logs": tmp_path / "logs", "parallel": 2, "module": "rehearsal", "server": starter}

    def make(**changes: Any) -> Processes:
        return Processes(**settled | changes)

    return make


@pytest.fixture
def trainer(store: Store) -> Iterator[trainer_pb2_grpc.TrainerServiceStub]:
    """A real trainer, called through a real channel."""
    register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, Trainer(lambda: store))
    with served(register) as address, rpc.connect(address) as channel:
        yield trainer_pb2_grpc.TrainerServiceStub(channel)


@pytest.fixture
def make_request(
    trainer: trainer_pb2_grpc.TrainerServiceStub,
    make_campaign: Callable[..., Campaign],
    make_candidate: Callable[..., Candidate],
) -> Callable[..., ValidateRequest]:
    """Builds a round of two candidates after a stage of one update; keyword arguments are validation settings."""

    def make(env_steps_left: int = 10**6, **validation: float) -> ValidateRequest:
        campaign = make_campaign(**validation)
        stage = TrainStageRequest(campaign_id="c", run="main", campaign=campaign, env_steps=40)
        *_, last = rpc.stream(trainer.TrainStage, stage, seconds=60)
        return ValidateRequest(
            campaign_id="c",
            campaign=campaign,
            card=describe(campaign.task),
            checkpoint_id=last.result.checkpoint_id,
            candidates=[make_candidate(0), make_candidate(1)],
            env_steps_left=env_steps_left,
        )

    return make
