"""The methods of the study, as data: each is a campaign file, and nothing else.

One that does not validate trains one stage as long as the budget, so that no round fits; its shaping is fixed from the
first env_step. The others are ALSO with one thing changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method."""

    name: str
    """Name in the tables."""
    says: str
    """What it is, in a few words."""
    one_stage: bool = False
    """Whether it trains one stage as long as the budget, under shaping that never changes."""
    shaping: Literal["none", "first candidate", "expert", "novelty"] = "none"
    """Shaping from the first env_step: that of the task, or the rules' first candidate for the first stage."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over the task's campaign file: values by dotted key."""


SPARSE_ONLY, ONE_SHOT = "sparse-only", "one-shot"
"""The two baselines that every method is compared with."""

METHODS = {
    method.name: method
    for method in (
        Method(name=SPARSE_ONLY, says="no shaping", one_stage=True),
        Method(
            name=ONE_SHOT,
            says="the rules' first candidate for the first stage's diagnosis, fixed from the first env_step",
            one_stage=True,
            shaping="first candidate",
        ),
        Method(name="expert", says="one potential that a person wrote, fixed", one_stage=True, shaping="expert"),
        Method(name="novelty", says="count-based novelty, fixed", one_stage=True, shaping="novelty"),
        Method(name="also", says="ALSO with rules for critic and generator, all defaults"),
        Method(name="also-random", says="ALSO with random candidates", settings={"generator.backend": "random"}),
        Method(
            name="also-random-no-validation",
            says="ALSO that promotes the first of each round's random candidates unseen",
            settings={"generator.backend": "random", "validation.proof": "none"},
        ),
        Method(name="also-mutate", says="ALSO with mutated candidates", settings={"generator.backend": "mutate"}),
        Method(name="also-no-critic", says="ALSO without a critic", settings={"critic.backend": "none"}),
        Method(
            name="also-adopt-config",
            says="ALSO that promotes configs and lets branches go",
            settings={"validation.adopt": "config"},
        ),
        Method(
            name="also-no-validation",
            says="ALSO that promotes the first candidate of each round unseen",
            settings={"validation.proof": "none"},
        ),
    )
}
"""All methods by name."""

DEFAULT = tuple(METHODS)
"""Methods that run when none is named."""
