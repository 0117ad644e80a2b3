"""What people take away of a campaign: its policy, in a program without ALSO, and pictures of how it plays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from also.settings import child_environment

ROOT = Path(__file__).parents[2]

CAMPAIGN = """
task: {name: foraging, layout: 5x5-2p-1f-coop}
learner: {environments: 4, rollout: 10, hidden: 8, layers: 1, recurrent: true}
evaluation: {episodes: 2, report_episodes: 6}
stages: {count: 1, env_steps: 80}
budget: {env_steps: 1000}
"""

LOADER = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("also", "torch", "onnx", "safetensors", "google"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refused())
sys.argv = ["load_policy.py", "policy"]
exec(compile(open(EXAMPLE).read(), EXAMPLE, "exec"), {"__name__": "__main__"})
"""
"""The example, where only what it may need can be imported."""


@pytest.mark.slow
@pytest.mark.timeout(900)  # it starts services five times
def test_a_campaign_gives_its_policy_and_pictures_of_it(also, tmp_path):
    """Exported, loaded by the example without ALSO, played as a page, as text and in its report."""
    (tmp_path / "small.yaml").write_text(CAMPAIGN, encoding="utf-8")
    assert also("run", "small.yaml")[0] == 0

    code, out, _ = also("export", "--policy", "small", "-o", "policy")
    assert (code, out) == (
        0,
        "policy: policy.json, policy.safetensors, policy.onnx; 2 agents of foraging/5x5-2p-1f-coop\n",
    )
    about = json.loads((tmp_path / "policy" / "policy.json").read_text(encoding="utf-8"))
    assert (about["agents"], about["memory_size"], about["acting"]) == (["agent_0", "agent_1"], 8, "sampled")
    source = LOADER.replace("EXAMPLE", repr(str(ROOT / "examples" / "load_policy.py")))
    loaded = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=child_environment(PYTHONPATH=""),
    )
    assert loaded.returncode == 0, loaded.stderr
    actions = loaded.stdout.splitlines()[-1]
    assert all(0 <= int(each) < 6 for each in actions.strip("[]").split())

    before = sorted((tmp_path / "policy").iterdir())
    code, _, said = also("export", "--policy", "small", "-o", "policy")
    assert code == 2
    assert "folder policy is not empty" in said
    assert sorted((tmp_path / "policy").iterdir()) == before

    checkpoint = about["checkpoint_id"]
    code, out, _ = also("play", checkpoint, "--campaign", "small", "-o", "shown/team.html")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["best", "median", "worst", "shown/team.html:"]
    page = (tmp_path / "shown" / "team.html").read_text(encoding="utf-8")
    assert all(f'"name":"{name}"' in page for name in ("best", "median", "worst"))
    code, out, _ = also("play", "small", "--episode", "worst")
    assert code == 0
    assert out.startswith("worst of 6 report episodes: return ")
    assert "env_step 0 of " in out
    assert "1L" in out

    store = sorted((tmp_path / "store").rglob("*"))
    code, out, _ = also("report", "small", "-o", "small.html", "--episodes")
    assert (code, out.split(":")[0]) == (0, "small.html")
    report = (tmp_path / "small.html").read_text(encoding="utf-8")
    assert all(f'"name":"{name}"' in report for name in ("best", "median", "worst"))
    assert sorted((tmp_path / "store").rglob("*")) == store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("missing", "arguments", "message"),
    [
        ("onnx", ["export", "--policy", "x", "-o", "made"], "needs onnx: pip install 'also-marl[export]'"),
        (
            "safetensors",
            ["export", "--policy", "x", "-o", "made"],
            "needs safetensors: pip install 'also-marl[export]'",
        ),
        ("numpy", ["compare", "x"], "comparisons need numpy: pip install 'also-marl[report]'"),
        ("matplotlib", ["compare", "x", "-o", "c.png"], "curves need matplotlib: pip install 'also-marl[report]'"),
        (
            "tensorboard",
            ["log", "x", "--tensorboard", "t"],
            "--tensorboard needs tensorboard: pip install 'also-marl[ten",
        ),
        ("wandb", ["log", "x", "--wandb", "p"], "--wandb needs wandb: pip install 'also-marl[wandb]'"),
        ("PIL", ["play", "x", "-o", "made.gif"], "pictures need PIL: pip install 'also-marl[report]'"),
        ("av", ["play", "x", "-o", "made.mp4"], "videos need av: pip install 'also-marl[video]'"),
        ("PIL", ["report", "x", "-o", "a.html", "--episodes"], "pictures need PIL: pip install 'also-marl[report]'"),
    ],
)
def test_a_missing_extra_is_one_line_that_says_what_to_install(tmp_path, missing, arguments, message):
    """Where what an extra brings is not installed, nothing is begun."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / f"{missing}.py").write_text(f"raise ModuleNotFoundError('no', name={missing!r})")
    environment = child_environment(PYTHONPATH=os.pathsep.join((str(hidden), str(ROOT))))
    found = subprocess.run(
        [sys.executable, "-m", "also", *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert found.returncode == 2, found.stderr
    assert message in found.stderr
    assert found.stderr.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["hidden"]
