"""The texts that an LLM reads say what the contract says."""

import re

import pytest

from also import enums
from also.briefing.prompt import text
from also.v1 import diagnosis_pb2, evidence_pb2, shaping_pb2, task_pb2
from also.v1.critic_pb2 import StageOutcome
from also.v1.verdict_pb2 import Outcome


@pytest.mark.parametrize("enum", [diagnosis_pb2.LearningPhase, diagnosis_pb2.FailureMode, diagnosis_pb2.Remedy])
def test_every_phase_mode_and_remedy_has_its_line(enum):
    """One line for each value of the enum, and no line for another."""
    lines = [line.split(":")[0].removeprefix("- ") for line in text("phases").splitlines() if line.startswith("- ")]
    assert set(enums.short_names(enum.DESCRIPTOR)) <= set(lines)
    kinds = (diagnosis_pb2.LearningPhase, diagnosis_pb2.FailureMode, diagnosis_pb2.Remedy)
    assert sorted(lines) == sorted(name for kind in kinds for name in enums.short_names(kind.DESCRIPTOR))


@pytest.mark.parametrize(
    "enum",
    [shaping_pb2.ShapingForm, shaping_pb2.TransformKind, shaping_pb2.TargetKind, shaping_pb2.ScheduleKind,
     shaping_pb2.Comparison, task_pb2.Aggregate],
)  # fmt: skip
def test_the_catalogue_names_every_choice(enum):
    """What a config may say is in the catalogue."""
    words = set(re.findall(r"\w+", text("catalogue")))
    assert set(enums.short_names(enum.DESCRIPTOR)) <= words


def test_the_guide_to_evidence_explains_every_column():
    """Each number that a table can show is said to be something."""
    guide = text("evidence")
    evidence = evidence_pb2.Evidence.DESCRIPTOR.fields_by_name
    for table in ("milestones", "agents", "terms"):
        assert f"[{table}]" in guide
        for field in evidence[table].message_type.fields:
            if field.cpp_type == field.CPPTYPE_DOUBLE and not field.is_repeated:
                assert field.name in guide, field.name


@pytest.mark.parametrize("enum", [StageOutcome, Outcome])
def test_the_guide_to_history_explains_every_outcome(enum):
    """However a stage or a trial ended, the guide has the word."""
    guide = text("history")
    assert [name for name in enums.short_names(enum.DESCRIPTOR) if name not in guide] == []
