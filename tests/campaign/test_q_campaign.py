"""Whole campaigns of Q-learning, by the command and with all real processes."""

import subprocess
import sys

import pytest

from also.campaign.journal import Journal
from also.store import open_store

TINY = """
task: {name: foraging, layout: 5x5-2p-1f-coop}
seed: 3
learner:
  {environments: 8, rollout: 10, hidden: 8, layers: 1,
   value_learning: {batch_episodes: 4, batches: 1, replay_env_steps: 1000, epsilon_env_steps: 1000}}
evaluation: {episodes: 8, report_episodes: 8, branch_points: 1}
stages: {count: 2, env_steps: 800, patience: 0}
generator: {candidates: 2}
validation:
  {proof: confirmed, share: 1, rounds: 1, search_seeds: 1, search_env_steps: 80, confirm_env_steps: 80,
   parallel_groups: 1, minimum_gain: 0}
"""

APPROACH = "{name: a, form: potential, target: agent, feature: nearest_food_distance, weight: 0.1}"


def also(environment, *arguments):
    """What the command comes to."""
    return subprocess.run([sys.executable, "-m", "also", *arguments], env=environment, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["vdn", "qmix"])
def test_a_campaign_of_q_learning_runs_to_its_end(real_environment, tmp_path, algorithm):
    """Stages, evidence of its own, branches and a report; and its journal replays to the same decisions."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    environment = real_environment(tmp_path)
    run = also(environment, "run", str(tmp_path / "tiny.yaml"), "--set", f"learner.algorithm={algorithm}", "--json")
    assert run.returncode == 0, run.stderr
    records = Journal(open_store(str(tmp_path / "store"), create=False), "tiny").records
    trained = [record.stage_trained for record in records if record.HasField("stage_trained")]
    assert len(trained) == 2
    for stage in trained:
        assert not stage.evidence.HasField("optimisation")
    assert trained[-1].evidence.value_learning.td_error > 0
    assert trained[-1].evidence.value_learning.epsilon < 1
    assert also(environment, "replay", "tiny").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("learner.epochs=4", "learner.epochs has no effect with algorithm vdn"),
        (
            f"shaping={{terms: [{APPROACH}, {{name: mix, form: credit, target: agent}}]}}",
            "term 'mix': form credit keeps the sum over agents",
        ),
        (
            "task={name: 'examples.simple_spread:make_env', arguments: {continuous_actions: true}}",
            "has continuous actions, and algorithm vdn learns discrete ones",
        ),
    ],
)
def test_what_q_learning_cannot_take_is_one_line_and_nothing_is_written(real_environment, tmp_path, change, message):
    """Settings of PPO, credit among agents that have one reward, and continuous actions."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    arguments = ("--set", "learner.algorithm=vdn", "--set", change)
    run = also(real_environment(tmp_path), "run", str(tmp_path / "tiny.yaml"), *arguments)
    assert run.returncode == 2
    assert message in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "store").exists() or not any((tmp_path / "store").rglob("journal"))
