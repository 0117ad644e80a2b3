"""The conductor over real gRPC servers that give recorded answers."""

import shutil
from pathlib import Path

import pytest

from also import keys
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.campaign.patience import REMOTE_TRIES
from also.campaign.processes import Services
from also.campaign.replay import differences
from also.campaign.run import Conductor, run
from also.errors import (
    CampaignError,
    CheckpointError,
    DeviceError,
    MemoryNeedError,
    ServiceError,
    ServiceUnavailable,
    ShapingError,
    TaskError,
)
from also.shaping.identity import config_hash
from also.store import open_store
from also.v1.campaign_pb2 import Device
from also.v1.journal_pb2 import HoldReason
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm


def events(records):
    """Events of records."""
    return [event_of(record) for record in records]


@pytest.fixture
def conduct(listener):
    """Runs a campaign as `run` does, without pauses between tries."""

    def conduct(campaign, settings):
        journal = Journal(open_store(settings.store), "one")
        if not journal.records:
            return run(campaign, "one", settings, listener)
        with Services(settings, Path(settings.logs), listener.note, pause_seconds=0) as services:
            return Conductor(journal, fold(journal.records), services, listener).conduct()

    return conduct


def test_a_campaign_runs_to_its_end(serve, new_world, new_campaign, played, listener):
    """Over gRPC it comes to the same records as without any service."""
    campaign = new_campaign(**{"stages.count": 3})
    settings = serve(new_world())
    state = run(campaign, "one", settings, listener)
    assert state.finished is not None
    assert events(Journal(open_store(settings.store), "one").records) == events(played(new_world(), campaign))
    assert listener.records == Journal(open_store(settings.store), "one").records


def test_a_finished_campaign_is_shown_and_not_run_again(serve, new_world, new_campaign, listener):
    """The same command a second time asks no service for anything."""
    world = new_world()
    settings = serve(world)
    first = run(new_campaign(), "one", settings, listener)
    world.asked.clear()
    assert run(new_campaign(), "one", settings, listener) == first
    assert world.asked == []


@pytest.mark.slow
def test_a_campaign_goes_on_from_any_record_to_the_same_end(serve, new_world, new_campaign, listener, tmp_path):
    """Wherever a conductor was killed, the next one repeats no decision and loses none."""
    campaign = new_campaign()
    settings = serve(new_world())
    run(campaign, "one", settings, listener)
    journal = tmp_path / "store" / keys.journal("one")
    whole = sorted(journal.iterdir())
    expected = events(Journal(open_store(settings.store), "one").records)
    kept = tmp_path / "kept"
    for count in range(1, len(whole)):
        shutil.copytree(journal, kept)
        for path in whole[count:]:
            path.unlink()
        run(campaign, "one", settings, listener)
        assert events(Journal(open_store(settings.store), "one").records) == expected
        shutil.rmtree(journal)
        kept.rename(journal)


def test_an_id_that_holds_another_campaign_is_refused(serve, new_world, new_campaign, listener):
    """The error names what differs, and nothing is written."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    before = open_store(settings.store).find("")
    with pytest.raises(CampaignError, match=r"another campaign \(seed: 0 stored, 5 given\)"):
        run(new_campaign(seed=5), "one", settings, listener)
    assert open_store(settings.store).find("") == before


def test_nothing_is_written_for_a_device_that_is_not_there(serve, new_world, new_campaign, listener):
    """The trainer's refusal reaches the caller as its own class, before there is a store."""
    refusal = DeviceError("learner.device is cuda, but there is none")
    settings = serve(new_world(refuses=lambda method: refusal if method == "CheckTrainer" else None))
    with pytest.raises(DeviceError, match=r"learner\.device is cuda, but there is none"):
        run(new_campaign(**{"learner.device": Device.DEVICE_CUDA}), "one", settings, listener)
    assert not Path(settings.store).exists()


def test_nothing_is_written_for_a_campaign_that_takes_too_much_memory(serve, new_world, new_campaign, listener):
    """The trainer's refusal reaches the caller as its own class, before there is a store."""
    refusal = MemoryNeedError("training takes about 72.0 GiB of memory")
    settings = serve(new_world(refuses=lambda method: refusal if method == "CheckTrainer" else None))
    with pytest.raises(MemoryNeedError, match=r"takes about 72\.0 GiB"):
        run(new_campaign(), "one", settings, listener)
    assert not Path(settings.store).exists()


def test_memory_is_estimated_once_and_told(serve, new_world, new_campaign, listener):
    """For a new campaign, with its card; one that goes on has begun already."""
    settings = serve(new_world(memory="training takes about 10.0 GiB of memory"))
    run(new_campaign(), "one", settings, listener)
    assert listener.notes == ["the trainer computes on cpu", "training takes about 10.0 GiB of memory"]
    store = open_store(settings.store)
    for key in store.find(keys.journal("one"))[1:]:
        store.delete(key)
    listener.notes.clear()
    run(new_campaign(), "one", settings, listener)
    assert listener.notes == ["the trainer computes on cpu"]


@pytest.mark.slow
def test_a_feature_that_is_clipped_is_told_once(serve, new_world, new_campaign, listener):
    """With the share and the range; not in every stage, and not where it is little."""
    run(new_campaign(**{"stages.count": 3}), "one", serve(new_world(clipped=0.82)), listener)
    (told,) = [note for note in listener.notes if "clipped" in note]
    assert "82% of the values of feature 'distance' lie outside its range [0, 1]" in told
    listener.notes.clear()
    run(new_campaign(**{"stages.count": 3}), "two", serve(new_world(clipped=0.04)), listener)
    assert not any("clipped" in note for note in listener.notes)


def test_every_stage_of_every_run_is_trained_with_the_journals_card(serve, new_world, new_campaign, listener):
    """The main run's and those of the runs beside it."""
    world = new_world()
    settings = serve(world)
    run(new_campaign(**{"stages.count": 2, "reference.enabled": True}), "one", settings, listener)
    stored = Journal(open_store(settings.store), "one").records[0].started.card
    assert len(world.cards) > 2
    assert all(card == stored for card in world.cards)


def test_a_campaign_goes_on_on_another_device(serve, new_world, new_campaign, listener):
    """The device that is given counts from then on, the journal keeps the first, and the rest is the same."""
    world = new_world()
    settings = serve(world)
    run(new_campaign(**{"learner.device": Device.DEVICE_CUDA}), "one", settings, listener)
    store = open_store(settings.store)
    expected = events(Journal(store, "one").records)
    for key in store.find(keys.journal("one"))[1:]:
        store.delete(key)
    world.devices.clear()
    listener.notes.clear()
    run(new_campaign(**{"learner.device": Device.DEVICE_CPU}), "one", settings, listener)
    assert world.devices == {Device.DEVICE_CPU}
    assert listener.notes == ["the trainer computes on cpu"]
    records = Journal(store, "one").records
    assert events(records) == expected
    assert records[0].started.campaign.learner.device == Device.DEVICE_CUDA
    assert list(differences(records)) == []


def test_nothing_is_written_for_a_task_that_cannot_be_built(serve, new_world, new_campaign, listener):
    """The trainer's refusal reaches the caller as its own class, before there is a store."""
    settings = serve(new_world(refuses=lambda method: TaskError("there is no task 'x'")))
    with pytest.raises(TaskError, match="there is no task 'x'"):
        run(new_campaign(), "one", settings, listener)
    assert not Path(settings.store).exists()


def test_nothing_is_written_for_an_initial_shaping_that_breaks_a_rule(serve, new_world, new_campaign, listener):
    """An incumbent of stage 0 is held against the task's card like any candidate."""
    settings = serve(new_world())
    campaign = new_campaign()
    campaign.shaping.CopyFrom(
        ShapingConfig(terms=[ShapingTerm(name="x", form=1, target=3, feature="no_such_feature", weight=0.1)])
    )
    with pytest.raises(ShapingError, match="no_such_feature"):
        run(campaign, "one", settings, listener)
    assert not Path(settings.store).exists()


def failing(method, error, times):
    """Refuses a method's first calls."""
    left = [times]

    def refuses(called):
        if called.startswith(method) and left[0] > 0:
            left[0] -= 1
            return error
        return None

    return refuses


@pytest.mark.slow
@pytest.mark.parametrize("method", ["TrainStage", "Diagnose", "Propose", "Validate", "Evaluate"])
def test_a_step_is_taken_again_when_its_service_dies(serve, new_world, new_campaign, played, conduct, listener, method):
    """A service that was away for a moment changes nothing but a note."""
    campaign = new_campaign()
    settings = serve(new_world(refuses=failing(method, ServiceUnavailable("gone"), REMOTE_TRIES - 1)))
    _begin(settings, campaign, played, new_world)
    state = conduct(campaign, settings)
    assert state.finished is not None
    assert not any(stage.decision is None for stage in state.stages)
    assert events(Journal(open_store(settings.store), "one").records) == events(played(new_world(), campaign))
    assert len([note for note in listener.notes if "gone" in note]) == REMOTE_TRIES - 1


def _begin(settings, campaign, played, new_world):
    """Write the first record."""
    journal = Journal(open_store(settings.store), "one")
    journal.append(journal.draft(event_of(played(new_world(), campaign)[0])))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["TrainStage", "Validate", "Evaluate"])
def test_a_step_is_given_up_after_tries_without_progress(serve, new_world, new_campaign, played, conduct, method):
    """The error names the service and its log, and what was decided before stays."""
    campaign = new_campaign()
    settings = serve(new_world(refuses=failing(method, ServiceUnavailable("gone"), 1000)))
    _begin(settings, campaign, played, new_world)
    with pytest.raises(ServiceError, match=f"gone; {REMOTE_TRIES} tries brought no progress; see "):
        conduct(campaign, settings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "reason"), [("Diagnose", "HOLD_REASON_CRITIC_FAILED"), ("Propose", "HOLD_REASON_GENERATOR_FAILED")]
)
@pytest.mark.parametrize("error", [ServiceUnavailable("gone"), ServiceError("no idea"), ShapingError("too many")])
def test_a_mind_that_fails_for_good_holds_the_stage(
    serve, new_world, new_campaign, played, conduct, method, reason, error
):
    """Training goes on without critic or generator, and the journal says why."""
    campaign = new_campaign()
    settings = serve(new_world(refuses=failing(method, error, 1000)))
    _begin(settings, campaign, played, new_world)
    state = conduct(campaign, settings)
    assert [HoldReason.Name(stage.decision.reason) for stage in state.stages] == [reason, reason]
    assert str(error) in state.stages[0].decision.detail
    assert list(differences(Journal(open_store(settings.store), "one").records)) == []


def test_a_refused_step_ends_the_run_with_the_services_own_error(serve, new_world, new_campaign, played, conduct):
    """A damaged checkpoint is the caller's to repair; it is not tried again."""
    campaign = new_campaign()
    world = new_world(refuses=failing("TrainStage main 1", CheckpointError("checkpoint abc is damaged"), 1))
    settings = serve(world)
    _begin(settings, campaign, played, new_world)
    with pytest.raises(CheckpointError, match="checkpoint abc is damaged"):
        conduct(campaign, settings)
    assert conduct(campaign, settings).finished is not None


def test_a_stage_trained_under_another_config_is_refused(serve, new_world, new_campaign, listener):
    """The live learner's hash must be the incumbent's."""
    world = new_world()
    train = world.train

    def wrong(request):
        result = train(request)
        result.config_hash = "0" * 64
        return result

    world.train = wrong
    settings = serve(world)
    with pytest.raises(ServiceError, match=f"under shaping config {'0' * 64}; {config_hash(ShapingConfig())}"):
        run(new_campaign(), "one", settings, listener)
    assert len(Journal(open_store(settings.store), "one").records) == 1


def test_an_answer_that_cannot_follow_is_not_written(serve, new_world, new_campaign, listener):
    """A validation that adopts a checkpoint of none of its branches is the validator's fault."""
    world = new_world()
    validate = world.validate

    def wrong(request):
        result = validate(request)
        result.adopted_checkpoint_id = "unknown"
        return result

    world.validate = wrong
    settings = serve(world)
    with pytest.raises(ServiceError, match="checkpoint unknown belongs to none of its branches"):
        run(new_campaign(), "one", settings, listener)


def test_the_second_conductor_stops(serve, new_world, new_campaign, listener, played):
    """While two are running, the one that loses a record's number ends, and the journal stays one chain."""
    campaign = new_campaign()
    world = new_world()
    settings = serve(world)
    _begin(settings, campaign, played, new_world)
    train = world.train

    def overtaken(request):
        world.train = train
        run(campaign, "one", settings, listener)
        return train(request)

    world.train = overtaken
    with pytest.raises(CampaignError, match="another conductor is running campaign 'one'"):
        run(campaign, "one", settings, listener)
    records = Journal(open_store(settings.store), "one").records
    assert events(records) == events(played(new_world(), campaign))


def test_the_reference_trains_for_exactly_what_the_campaign_spent(serve, new_world, new_campaign, listener):
    """Whole slices of a stage's length, then the remainder; unshaped, and evaluated beside the final policy."""
    world = new_world()
    settings = serve(world)
    state = run(new_campaign(**{"reference.enabled": True}), "one", settings, listener)
    slices = [name.split()[2:] for name in world.asked if name.startswith("TrainStage reference")]
    assert [int(number) for number, _ in slices] == list(range(len(slices)))
    assert [int(env_steps) for _, env_steps in slices[:-1]] == [1000] * (len(slices) - 1)
    assert sum(int(env_steps) for _, env_steps in slices) == state.env_steps
    assert state.reported.reference_env_steps == state.reported.env_steps == state.env_steps
    assert state.reported.reference.checkpoint_id.startswith("reference")


def test_the_reference_never_runs_ahead_of_the_campaign(serve, new_world, new_campaign, listener, tmp_path):
    """No slice ends beyond the env_steps that the journal says were spent by then."""
    ends = []

    def listen(method):
        if method.startswith("TrainStage reference"):
            number, env_steps = map(int, method.split()[2:])
            spent = fold(Journal(open_store(str(tmp_path / "store")), "one").records).env_steps
            ends.append((number * 1000 + env_steps, spent))

    settings = serve(new_world(refuses=listen))
    run(new_campaign(**{"reference.enabled": True}), "one", settings, listener)
    assert ends
    assert all(end <= spent for end, spent in ends)


def test_the_one_shot_run_trains_under_the_first_candidate_for_what_the_campaign_spent(
    serve, new_world, new_campaign, listener
):
    """From its first env_step to the campaign's total, in slices like the reference's; it is evaluated beside it."""
    world = new_world()
    configs, train = {}, world.train

    def listened(request):
        configs.setdefault(request.run, []).append(request.config)
        return train(request)

    world.train = listened
    settings = serve(world)
    campaign = new_campaign(**{"reference.enabled": True, "reference.one_shot": True})
    state = run(campaign, "one", settings, listener)
    first = state.stages[0].rounds[0].candidates[0].config
    assert state.first_proposed == first
    slices = [name.split()[2:] for name in world.asked if name.startswith("TrainStage one-shot")]
    assert [int(number) for number, _ in slices] == list(range(len(slices)))
    assert [int(env_steps) for _, env_steps in slices[:-1]] == [1000] * (len(slices) - 1)
    assert sum(int(env_steps) for _, env_steps in slices) == state.env_steps == state.reported.one_shot_env_steps
    assert configs["one-shot"] == [first] * len(slices)
    assert set(map(config_hash, configs["reference"])) == {config_hash(ShapingConfig())}
    assert state.reported.one_shot.checkpoint_id.startswith("one-shot")
    assert state.reported.one_shot.returns.mean == 0.5
    assert state.reported.reference.returns.mean == 0.0
    assert list(differences(Journal(open_store(settings.store), "one").records)) == []


def test_the_one_shot_run_is_absent_where_nothing_was_proposed(serve, new_world, new_campaign, listener):
    """There is no first idea to be measured; and it is trained only where the campaign asks for it."""
    world = new_world(candidates=lambda stage, round: 0)
    state = run(new_campaign(**{"reference.one_shot": True}), "one", serve(world), listener)
    assert not state.reported.HasField("one_shot")
    assert state.reported.one_shot_env_steps == 0
    assert not any("one-shot" in name for name in world.asked)
    world = new_world()
    state = run(new_campaign(), "two", serve(world), listener)
    assert not state.reported.HasField("one_shot")
    assert not any("one-shot" in name for name in world.asked)


@pytest.mark.slow
def test_the_one_shot_run_stays_under_the_first_candidate_when_the_conductor_starts_again(
    serve, new_world, new_campaign, conduct, played
):
    """Whichever record the journal ends with: the report is that of a conductor that was never interrupted."""
    campaign = new_campaign(**{"reference.one_shot": True})
    expected = None
    for end in range(len(played(new_world(), campaign))):
        world = new_world()
        settings = serve(world)
        store = open_store(settings.store)
        for key in store.find(keys.journal("one")):
            store.delete(key)
        journal = Journal(store, "one")
        for record in played(new_world(), campaign)[:end]:
            if record.WhichOneof("event") not in ("reported", "finished"):
                journal.append(journal.draft(event_of(record)))
        reported = conduct(campaign, settings).reported
        expected = expected or reported
        assert reported == expected
        assert reported.HasField("one_shot")
