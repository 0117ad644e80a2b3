"""States as text."""

from also.showing import text
from also.v1.episode_pb2 import Ground, Heading, Item, ItemKind, Scene


def item(kind, x, y, **more):
    """An item of a cell."""
    return Item(kind=f"ITEM_KIND_{kind}", x=x + 0.5, y=y + 0.5, **more)


def test_a_field_is_foods_and_agents_with_their_levels():
    """Loading is seen."""
    items = [
        item("FOOD", 0, 0, label="3"),
        item("AGENT", 1, 0, label="1", badge="L2"),
        item("AGENT", 1, 1, label="2", badge="L1", marked=True),
    ]
    shown = list(text.lines(Ground(grid=True, width=2, height=2), Scene(items=items)))
    assert shown == ["(3) 1L2", " .  2!1"]


def test_a_hall_is_shelves_goals_and_agents_with_what_they_carry():
    """A carried shelf is told beside its agent."""
    ground = Ground(grid=True, width=4, height=1, items=[item("SHELF_PLACE", 0, 0), item("GOAL", 3, 0)])
    items = [
        item("SHELF", 1, 0, marked=True),
        item("SHELF", 2, 0, marked=True, carried=True),
        item("AGENT", 2, 0, label="1", heading=Heading.HEADING_WEST),
    ]
    assert list(text.lines(ground, Scene(items=items))) == [" _  [*] 1<* [G]"]


def test_every_kind_of_item_has_letters(on_grid):
    """Three a cell."""
    episode = on_grid[0]
    for kind in ItemKind.values():
        if kind not in (0, ItemKind.ITEM_KIND_LANDMARK, ItemKind.ITEM_KIND_PREY, ItemKind.ITEM_KIND_OBSTACLE):
            scene = Scene(items=[Item(kind=kind, x=0.5, y=0.5, label="1")])
            assert {len(line) for line in text.lines(episode.ground, scene)} == {19}


def test_tasks_on_grids_have_a_form_as_text():
    """Others have none."""
    assert all(map(text.legend, ("foraging/8x8-2p-2f-coop", "warehouse/tiny-2ag", "kitchen/cramped_room")))
    assert not any(map(text.legend, ("navigation/spread-3", "examples.simple_spread:make_env", "smax/3m")))
