"""Campaign files: from YAML and `--set` to a campaign with every default filled in and checked.

Everything wrong with a file is one `DocumentError` that names the file, the path in it, the value
and what is allowed. No key is ignored, and none may be written twice.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from also import algorithms, document, limits, presets
from also.errors import DocumentError
from also.updates import env_steps_of_first_stage, parts_of_pass
from also.v1.campaign_pb2 import Campaign, CriticBackend, CriticSettings, GeneratorBackend, GeneratorSettings
from also.validation import guards

_LISTED = 8
"""Files of a folder that an error names at most."""

DEFAULT = "foraging"
"""Name of the campaign that runs when no file is given."""

_SUFFIX = ".yaml"
"""How the name of a campaign file ends, and that of one that ALSO brings."""


def brought() -> list[str]:
    """Names of the campaigns that ALSO brings, in alphabetical order."""
    files = resources.files("also.campaign").iterdir()
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX))


def brought_name(path: Path | None) -> str | None:
    """Name of the campaign that is meant, if ALSO brings it; None where it is a file.

    A single word that ends in no suffix and is nothing in the current folder is a name, `predator_prey` that of
    `predator-prey`; a path is a file. A folder takes no campaign's name away.

    Raises:
        DocumentError: it is a name that no such campaign has.
    """
    if path is None:
        return DEFAULT
    if path.suffix or len(path.parts) != 1 or path.is_file():
        return None
    name = path.name.replace("_", "-")  # tasks have an underscore where a campaign's id cannot
    if name not in brought() and path.exists():
        return None
    if name not in brought():
        raise DocumentError(
            f"there is no campaign {path.name!r}; ALSO brings {', '.join(brought())}; a file's name ends in {_SUFFIX}"
        )
    return name


def text_of(name: str) -> str:
    """The text of a campaign file that ALSO brings, by its name."""
    return (resources.files("also.campaign") / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def name_of(path: Path | None) -> str:
    """What a campaign is called: as ALSO's is, or as its file without the suffix; errors as of `brought_name`."""
    return brought_name(path) or ("" if path is None else path.stem)


def load(path: Path | None, changes: Sequence[str] = ()) -> Campaign:
    """Read a campaign file.

    Args:
        path: the YAML file, or the name of a campaign that ALSO brings; None takes the default one.
        changes: "key=value" each, where key is a dotted path into the file and value is YAML.

    Returns:
        The campaign, complete and within all limits.

    Raises:
        DocumentError: the file cannot be read, or is no campaign.
    """
    name = brought_name(path)
    where = str(path) if name is None else f"the campaign {name!r}"
    data = parse_yaml(_content(path, name), where)
    for change in changes:
        _apply(data, change)
    if name is not None:
        _leave_foreign_out(data, [change.partition("=")[0] for change in changes])
    try:
        return resolved(document.read(Campaign, {} if data is None else data))
    except DocumentError as error:
        raise DocumentError(f"{where}: {error}") from None


def _leave_foreign_out(data: Any, changed: Sequence[str]) -> None:
    """Take out of one of ALSO's own campaigns, in place, what the algorithm that a person has chosen does not have."""
    learner = data.get("learner") if isinstance(data, dict) else None
    if "learner.algorithm" not in changed or not isinstance(learner, dict):
        return
    value_based = str(learner.get("algorithm")) in algorithms.VALUE_BASED_NAMES
    for key in algorithms.PPO_ONLY if value_based else ("value_learning",):
        if f"learner.{key}" not in changed:
            learner.pop(key, None)


def resolved(campaign: Campaign) -> Campaign:
    """A copy with presets and defaults filled in, checked.

    Raises:
        DocumentError: a value is missing, out of range, or at odds with another one.
    """
    complete = deepcopy(campaign)
    limits.check(complete)
    algorithms.check_given(complete.learner)
    presets.resolve(complete)
    limits.check(complete)
    _check_together(complete)
    return complete


def parse_yaml(text: str, where: str) -> Any:
    """Plain data from YAML, by the rules of YAML 1.1 but for numbers: 1e6 is one.

    Raises:
        DocumentError: it is not YAML, or a mapping has a key twice.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the last two: an impossible date, endless depth
        raise DocumentError(f"{where} is not YAML: {' '.join(str(error).split())}") from None


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice and reads 1e6 as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no plain text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)


def _content(path: Path | None, name: str | None) -> str:
    if path is None or name is not None:
        return text_of(name or DEFAULT)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        if path.is_dir():
            reason = f"it is a folder; name a file of it: {_campaign_files(path) or 'there is none that ends in .yaml'}"
        raise DocumentError(f"campaign file {path} cannot be read: {reason}") from None


def _campaign_files(folder: Path) -> str:
    """Files of a folder that may be campaign files, the first few."""
    return ", ".join([str(each) for each in sorted(folder.glob("*.yaml"))][:_LISTED])


def _apply(data: Any, change: str) -> None:
    key, separator, text = change.partition("=")
    path = key.split(".")
    if not separator or not all(path):
        raise DocumentError(f"--set {change!r} is not allowed; key=value is expected, e.g. stages.count=3")
    target = data
    for name in path[:-1]:
        target = target.setdefault(name, {}) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        raise DocumentError(f"--set {change!r}: {'.'.join(path[:-1])} is not a mapping")
    target[path[-1]] = parse_yaml(text, f"--set {change!r}")


def _check_together(campaign: Campaign) -> None:
    """What single fields cannot say."""
    learner = campaign.learner
    parts = parts_of_pass(learner)
    of = "environments, whose env_steps a GRU keeps together" if learner.recurrent else "samples of a rollout"
    if learner.minibatches > parts:
        raise DocumentError(f"learner.minibatches {learner.minibatches} is more than the {parts} {of}")
    _check_mind("critic", campaign.critic, CriticBackend.CRITIC_BACKEND_LLM)
    _check_mind("generator", campaign.generator, GeneratorBackend.GENERATOR_BACKEND_LLM)
    guards.check(campaign.validation.guards)
    first = env_steps_of_first_stage(campaign)
    if first > campaign.budget.env_steps:
        raise DocumentError(
            f"budget.env_steps {campaign.budget.env_steps} does not suffice for the first stage of {first} env_steps"
        )


def _check_mind(name: str, settings: CriticSettings | GeneratorSettings, llm: int) -> None:
    """An LLM is there if and only if the mind's backend is one."""
    if settings.backend == llm and not settings.HasField("llm"):
        raise DocumentError(f"{name}.llm is missing; backend llm needs at least {name}.llm.url")
    if settings.backend != llm and settings.HasField("llm"):
        backend = document.plain(settings)["backend"]
        raise DocumentError(f"{name}.llm has no effect with backend {backend}; leave out one of them")
