"""Defaults and ranges: written beside the fields, filled in and checked by one module."""

import math

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from also import limits
from also.errors import DocumentError
from also.v1 import (
    branch_pb2,
    campaign_pb2,
    diagnosis_pb2,
    limits_pb2,
    shaping_pb2,
    task_pb2,
    trainer_pb2,
    verdict_pb2,
)

KINDS = [
    branch_pb2.BranchGroup,
    campaign_pb2.Campaign,
    diagnosis_pb2.Diagnosis,
    shaping_pb2.ShapingConfig,
    task_pb2.TaskCard,
    trainer_pb2.TrainStageRequest,
]


def all_fields(kind):
    """Every field that a message can hold, at all depths, each once."""
    seen, waiting = {}, [kind.DESCRIPTOR]
    while waiting:
        descriptor = waiting.pop()
        for field in descriptor.fields:
            if field.full_name not in seen:
                seen[field.full_name] = field
                if field.message_type is not None and not limits.is_map(field):
                    waiting.append(field.message_type)
    return list(seen.values())


def bounded_fields():
    """Every numeric field of the contract that has a range."""
    found = {}
    for kind in KINDS:
        for field in all_fields(kind):
            bounds = limits.field_limits(field)
            if any(bounds.HasField(name) for name in ("min", "max", "above", "below")):
                found[field.full_name] = field
    return [found[name] for name in sorted(found)]


def outside(field):
    """Values just outside a field's range that the field's type can hold."""
    bounds = limits.field_limits(field)
    real = field.type == FieldDescriptor.TYPE_DOUBLE
    values = []
    if bounds.HasField("min"):
        values.append(math.nextafter(bounds.min, -math.inf) if real else int(bounds.min) - 1)
    if bounds.HasField("above"):
        values.append(bounds.above if real else int(bounds.above))
    if bounds.HasField("max"):
        values.append(math.nextafter(bounds.max, math.inf) if real else int(bounds.max) + 1)
    if bounds.HasField("below"):
        values.append(bounds.below if real else int(bounds.below))
    unsigned = field.type in (FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64)
    return [value for value in values if not (unsigned and value < 0)]


@pytest.fixture
def campaign():
    """A campaign as a person writes it: only the task, and one term of shaping."""
    term = shaping_pb2.ShapingTerm(name="near", form="SHAPING_FORM_EVENT", target="TARGET_KIND_TEAM", weight=0.1)
    term.event.SetInParent()
    return campaign_pb2.Campaign(task=task_pb2.Task(name="foraging"), shaping=shaping_pb2.ShapingConfig(terms=[term]))


def test_every_setting_gets_its_default(campaign):
    """Filling creates all settings and sets every optional field that has a default, at all depths."""
    limits.fill_defaults(campaign)
    missing = []

    def walk(message, path):
        for field in message.DESCRIPTOR.fields:
            bounds = limits.field_limits(field)
            has_default = bounds.HasField("default") or bounds.HasField("default_text")
            if has_default and not message.HasField(field.name):
                missing.append(f"{path}.{field.name}")
            if field.message_type is not None and not limits.is_map(field):
                for suffix, child in limits.children(message, field):
                    walk(child, f"{path}.{field.name}{suffix}")

    walk(campaign, "campaign")
    assert missing == []
    assert campaign.learner.environments == 64
    assert campaign.learner.normalise_observations is True
    assert campaign.learner.algorithm == campaign_pb2.ALGORITHM_MAPPO
    assert campaign.shaping.terms[0].episode_cap == 0.05
    assert campaign.shaping.terms[0].event.threshold == 0.5
    assert campaign.task.workers == 2


def test_only_presets_leave_settings_open(campaign):
    """After filling, the only optional values that are left out are those that a preset sets; no LLM is made up."""
    limits.fill_defaults(campaign)
    assert not campaign.critic.HasField("llm")
    assert not campaign.generator.HasField("llm")
    open_fields = {
        field.full_name
        for name in ("learner", "evaluation", "stages", "critic", "generator", "validation", "guard", "budget")
        for field in getattr(campaign, name).DESCRIPTOR.fields
        if field.message_type is None and field.has_presence and not getattr(campaign, name).HasField(field.name)
    }
    assert {name.rsplit(".", 1)[0] for name in open_fields} == {"also.v1.ValidationSettings"}


def test_defaults_keep_their_own_limits(campaign):
    """A filled campaign passes the check."""
    limits.fill_defaults(campaign)
    limits.check(campaign)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=30)
def test_filling_changes_nothing_that_is_set(messages, data):
    """A filled message still holds everything that was written, and filling it again changes nothing."""
    message = data.draw(messages(campaign_pb2.Campaign))
    filled = campaign_pb2.Campaign.FromString(message.SerializeToString())
    limits.fill_defaults(filled)
    again = campaign_pb2.Campaign.FromString(filled.SerializeToString())
    limits.fill_defaults(again)
    assert again == filled

    def assert_kept(before, after):
        for field, value in before.ListFields():
            if field.message_type is None or limits.is_map(field):
                assert getattr(after, field.name) == value
            else:
                for (_, old), (_, new) in zip(
                    limits.children(before, field), limits.children(after, field), strict=True
                ):
                    assert_kept(old, new)

    assert_kept(message, filled)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=25)
def test_what_keeps_the_limits_passes(messages, kind, data):
    """No message that keeps every limit is refused."""
    limits.check(data.draw(messages(kind)))


@pytest.mark.slow
@pytest.mark.parametrize("field", bounded_fields(), ids=lambda field: field.full_name.removeprefix("also.v1."))
@given(data=st.data())
@settings(max_examples=3)
def test_what_lies_outside_a_range_is_refused(messages, field, data):
    """Just outside each bound, the error names the field, the value and the range."""
    message = data.draw(messages(GetMessageClass(field.containing_type)))
    for value in outside(field):
        setattr(message, field.name, value)
        with pytest.raises(DocumentError) as caught:
            limits.check(message, "here")
        assert (
            str(caught.value) == f"here.{field.name} {value} is outside {limits.interval(limits.field_limits(field))}"
        )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda c: c.ClearField("task"), "task is missing; it must be set"),
        (lambda c: c.task.ClearField("name"), "task.name is missing; it must be set"),
        (lambda c: setattr(c.task, "name", "x" * 201), "task.name has 201 characters; at most 200 are allowed"),
        (lambda c: setattr(c.learner, "gamma", 1.5), "learner.gamma 1.5 is outside [0, 1]"),
        (lambda c: setattr(c.learner, "gamma", float("nan")), "learner.gamma nan is not a finite number"),
        (lambda c: setattr(c.learner, "learning_rate", 0.0), "learner.learning_rate 0.0 is outside (0, 1)"),
        (lambda c: setattr(c, "seed", -1), "seed -1 is outside [0, 9007199254740991]"),
        (lambda c: setattr(c.learner, "algorithm", 0), "learner.algorithm 0 is not a value of Algorithm; allowed"),
        (lambda c: setattr(c.learner, "algorithm", 9), "learner.algorithm 9 is not a value of Algorithm; allowed"),
        (lambda c: setattr(c.shaping.terms[0], "form", 0), "shaping.terms[0].form is missing; it must be set"),
        (lambda c: setattr(c.shaping.terms[0], "name", "Near me"), "shaping.terms[0].name 'Near me' does not match"),
        (
            lambda c: setattr(c.shaping.terms[0].event, "threshold", 2),
            "shaping.terms[0].event.threshold 2.0 is outside",
        ),
        (
            lambda c: c.shaping.terms.extend([c.shaping.terms[0]] * 8),
            "shaping.terms has 9 items; at most 8 are allowed",
        ),
        (
            lambda c: setattr(c.task.arguments["size"], "number", float("inf")),
            "task.arguments.size.number inf is not a finite number",
        ),
        (
            lambda c: setattr(c.task.arguments["text"], "text", "x" * 201),
            "task.arguments.text.text has 201 characters; at most 200 are allowed",
        ),
    ],
)
def test_what_breaks_a_limit_is_said_with_its_path(campaign, change, complaint):
    """Each kind of limit has one clear error."""
    change(campaign)
    with pytest.raises(DocumentError) as caught:
        limits.check(campaign)
    assert complaint in str(caught.value)


def test_an_empty_list_that_is_required_is_missing():
    """A required repeated field needs an item."""
    finding = diagnosis_pb2.Finding(mode="FAILURE_MODE_NONE", remedy="REMEDY_KEEP")
    with pytest.raises(DocumentError, match="citations is missing"):
        limits.check(finding)


def test_a_pattern_covers_the_whole_text():
    """A name that only begins well is refused."""
    candidate = verdict_pb2.Candidate(name="r0-c1; drop")
    with pytest.raises(DocumentError, match=r"name 'r0-c1; drop' does not match"):
        limits.check(candidate)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (limits_pb2.Limits(min=0, max=1), "[0, 1]"),
        (limits_pb2.Limits(above=0, below=1), "(0, 1)"),
        (limits_pb2.Limits(above=0, max=0.5), "(0, 0.5]"),
        (limits_pb2.Limits(min=1), "[1, inf)"),
        (limits_pb2.Limits(max=64), "(-inf, 64]"),
        (limits_pb2.Limits(min=0, max=2**53 - 1), "[0, 9007199254740991]"),
    ],
)
def test_ranges_are_written_exactly(bounds, text):
    """Ranges are shown in mathematical notation, with every digit."""
    assert limits.interval(bounds) == text
