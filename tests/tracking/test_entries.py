"""What there is to tell of a campaign."""

from also.campaign.fold import fold
from also.cli.lines import event_line
from also.tracking.entries import TOTAL, about, entries


def test_more_records_change_no_entry(records, given):
    """So a tracker needs to know only how many entries it has."""
    for count in range(1, len(records) + 1):
        found = entries(records[:count], event_line)
        assert found == given[: len(found)]
    assert [entry.number for entry in given] == list(range(len(given)))


def test_returns_milestones_shaping_decisions_and_cost_are_told(records, given):
    """Each over env_steps of the main run, with those of everything beside."""
    state = fold(records)
    by_name = {name: (entry.run_env_steps, value) for entry in given for name, value in entry.scalars.items()}
    final = state.reported.evaluation
    assert by_name["report/return"] == (state.position.run_env_steps, final.returns.mean)
    assert by_name["return/evaluation"][1] == state.stages[-1].mean_return
    assert by_name[TOTAL] == (state.position.run_env_steps, state.env_steps)
    assert any(name.startswith("milestones/") for name in by_name)
    assert any(name.startswith("shaping_weight/") for name in by_name)
    assert any(name.startswith("shaping_share/") for name in by_name)
    branches = sum(each.env_steps for stage in state.stages for each in stage.validations)
    assert by_name["env_steps/branches"][1] == branches > 0
    points = [point for stage in state.stages for point in stage.trained.evidence.curve]
    assert [entry.run_env_steps for entry in given if "return/training" in entry.scalars] == [
        point.env_steps for point in points
    ]
    texts = [entry.text for entry in given if entry.text]
    assert len(texts) == len(records)
    assert any(" promoted " in text for text in texts)


def test_the_first_entries_of_training_count_what_was_spent(given):
    """Before any branch, everything is the main run."""
    first = next(entry for entry in given if "return/training" in entry.scalars)
    assert first.scalars[TOTAL] == first.run_env_steps


def test_what_a_campaign_is_tells_it_from_others_of_its_id(records, told):
    """By its first record; its file is there by dotted path."""
    assert told.config["learner.gamma"] == records[0].started.campaign.learner.gamma
    assert told.task == "foraging/6x6-2p-2f-coop"
    other = type(records[0])()
    other.CopyFrom(records[0])
    other.conductor = "another"
    assert about("some", [other]).identity != told.identity
