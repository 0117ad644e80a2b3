"""How environments of JaxMARL's families are read: who is of the team, who is there, what ended an episode.

JaxMARL says no more than that an episode is done. Whether its time limit did that is worked out here, from what each
family's state holds; an episode that ended by itself on its last env_step has ended by itself.

Everything below is of one environment, without batch axes; A agents of the team, N choices or numbers of an action.
"""

import warnings
from typing import Any, NamedTuple

import jax.numpy as jnp
import jaxmarl
import numpy as np
from jax import Array
from jaxmarl.environments.overcooked import overcooked_layouts
from jaxmarl.environments.smax import map_name_to_scenario

from also.services.trainer.tasks.jaxmarl.layouts import Layout


class Step(NamedTuple):
    """One env_step of an environment."""

    before: Any
    """State that it was taken in."""
    actions: Array
    """int32 (A,), or float32 (A, N)."""
    after: Any
    """State that it led to."""
    reward: Array
    """float32 (): mean of what the team's agents are paid."""
    over: Array
    """bool (): whether the environment says that its episode is over."""
    info: Any
    """What else the environment says of it."""


class Kind:
    """A family's reading of one environment; this one suits an environment that only its time limit ends."""

    idle = -1
    """Choice that does nothing; -1 where there is none."""
    action_names: tuple[str, ...] = ()
    """Names of the choices; empty where they have none."""
    whole_numbers = False
    """Whether all that is seen is whole numbers in [-128, 127]."""

    def __init__(self, environment: Any) -> None:
        """Read this environment of JaxMARL's."""
        self.environment = environment

    @property
    def agents(self) -> list[str]:
        """Agents of the team."""
        return list(self.environment.agents)

    @property
    def limit(self) -> int:
        """env_steps of the longest episode."""
        return int(self.environment.max_steps)

    def joint(self, actions: Array) -> dict[str, Array]:
        """What every agent of the environment does, by name."""
        return {agent: actions[index] for index, agent in enumerate(self.agents)}

    def ended(self, step: Step) -> Array:
        """Whether the episode has ended by itself, bool ()."""
        del step
        return jnp.asarray(False)

    def allowed(self, state: Any) -> dict[str, Array] | None:
        """Choices that are allowed, by agent; None where all are."""
        del state
        return None

    def present(self, state: Any) -> Array | None:
        """Agents that are there, bool (A,); None where all are."""
        del state
        return None

    def state(self, state: Any, observations: Array) -> Array:
        """The global state, float (S,): what all agents see, unless a family has better; observations are (A, O)."""
        del state
        return observations.reshape(-1)


class Particles(Kind):
    """Multi-agent particle environments. They compare the counter of before the env_step: one more than `max_steps`."""

    idle = 0
    action_names: tuple[str, ...] = ("idle", "left", "right", "down", "up")

    @property
    def limit(self) -> int:
        """One env_step more than `max_steps`."""
        return int(self.environment.max_steps) + 1


class Talkers(Particles):
    """Particle environments in which a choice is a word, or a move and a word."""

    action_names = ()


class Chase(Particles):
    """Predators of facmac. The prey is among JaxMARL's agents, but moves by itself and ignores its action."""

    idle = -1
    action_names = ()

    @property
    def agents(self) -> list[str]:
        """The predators."""
        return list(self.environment.adversaries)

    def joint(self, actions: Array) -> dict[str, Array]:
        """Predators' forces; the prey's is not looked at."""
        preys = {prey: jnp.zeros(actions.shape[1:], actions.dtype) for prey in self.environment.good_agents}
        return super().joint(actions) | preys


class Kitchen(Kind):
    """Overcooked: both cooks see the whole kitchen, in counts, so what the first sees is the state."""

    whole_numbers = True

    idle = 4
    action_names = ("up", "down", "right", "left", "stay", "interact")

    def state(self, state: Any, observations: Array) -> Array:
        """What the first cook sees."""
        del state
        return observations[0]


class KitchenV2(Kitchen):
    """Overcooked v2, which orders directions in another way."""

    whole_numbers = False

    action_names = ("right", "down", "left", "up", "stay", "interact")


class Battle(Kind):
    """SMAX against the scripted enemy: a battle is over when one side is dead; the dead are gone."""

    idle = 4

    @property
    def action_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Four directions, none, and an attack of each enemy."""
        moves = ("north", "east", "south", "west", "stop")
        return (*moves, *(f"attack_{enemy}" for enemy in range(self.environment.num_enemies)))

    def ended(self, step: Step) -> Array:
        """Whether one side is dead."""
        alive = step.after.state.unit_alive
        allies = self.environment.num_allies
        return ~alive[:allies].any() | ~alive[allies:].any()

    def allowed(self, state: Any) -> dict[str, Array] | None:
        """The dead may stop only; the living may attack who is in range."""
        return dict(self.environment.get_avail_actions(state))

    def present(self, state: Any) -> Array | None:
        """Who is alive."""
        return jnp.asarray(state.state.unit_alive[: self.environment.num_allies])

    def state(self, state: Any, observations: Array) -> Array:
        """The world state, which both armies are in."""
        del observations
        return jnp.asarray(self.environment.get_world_state(state))


class Riddle(Kind):
    """The switch riddle: telling ends it, and pays 1 or -1; nothing else is paid."""

    idle = 0
    action_names = ("nothing", "switch_light", "tell")

    def ended(self, step: Step) -> Array:
        """Whether somebody told."""
        return step.reward != 0


class Fireworks(Kind):
    """Hanabi: no time limit; agents take turns, and only idling is allowed to those whose turn it is not."""

    @property
    def limit(self) -> int:
        """Longest game: every card is played or thrown away, and each hint takes a token that comes of one."""
        game = self.environment
        return int(2 * game.deck_size + game.max_info_tokens + game.num_colors)

    def ended(self, step: Step) -> Array:
        """Whether the game is over."""
        return jnp.asarray(step.after.terminal, bool)

    def allowed(self, state: Any) -> dict[str, Array] | None:
        """Legal moves."""
        return dict(self.environment.get_legal_moves(state))


class Robots(Kind):
    """JaxNav: over when each robot is at its goal or has crashed. One that has crashed cannot move: it is gone."""

    def ended(self, step: Step) -> Array:
        """Whether each robot is at its goal or has crashed."""
        return jnp.asarray(jnp.all(step.after.goal_reached | step.after.move_term))

    def present(self, state: Any) -> Array | None:
        """Who has not crashed."""
        return jnp.asarray(~state.move_term)


_KINDS: dict[str, type[Kind]] = {
    "MPE_simple_spread_v3": Particles,
    "MPE_simple_reference_v3": Talkers,
    "MPE_simple_speaker_listener_v4": Talkers,
    "MPE_simple_facmac_v1": Chase,
    "MPE_simple_facmac_3a_v1": Chase,
    "MPE_simple_facmac_6a_v1": Chase,
    "MPE_simple_facmac_9a_v1": Chase,
    "switch_riddle": Riddle,
    "hanabi": Fireworks,
    "jaxnav": Robots,
    "overcooked": Kitchen,
    "overcooked_v2": KitchenV2,
    "HeuristicEnemySMAX": Battle,
}


def make(layout: Layout) -> Kind:
    """Build the environment of a layout."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what its authors should change; Overcooked recommends its second version
        environment = jaxmarl.make(layout.environment, **_arguments(layout))
    return _KINDS[layout.environment](environment)


def bounds(space: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Lowest and highest value of each number of a flattened `Box`, float64 each."""
    size = int(np.prod(space.shape))
    return tuple(  # type: ignore[return-value]
        np.broadcast_to(np.asarray(end, np.float64), space.shape).reshape(size) for end in (space.low, space.high)
    )


def _arguments(layout: Layout) -> dict[str, Any]:
    """Keyword arguments of the environment."""
    match layout.environment:
        case "overcooked":
            return {"layout": overcooked_layouts[layout.map]}
        case "overcooked_v2":
            return {"layout": layout.map}
        case "HeuristicEnemySMAX":
            return {"scenario": map_name_to_scenario(layout.map)}
        case "MPE_simple_spread_v3" if layout.agents:
            return {"num_agents": layout.agents, "num_landmarks": layout.agents}
        case _:
            return {}
