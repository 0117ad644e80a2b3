"""Suites whose environments JaxMARL 0.2.0 steps, and their layouts; nothing of JAX is loaded here.

`jaxmarl` has each cooperative environment of its registry as it is: `ENVIRONMENT`, or `ENVIRONMENT/MAP` where it has
maps. The curated suites are some of them under a sparse reward, with features, milestones and a success of their own.
"""

from dataclasses import dataclass

from also.errors import TaskError

JAXMARL, NAVIGATION, PREDATOR_PREY, KITCHEN, SMAX = "jaxmarl", "navigation", "predator_prey", "kitchen", "smax"


DESCRIPTIONS = {
    NAVIGATION: "JaxMARL's simple_spread, paid when all landmarks are covered at once",
    PREDATOR_PREY: "JaxMARL's facmac, paid when two predators touch the prey at once",
    KITCHEN: "JaxMARL's Overcooked, paid for delivered soups",
    SMAX: "JaxMARL's SMAX against its scripted enemy, paid for a win",
    JAXMARL: "JaxMARL 0.2.0: each cooperative environment of its registry, as it pays",
}
"""What each suite is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout of a suite."""

    suite: str
    """Name of the suite, which is that of the task."""
    name: str
    """Name of the layout."""
    environment: str
    """Name in JaxMARL's registry."""
    map: str = ""
    """Its map, layout or scenario, by JaxMARL's name; empty where it has one only."""
    agents: int = 0
    """How many agents are asked for; 0 is as many as the environment has by itself."""
    text: str
    """What it is, one line."""

    @property
    def title(self) -> str:
        """Task and layout, as cards name them."""
        return f"{self.suite}/{self.name}"


OVERCOOKED_MAPS = ("cramped_room", "asymm_advantages", "coord_ring", "forced_coord", "counter_circuit")
"""Layouts of Overcooked."""

OVERCOOKED_V2_MAPS = (
    *OVERCOOKED_MAPS,
    *("cramped_room_v2", "asymm_advantages_recipes_center", "asymm_advantages_recipes_right"),
    *("asymm_advantages_recipes_left", "two_rooms", "two_rooms_both", "long_room", "fun_coordination"),
    *("more_fun_coordination", "fun_symmetries", "fun_symmetries_plates", "fun_symmetries1"),
    *("grounded_coord_simple", "grounded_coord_ring", "test_time_simple", "test_time_wide"),
    *("demo_cook_simple", "demo_cook_wide"),
)
"""Layouts of Overcooked v2."""

SMAX_MAPS = (
    *("3m", "2s3z", "25m", "3s5z", "8m", "5m_vs_6m", "10m_vs_11m", "27m_vs_30m", "3s5z_vs_3s6z", "3s_vs_5z"),
    *("6h_vs_8z", "smacv2_5_units", "smacv2_10_units", "smacv2_20_units"),
)
"""Scenarios of SMAX."""

_PLAIN = {
    "MPE_simple_spread_v3": "Agents spread over landmarks, paid by distances and for not colliding.",
    "MPE_simple_reference_v3": "Two agents tell each other which landmark to go to.",
    "MPE_simple_speaker_listener_v4": "A speaker tells a listener which landmark to go to.",
    "MPE_simple_facmac_v1": "3 predators chase a scripted prey, paid for each contact.",
    "MPE_simple_facmac_3a_v1": "3 predators chase a scripted prey that looks at one of them only.",
    "MPE_simple_facmac_6a_v1": "6 predators chase 2 scripted preys.",
    "MPE_simple_facmac_9a_v1": "9 predators chase 3 scripted preys.",
    "switch_riddle": "3 prisoners find out by one light bulb whether all have been in the room.",
    "hanabi": "2 players build fireworks, each seeing only the other's cards.",
    "jaxnav": "2 robots drive to their goals past walls, by lidar.",
}
"""Environments of the registry without maps."""

_MAPS = {
    "overcooked": (OVERCOOKED_MAPS, "Two cooks make onion soup; 20 for each soup."),
    "overcooked_v2": (OVERCOOKED_V2_MAPS, "Two cooks make the recipe that is asked for; 20 for each soup."),
    "HeuristicEnemySMAX": (SMAX_MAPS, "Units fight a scripted enemy, paid for damage and a win."),
}
"""Environments of the registry with maps."""

REFUSED = {
    "MPE_simple_v3": "it has one agent, so there is no team",
    "MPE_simple_tag_v3": "its agents play against each other",
    "MPE_simple_world_comm_v3": "its agents play against each other",
    "MPE_simple_crypto_v3": "its agents play against each other",
    "MPE_simple_push_v3": "its agents play against each other",
    "MPE_simple_adversary_v3": "its agents play against each other",
    "SMAX": "its agents are two armies that play against each other; HeuristicEnemySMAX has a scripted enemy",
    "LearnedPolicyEnemySMAX": "its enemy is a policy that has to be given; HeuristicEnemySMAX has a scripted one",
    "storm": "each of its agents is paid for itself",
    "storm_2p": "each of its agents is paid for itself",
    "storm_np": "each of its agents is paid for itself",
    "coin_game": "each of its agents is paid for itself",
    **dict.fromkeys(
        ("ant_4x2", "halfcheetah_6x1", "hopper_3x1", "humanoid_9|8", "walker2d_2x3"),
        "it needs brax, which the extra does not install",
    ),
    **dict.fromkeys(
        (
            *("JaxRobotarium_navigation", "JaxRobotarium_discovery", "JaxRobotarium_material_transport"),
            *("JaxRobotarium_warehouse", "JaxRobotarium_arctic_transport", "JaxRobotarium_foraging"),
            *("JaxRobotarium_rware", "JaxRobotarium_predator_prey"),
        ),
        "JaxMARL's package lacks JaxRobotarium, which is a submodule of its repository",
    ),
}
"""Environments of the registry that are no tasks here, and why."""

LAYOUTS: dict[str, tuple[Layout, ...]] = {
    NAVIGATION: tuple(
        Layout(
            suite=NAVIGATION,
            name=f"spread-{count}",
            environment="MPE_simple_spread_v3",
            agents=count,
            text=f"{count} agents cover {count} landmarks all at once; paid 1, once.",
        )
        for count in (2, 3, 4)
    ),
    PREDATOR_PREY: tuple(
        Layout(
            suite=PREDATOR_PREY, name=name, environment=environment, text=f"{text}; 2 at once catch it; paid 1, once."
        )
        for name, environment, text in (
            ("facmac", "MPE_simple_facmac_v1", "3 predators chase a scripted prey that keeps away from all"),
            ("facmac-3a", "MPE_simple_facmac_3a_v1", "3 predators chase a scripted prey that keeps away from one"),
        )
    ),
    KITCHEN: tuple(
        Layout(
            suite=KITCHEN,
            name=name,
            environment="overcooked",
            map=name,
            text="Overcooked: two cooks deliver onion soups; paid 1 for each.",
        )
        for name in OVERCOOKED_MAPS
    ),
    SMAX: tuple(
        Layout(suite=SMAX, name=name, environment="HeuristicEnemySMAX", map=name, text=f"{text}; paid 1 for a win.")
        for name, text in (
            ("3m", "3 marines fight 3 scripted marines"),
            ("2s3z", "2 stalkers and 3 zealots fight as many scripted ones"),
        )
    ),
    JAXMARL: (
        *(Layout(suite=JAXMARL, name=name, environment=name, text=text) for name, text in _PLAIN.items()),
        *(
            Layout(suite=JAXMARL, name=f"{name}/{each}", environment=name, map=each, text=text)
            for name, (maps, text) in _MAPS.items()
            for each in maps
        ),
    ),
}
"""Layouts by suite."""


def published(suite: str) -> dict[str, str]:
    """Layouts that a suite is listed with, and what each is; those with maps by the rule of their names."""
    if suite != JAXMARL:
        return {layout.name: layout.text for layout in LAYOUTS[suite]}
    return _PLAIN | {
        f"{name}/[MAP]": f"{text} Maps as JaxMARL's, e.g. {maps[0]}." for name, (maps, text) in _MAPS.items()
    }


def find_layout(suite: str, name: str) -> Layout:
    """The layout of a name.

    Raises:
        TaskError: there is none, or its environment is no cooperative task.
    """
    for layout in LAYOUTS[suite]:
        if layout.name == name:
            return layout
    environment = name.partition("/")[0]
    if suite == JAXMARL and environment in REFUSED:
        raise TaskError(f"layout {name!r} of task {suite!r} is not allowed: {REFUSED[environment]}")
    if suite == JAXMARL and environment in _MAPS:
        maps = _MAPS[environment][0]
        raise TaskError(
            f"layout {name!r} of task {suite!r} is not allowed; {environment} has {', '.join(maps)}, "
            f"e.g. {environment}/{maps[0]}"
        )
    allowed = [layout.name for layout in LAYOUTS[suite]]
    if suite == JAXMARL:
        allowed = [*_PLAIN, *(f"{each}/MAP" for each in _MAPS)]
    raise TaskError(f"layout {name!r} of task {suite!r} is not allowed; allowed are {', '.join(allowed)}")
