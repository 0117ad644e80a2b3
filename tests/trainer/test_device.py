"""The learner's device: what a setting comes to, and what does not depend on it."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from also import keys
from also.services.trainer import checkpoint, determinism, device
from also.services.trainer.branch import process as branch
from also.services.trainer.run import Run
from also.store import Store, open_store
from also.v1.branch_pb2 import BranchGroup
from also.v1.campaign_pb2 import Campaign, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig

PRESENT = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
"""The devices that this machine has: what holds for each is tried on each."""

VARIANTS = [{}, {"algorithm": "ippo"}, {"recurrent": True}, {"scale_rewards": True}]


def asking(name: str) -> LearnerSettings:
    """Settings that ask for a device; "" leaves it out, as an older ALSO did."""
    return LearnerSettings(device=f"DEVICE_{name.upper()}") if name else LearnerSettings()


def advanced(run: Run, updates: int) -> Run:
    for _ in range(updates):
        run.advance()
    return run


def on_a_machine_without_cuda(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a module where CUDA has no device, whatever this machine has."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, timeout=240
    )


def test_a_setting_names_its_device() -> None:
    """`cpu` is the CPU everywhere; `auto`, which is the default, takes a GPU where there is one."""
    best = torch.device("cuda", 0) if "cuda" in PRESENT else torch.device("cpu")
    assert device.resolve(asking("cpu")) == torch.device("cpu")
    assert device.resolve(asking("auto")) == device.resolve(asking("")) == best
    assert device.free_bytes(torch.device("cpu")) is None


@pytest.mark.parametrize("name", PRESENT)
def test_a_device_that_is_there_is_taken_and_told(name: str) -> None:
    """The words begin with the device's name, and say nothing of a choice that was not left open."""
    assert device.resolve(asking(name)).type == name
    assert device.choice_in_words(asking(name)).startswith(name)
    assert "auto" not in device.choice_in_words(asking(name))
    assert "learner.device is auto" in device.choice_in_words(asking("auto"))


@pytest.mark.slow
def test_a_machine_says_what_auto_takes_without_a_campaign() -> None:
    """The module as a command prints one line."""
    done = on_a_machine_without_cuda("also.services.trainer.device")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("cpu, as learner.device is auto and PyTorch ")


@pytest.mark.slow
def test_a_branch_that_asks_for_cuda_where_there_is_none_ends_with_code_2(
    make_group: Callable[..., BranchGroup], campaign: Campaign, tmp_path: Path
) -> None:
    """One line, and nothing new in the store; the same group goes on on the CPU."""
    store = open_store(str(tmp_path / "store"))
    make_group(campaign, store, updates=2)
    before = store.find("")
    given = ["also.services.trainer.branch", "--store", store.uri, "--campaign", "c", "--group", "g", "--device"]
    refused = on_a_machine_without_cuda(*given, "cuda")
    assert refused.returncode == 2
    assert re.fullmatch(
        r"error: learner.device is cuda, but PyTorch \S+ (finds no CUDA device|is built without CUDA); "
        r"allowed here: auto, cpu\n",
        refused.stderr,
    )
    assert store.find("") == before
    taken = on_a_machine_without_cuda(*given, "auto")
    assert taken.returncode == 0
    begun, ended = taken.stderr.splitlines()
    assert ' branches=6 parts=1 updates=0 device="cpu, as learner.device is auto and ' in begun
    assert " event=BranchesEnded " in ended
    assert store.exists(keys.branch_group_result("c", "g"))


@pytest.mark.parametrize("share", ["0", "-1", "many"])
def test_a_share_that_is_no_whole_number_is_refused(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, the value and what is allowed."""
    with pytest.raises(SystemExit) as ended:
        branch.main(["--store", "memory:///", "--campaign", "c", "--group", "g", f"--share={share}"])
    assert ended.value.code == 2
    assert f"argument --share: {share!r} is not allowed; a whole number, at least 1" in capsys.readouterr().err


def test_a_process_that_trains_fixes_what_cuda_sums_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """One workspace of cuBLAS, deterministic kernels and whole float32; a workspace that was chosen stays."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torch.set_float32_matmul_precision("high")
    determinism.prepare()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_float32_matmul_precision() == "highest"
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    determinism.prepare()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_a_checkpoint_does_not_tell_which_device_was_asked_for(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig, store: Store
) -> None:
    """Equal training under another setting has the same id, and each loads the other's; so it does without any."""
    ids = set()
    campaigns = [make_campaign(device="cpu"), make_campaign(device="cpu"), make_campaign(device="cpu")]
    for name, campaign in zip(("cpu", "auto", ""), campaigns, strict=True):
        run = advanced(Run.start(campaigns[0], [potential], [4]), 1)
        campaign.learner.ClearField("device")
        campaign.learner.MergeFrom(asking(name))
        ids.add(checkpoint.save(store, "c", campaign, run.task.card, run.snapshots()[0]))
    (saved,) = ids
    for campaign in (*campaigns, make_campaign(device="cuda")):
        assert checkpoint.load(store, "c", campaign, run.task.card, saved).updates == 1


@pytest.mark.slow
@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("name", PRESENT)
def test_a_null_branch_is_bit_identical_on_each_device(
    make_campaign: Callable[..., Campaign],
    event: ShapingConfig,
    equal: Callable[..., None],
    store: Store,
    name: str,
    settings: dict[str, object],
) -> None:
    """Through the object store, in the middle of episodes, with shaping that keeps state."""
    campaign = make_campaign(device=name, **settings)
    main = advanced(Run.start(campaign, [event], [3]), 2)
    assert main.device.type == name
    saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
    advanced(main, 2)
    loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    null = advanced(Run.restore(campaign, [event], [loaded], [None]), 2)
    equal(main.snapshots()[0].tensors, null.snapshots()[0].tensors)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(PRESENT, PRESENT)))
def test_a_checkpoint_moves_from_each_device_to_each(
    make_campaign: Callable[..., Campaign],
    event: ShapingConfig,
    equal: Callable[..., None],
    store: Store,
    first: str,
    second: str,
) -> None:
    """What is loaded on the other device is what was saved, saves to the same id, and learns on there."""
    campaign, other = make_campaign(device=first), make_campaign(device=second)
    run = advanced(Run.start(campaign, [event], [3]), 2)
    snapshot = run.snapshots()[0]
    saved = checkpoint.save(store, "c", campaign, run.task.card, snapshot)
    moved = Run.restore(other, [event], [checkpoint.load(store, "c", other, run.task.card, saved)], [None])
    assert moved.device.type == second
    equal(snapshot.tensors, moved.snapshots()[0].tensors)
    assert checkpoint.save(store, "c", other, run.task.card, moved.snapshots()[0]) == saved
    assert advanced(moved, 1).finite.all()
