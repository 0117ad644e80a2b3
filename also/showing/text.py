"""A state of a grid as lines of text, three letters a cell."""

from collections.abc import Iterator

from also.v1.episode_pb2 import Ground, Heading, Item, ItemKind, Scene

_ARROWS = {
    Heading.HEADING_NORTH: "^",
    Heading.HEADING_SOUTH: "v",
    Heading.HEADING_WEST: "<",
    Heading.HEADING_EAST: ">",
}

_THINGS = {
    ItemKind.ITEM_KIND_SHELF_PLACE: " _ ",
    ItemKind.ITEM_KIND_GOAL: "[G]",
    ItemKind.ITEM_KIND_WALL: "###",
    ItemKind.ITEM_KIND_ONION_PILE: "#O#",
    ItemKind.ITEM_KIND_PLATE_PILE: "#P#",
    ItemKind.ITEM_KIND_ONION: " o ",
    ItemKind.ITEM_KIND_PLATE: " p ",
    ItemKind.ITEM_KIND_SOUP: " s ",
}
"""What fills a cell, where it is always the same."""

_KITCHEN = (
    "1> cook 1 and where it faces, o p s behind it what it holds; #O# onions, #P# plates, u2u pot with 2 onions, "
    "u*u ready, [G] where soups go"
)

_LEGENDS = {
    "foraging/": "1L2 agent 1 of level 2, 1!2 the same while it loads, (3) food of level 3",
    "warehouse/": (
        "1> agent 1 and where it faces, = or * behind it a shelf that it carries; [ ] shelf, [*] requested, "
        "_ place of a shelf, [G] goal"
    ),
    "kitchen/": _KITCHEN,
    "jaxmarl/overcooked/": _KITCHEN,
}
"""What the letters mean, by the beginning of a task's name."""


def legend(task: str) -> str:
    """What the letters of a task's states mean; empty where it has no form as text."""
    return next((text for name, text in _LEGENDS.items() if task.startswith(name)), "")


def lines(ground: Ground, scene: Scene) -> Iterator[str]:
    """The rows of a grid, from the top."""
    cells = [[" . "] * int(ground.width) for _ in range(int(ground.height))]
    for item in [*ground.items, *scene.items]:
        row = cells[int(item.y)]
        if item.carried and item.kind != ItemKind.ITEM_KIND_SHELF:
            row[int(item.x)] = row[int(item.x)][:2] + _THINGS[item.kind].strip()
        else:
            row[int(item.x)] = _cell(item, row[int(item.x)])
    yield from (" ".join(row) for row in cells)


def _cell(item: Item, below: str) -> str:
    """Three letters of an item, over those of what is below it."""
    match item.kind:
        case ItemKind.ITEM_KIND_AGENT if item.badge:
            return f"{item.label}{'!' if item.marked else 'L'}{item.badge.removeprefix('L')}"
        case ItemKind.ITEM_KIND_AGENT:
            carried = below[1] if below[0] == "|" else " "
            return f"{item.label}{_ARROWS.get(item.heading, ' ')}{carried}"[:3]
        case ItemKind.ITEM_KIND_FOOD:
            return f"({item.label})"
        case ItemKind.ITEM_KIND_SHELF if item.carried:
            return f"|{'*' if item.marked else '='}|"
        case ItemKind.ITEM_KIND_SHELF:
            return "[*]" if item.marked else "[ ]"
        case ItemKind.ITEM_KIND_POT:
            return f"u{'*' if item.marked else item.label or ' '}u"
        case _:
            return _THINGS[item.kind]
