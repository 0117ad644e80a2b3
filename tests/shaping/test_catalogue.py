"""`docs/shaping.md` says what the code does: its example is valid, and no form or transform is missing."""

import re
from pathlib import Path

import pytest
import yaml

from also import document, enums
from also.shaping import rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def catalogue() -> str:
    """Text of the catalogue."""
    return (ROOT / "docs" / "shaping.md").read_text()


def test_the_example_is_a_valid_config(catalogue):
    """It can be copied into a campaign file of the foraging task."""
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", catalogue, re.DOTALL)[1])["shaping"]
    card = document.read(task_pb2.TaskCard, yaml.safe_load((ROOT / "tests" / "cards" / "foraging.yaml").read_text()))
    config = document.read(pb.ShapingConfig, example)
    rules.check_config(config, card, 0.99)
    assert len(config.terms) == 2


def test_every_form_transform_schedule_target_and_aggregate_is_in_the_catalogue(catalogue):
    """Each by its short name."""
    for enum in (pb.ShapingForm, pb.TransformKind, pb.ScheduleKind, pb.TargetKind, task_pb2.Aggregate):
        for name in enums.short_names(enum.DESCRIPTOR):
            assert f"`{name}`" in catalogue, name
