"""Campaign files, `--set`, presets: what is read, and what is refused."""

import itertools
import re
from pathlib import Path

import pytest

from also import document, enums, presets
from also.campaign import spec
from also.campaign.comparison import Difference, differences
from also.errors import DocumentError
from also.v1.campaign_pb2 import Adopt, Campaign, CriticBackend, GeneratorBackend, Proof, ValidationPreset
from also.v1.task_pb2 import Task
from also.validation.statistics import alpha_of_look, smallest_p

TASK = "task: {name: foraging, layout: 5x5-2p-1f}\n"


@pytest.fixture
def load(tmp_path):
    """Loads a campaign file of this text."""

    def from_text(text, *changes):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return spec.load(path, changes)

    return from_text


def test_what_a_file_leaves_out_is_filled_in(load):
    """Presets fill the validation, defaults the rest; what is written stays."""
    campaign = load(TASK + "validation: {confirm_seeds: 7}")
    assert campaign.validation.confirm_seeds == 7
    assert campaign.validation.rounds == 2
    assert campaign.validation.adopt == Adopt.ADOPT_BRANCH
    assert campaign.learner.learning_rate == 0.0005


def test_the_same_file_gives_the_same_campaign(load):
    """A resolved campaign resolves to itself: its digest is its identity."""
    campaign = load(TASK)
    assert document.digest(spec.resolved(campaign)) == document.digest(campaign)
    assert differences(campaign, load(TASK)) == []


def test_set_changes_a_value_by_its_path(load):
    """Values are typed as in YAML, and whole groups can be set."""
    campaign = load(TASK, "stages.count=3", "validation.adopt=config", "learner={rollout: 10}", "stages.env_steps=1e5")
    assert campaign.stages.count == 3
    assert campaign.validation.adopt == Adopt.ADOPT_CONFIG
    assert campaign.learner.rollout == 10
    assert campaign.stages.env_steps == 100_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "task is missing"),
        ("[1, 2]", "Campaign is a list; a mapping is expected"),
        ("- x: [", "is not YAML"),
        (TASK + TASK, "key 'task' is there twice"),
        (TASK + "sed: 1", "unknown key 'sed'; allowed here: task, seed"),
        (TASK + "stages: {count: 1, cuont: 2}", "unknown key 'stages.cuont'"),
        (TASK + "seed: -1", r"seed -1 is outside \[0, 9007199254740991\]"),
        (TASK + "seed: 1.5", "seed 1.5 is not a whole number"),
        (TASK + "seed: one", "seed is the text 'one'; a number is expected"),
        (TASK + "seed:", "seed is empty"),
        (TASK + "seed: .nan", "seed nan"),
        (TASK + "learner: {gamma: 1.1}", r"learner.gamma 1.1 is outside \[0, 1\]"),
        (TASK + "learner: {algorithm: dqn}", "learner.algorithm 'dqn' is not allowed; allowed: mappo, ippo, vdn, qmix"),
        (TASK + "learner: {minibatches: 200, environments: 2, rollout: 3}", "minibatches 200 is more than the 6"),
        (TASK + "learner: {minibatches: 8, environments: 4, recurrent: true}", "minibatches 8 is more than the 4"),
        (TASK + "learner: {algorithm: vdn, epochs: 4}", "epochs has no effect with algorithm vdn; .* mappo, ippo$"),
        (TASK + "learner: {algorithm: qmix, clip_epsilon: 0.1}", "clip_epsilon has no effect with algorithm qmix"),
        (
            TASK + "learner: {value_learning: {batches: 2}}",
            "value_learning has no effect with algorithm mappo; .* vdn, q",
        ),
        (
            TASK + "learner: {algorithm: vdn, value_learning: {mixer_width: 8}}",
            "value_learning.mixer_width has no effect with algorithm vdn; leave it out, allowed with qmix",
        ),
        (TASK + "learner: {algorithm: qmix, value_learning: {target_rate: 0}}", r"target_rate 0.0 is outside \(0, 1\]"),
        (TASK + "budget: {env_steps: 10}", "budget.env_steps 10 does not suffice for the first stage of"),
        (TASK + "reference: true", "reference is the truth value true; a mapping is expected"),
        (TASK + "shaping: {terms: [{name: A}]}", "shaping.terms"),
        ("!!python/object:os.system {}", "is not YAML"),
        ("? [a]\n: 1", "a key is no plain text"),
        ("task: 2026-13-45", "is not YAML: month must be in 1..12"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_a_bad_file_is_one_clear_error(load, text, message):
    """The error names the file, the path, the value and what is allowed."""
    with pytest.raises(DocumentError, match=message) as caught:
        load(text)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("stages", "key=value is expected"),
        ("=1", "key=value is expected"),
        ("stages..count=1", "key=value is expected"),
        ("seed.x=1", "seed is not a mapping"),
        ("stages.count=[1", "is not YAML"),
        ("stages.count=0", "outside"),
        ("stage.count=1", "unknown key 'stage'"),
    ],
)
def test_a_bad_change_is_one_clear_error(load, change, message):
    """`--set` is refused as a file is."""
    with pytest.raises(DocumentError, match=message):
        load(TASK + "seed: 1", change)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """Missing, a folder, or no text."""
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name, message in (("none.yaml", "No such file"), ("", "it is a folder"), ("binary.yaml", "UTF-8")):
        with pytest.raises(DocumentError, match=message):
            spec.load(tmp_path / name)


def test_a_file_comes_before_a_campaign_of_its_name(tmp_path):
    """A word is a name where nothing is called so; what has a suffix or a folder is always a file."""
    assert spec.brought_name(None) == "foraging"
    assert spec.brought_name(Path("warehouse")) == "warehouse"
    assert spec.brought_name(Path("predator_prey")) == "predator-prey"
    for path in (Path("warehouse.yaml"), tmp_path / "warehouse", Path("./campaigns")):
        assert spec.brought_name(path) is None
    assert spec.name_of(tmp_path / "mine.yaml") == "mine"


def test_a_name_that_no_campaign_has_is_one_clear_error():
    """It says which there are."""
    with pytest.raises(DocumentError, match=r"there is no campaign 'forraging'; ALSO brings foraging, .*warehouse"):
        spec.load(Path("forraging"))


def test_campaigns_that_differ_say_where():
    """Each path with both values."""
    stored = spec.resolved(Campaign(task=Task(name="foraging", layout="5x5-2p-1f")))
    given = spec.resolved(Campaign(task=Task(name="foraging", layout="8x8-2p-2f-coop"), seed=3))
    assert differences(stored, given) == [
        Difference(path="seed", first=0, second=3),
        Difference(path="task.layout", first="5x5-2p-1f", second="8x8-2p-2f-coop"),
    ]


def test_the_campaigns_that_we_ship_are_complete():
    """The default one, those that go by a name, and every file of `campaigns/`."""
    assert spec.load(None).task.name == "foraging"
    assert {"foraging", "warehouse", "kitchen"} <= set(spec.brought())
    for name in spec.brought():
        given = {"spread": "also.examples.simple_spread:make_env"}.get(name, name.replace("-", "_"))  # ids have no "_"
        assert spec.load(Path(name)).task.name == given
        assert spec.name_of(Path(name)) == name
    files = sorted((Path(__file__).parents[2] / "campaigns").glob("*.yaml"))
    assert len(files) >= 2
    for path in files:
        spec.load(path)


def test_every_preset_can_promote():
    """A preset's first look can reach its level of significance: 2^-n is small enough."""
    for preset in presets.PRESETS:
        campaign = Campaign(task=Task(name="foraging", layout="5x5-2p-1f"))
        campaign.validation.preset = preset
        presets.resolve(campaign)
        settings = campaign.validation
        assert smallest_p(settings.confirm_seeds) <= alpha_of_look(settings.alpha, settings.confirm_waves)


def test_presets_buy_more_certainty_for_more_env_steps():
    """From frugal to rigorous no number falls."""
    order = [
        ValidationPreset.VALIDATION_PRESET_FRUGAL,
        ValidationPreset.VALIDATION_PRESET_STANDARD,
        ValidationPreset.VALIDATION_PRESET_RIGOROUS,
    ]
    assert sorted(presets.PRESETS) == sorted(order)
    for less, more in itertools.pairwise(order):
        fewer, further = presets.PRESETS[less], presets.PRESETS[more]
        for name in presets.Preset.__dataclass_fields__:
            assert getattr(fewer, name) <= getattr(further, name)


def test_a_campaign_that_says_nothing_races_waits_and_spends_little_on_branches(load):
    """The defaults: proof by risk, three stages of patience, two fifths of the env_steps for branches."""
    campaign = load(TASK)
    assert campaign.validation.proof == Proof.PROOF_BY_RISK
    assert (campaign.stages.patience, campaign.validation.share) == (3, 0.4)
    assert (campaign.reference.enabled, campaign.reference.one_shot) == (False, False)


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_a_preset_fills_the_race_that_a_file_leaves_out(load, preset):
    """Rungs, seeds and env_steps of the race; a number that is given stays."""
    name = enums.short_name(ValidationPreset.DESCRIPTOR, preset).lower()
    validation = load(TASK, f"validation.preset={name}", "validation.race_seeds=7").validation
    expected = presets.PRESETS[preset]
    assert (validation.race_rungs, validation.race_env_steps) == (expected.race_rungs, expected.race_env_steps)
    assert validation.race_seeds == 7
    assert expected.race_seeds != 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("stages.patience=-1", "stages.patience -1 is outside"),
        ("validation.proof=certain", "validation.proof 'certain' is not allowed; allowed: by_risk, confirmed, none"),
        ("validation.share=1.5", "validation.share 1.5 is outside"),
        ("validation.race_rungs=0", "validation.race_rungs 0 is outside"),
        ("validation.race_seeds=65", "validation.race_seeds 65 is outside"),
        ("validation.race_env_steps=0", "validation.race_env_steps 0 is outside"),
        ("reference.one_shot=often", "reference.one_shot is the text 'often'"),
    ],
)
def test_a_loop_that_cannot_be_is_refused(load, change, message):
    """One error that names the key, the value and what is allowed."""
    with pytest.raises(DocumentError, match=re.escape(message)):
        load(TASK, change)


URL = "http://127.0.0.1:8000/v1"


def test_an_llm_is_one_line(load):
    """A mind that is given an LLM uses it, with every default filled in."""
    campaign = load(TASK, f"critic.llm.url={URL}", f"generator.llm.url={URL}")
    assert campaign.critic.backend == CriticBackend.CRITIC_BACKEND_LLM
    assert campaign.generator.backend == GeneratorBackend.GENERATOR_BACKEND_LLM
    assert campaign.critic.llm.tries == 4
    assert document.digest(spec.resolved(campaign)) == document.digest(campaign)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("critic.backend=llm", "critic.llm is missing; backend llm needs at least critic.llm.url"),
        ("generator.backend=llm", "generator.llm is missing"),
        ("critic={backend: rules, llm: {url: 'http://a/v1'}}", "critic.llm has no effect with backend rules"),
        ("generator={backend: mutate, llm: {url: 'http://a/v1'}}", "generator.llm has no effect with backend mutate"),
        ("critic.llm.url=localhost:8000", "critic.llm.url 'localhost:8000' does not match"),
        ("critic.llm.url=http://user:password@a/v1", "does not match"),
        ("critic.llm.model=x", "critic.llm.url is missing"),
        ("critic.llm={url: 'http://a/v1', temperature: 3}", "critic.llm.temperature 3.0 is outside"),
        ("critic.llm={url: 'http://a/v1', api_key: secret}", "unknown key 'critic.llm.api_key'"),
        ("budget.llm_calls=-1", "budget.llm_calls -1 is outside"),
    ],
)
def test_an_llm_that_cannot_be_is_refused(load, change, message):
    """Missing, superfluous, malformed or out of range: one error that names the key."""
    with pytest.raises(DocumentError, match=re.escape(message)):
        load(TASK, change)


@pytest.mark.parametrize("algorithm", ["vdn", "qmix"])
def test_a_q_learners_campaign_is_complete_without_settings_of_ppo(load, algorithm):
    """Its own defaults are filled in, and what is complete can be completed again."""
    campaign = load(TASK + f"learner: {{algorithm: {algorithm}}}")
    assert campaign.learner.value_learning.batch_episodes == 32
    assert campaign.learner.value_learning.HasField("mixer_width") == (algorithm == "qmix")
    assert not campaign.learner.HasField("clip_epsilon")
    assert spec.resolved(campaign) == campaign


def test_a_ppo_campaign_is_as_it_was_before_there_were_others(load):
    """No setting of Q-learning is in it, so its learner's hash stays, and the checkpoints under it."""
    campaign = load(TASK)
    assert not campaign.learner.HasField("value_learning")


def test_another_algorithm_takes_what_is_not_its_own_out_of_a_campaign_that_also_brings():
    """Nobody who runs it has set that; in a change of one's own it stays an error."""
    campaign = spec.load(Path("navigation"), ["learner.algorithm=vdn"])
    assert campaign.learner.value_learning.batches
    assert not campaign.learner.HasField("minibatches")
    with pytest.raises(DocumentError, match=r"learner.minibatches has no effect with algorithm vdn"):
        spec.load(Path("navigation"), ["learner.algorithm=vdn", "learner.minibatches=2"])


@pytest.mark.parametrize(
    ("learner", "minibatches"),
    [
        ("{}", 16),
        ("{environments: 2, rollout: 3}", 6),
        ("{environments: 4, recurrent: true}", 4),
        ("{environments: 4, recurrent: true, minibatches: 2}", 2),
        ("{recurrent: true}", 16),
    ],
)
def test_nobody_is_refused_for_minibatches_that_he_did_not_ask_for(load, learner, minibatches):
    """A default is never more than what a pass over a rollout can be cut into."""
    assert load(TASK + f"learner: {learner}").learner.minibatches == minibatches


def test_a_folder_takes_no_name_away(tmp_path, monkeypatch):
    """A folder `kitchen` is no campaign file, and `also run kitchen` means the one that ALSO brings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kitchen").mkdir()
    assert spec.load(Path("kitchen")).task.name == "kitchen"
