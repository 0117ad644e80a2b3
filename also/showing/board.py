"""A state as a picture: a ground, and the things on it.

Everything is drawn twice as large as it is shown, and made smaller at the end, so that edges are smooth.
"""

import base64
import zlib
from collections.abc import Callable

from PIL import Image, ImageDraw

from also.showing import palette
from also.v1.episode_pb2 import Ground, Heading, Item, ItemKind, Picture, Scene

LONGEST = 600
"""Pixels of a board's longer side, about."""

LARGEST_CELL = 76
"""Pixels of a cell at most."""

_FINE = 2
"""Pixels drawn for each that is shown."""

_STEPS = {
    Heading.HEADING_NORTH: (0, -1),
    Heading.HEADING_SOUTH: (0, 1),
    Heading.HEADING_WEST: (-1, 0),
    Heading.HEADING_EAST: (1, 0),
}


class Board:
    """Draws states on one ground, which is drawn once."""

    def __init__(self, ground: Ground) -> None:
        """Draw the ground."""
        self._unit = _unit(ground)
        size = round(ground.width * self._unit) * _FINE, round(ground.height * self._unit) * _FINE
        self._ground = Image.new("RGB", size, palette.BOARD)
        canvas = _Canvas(self._ground, self._unit)
        if ground.grid:
            canvas.lines()
        for item in ground.items:
            canvas.draw(item)

    def image(self, scene: Scene) -> Image.Image:
        """A state as an RGB image; all have one size."""
        image = self._ground.copy()
        canvas = _Canvas(image, self._unit)
        for item in scene.items:
            canvas.draw(item)
        shown = image.reduce(_FINE)
        ImageDraw.Draw(shown).rectangle((0, 0, shown.width - 1, shown.height - 1), outline=palette.EDGE)
        return shown


def picture(given: Picture) -> Image.Image:
    """A state as the environment's own `render` shows it, as an RGB image."""
    pixels = zlib.decompress(base64.b64decode(given.pixels))
    image = Image.frombytes("RGB", (given.width, given.height), pixels)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return image


def _unit(ground: Ground) -> float:
    """Pixels of a cell, a whole number of them, or of a width of the task."""
    fit = LONGEST / max(ground.width, ground.height)
    return max(12, min(LARGEST_CELL, round(fit))) if ground.grid else fit


class _Canvas:
    """A board that is being drawn; coordinates are those of items."""

    def __init__(self, image: Image.Image, unit: float) -> None:
        self._unit = unit * _FINE
        self._image = image
        self._draw = ImageDraw.Draw(image)
        self._kinds: dict[ItemKind, Callable[[Item], None]] = {
            ItemKind.ITEM_KIND_AGENT: self._agent,
            ItemKind.ITEM_KIND_FOOD: self._food,
            ItemKind.ITEM_KIND_SHELF: self._shelf,
            ItemKind.ITEM_KIND_SHELF_PLACE: lambda item: self._square(item, 0.46, palette.PLACE),
            ItemKind.ITEM_KIND_GOAL: lambda item: self._square(item, 0.46, palette.GOAL, palette.GOAL_EDGE),
            ItemKind.ITEM_KIND_WALL: lambda item: self._square(item, 0.5, palette.COUNTER, corner=0.0),
            ItemKind.ITEM_KIND_ONION_PILE: self._onion_pile,
            ItemKind.ITEM_KIND_PLATE_PILE: self._plate_pile,
            ItemKind.ITEM_KIND_POT: self._pot,
            ItemKind.ITEM_KIND_ONION: lambda item: self._thing(item, palette.ONION, palette.SHELF_EDGE),
            ItemKind.ITEM_KIND_PLATE: lambda item: self._thing(item, palette.PLATE, palette.PLATE_EDGE),
            ItemKind.ITEM_KIND_SOUP: lambda item: self._thing(item, palette.SOUP, palette.PLATE),
            ItemKind.ITEM_KIND_LANDMARK: self._landmark,
            ItemKind.ITEM_KIND_PREY: lambda item: self._ball(item, palette.PREY),
            ItemKind.ITEM_KIND_OBSTACLE: lambda item: self._ball(item, palette.OBSTACLE),
        }

    def lines(self) -> None:
        """Lines between cells."""
        width, height = self._image.size
        step = round(self._unit)
        for at in range(step, width, step):
            self._draw.line((at, 0, at, height), palette.LINE, _FINE)
        for at in range(step, height, step):
            self._draw.line((0, at, width, at), palette.LINE, _FINE)

    def draw(self, item: Item) -> None:
        """Draw an item over what is there."""
        self._kinds[item.kind](item)

    def _agent(self, item: Item) -> None:
        radius = item.radius or 0.34
        colour = palette.agent_colour(item.label)
        if item.marked:
            self._circle(item.x, item.y, radius + 0.08, palette.MARK)
        if item.heading in _STEPS:
            self._nose(item, radius, colour)
        self._circle(item.x, item.y, radius, colour, "#ffffff")
        self._text(item.x, item.y, item.label, 1.15 * radius, "#ffffff")
        if item.badge:
            self._pill(item.x + 0.3, item.y + 0.3, item.badge)

    def _nose(self, item: Item, radius: float, colour: str) -> None:
        """A triangle towards where an agent faces."""
        x, y = _STEPS[item.heading]
        tip, root, side = radius + 0.15, 0.5 * radius, 0.78 * radius
        points = [(x * tip, y * tip), (x * root + y * side, y * root + x * side)]
        points.append((x * root - y * side, y * root - x * side))
        self._draw.polygon([self._at(item.x + dx, item.y + dy) for dx, dy in points], colour)

    def _food(self, item: Item) -> None:
        self._circle(item.x, item.y + 0.04, 0.3, palette.FOOD)
        x, y = self._at(item.x, item.y - 0.24)
        size = 0.13 * self._unit
        self._draw.ellipse((x, y - size, x + 1.7 * size, y + 0.2 * size), palette.LEAF)
        self._text(item.x, item.y + 0.04, item.label, 0.36, "#ffffff")

    def _shelf(self, item: Item) -> None:
        fill = palette.REQUESTED if item.marked else palette.SHELF
        if item.carried:
            self._square(item, 0.48, fill, palette.INK, thick=2)
        else:
            self._square(item, 0.36, fill, palette.SHELF_EDGE)

    def _onion_pile(self, item: Item) -> None:
        self._square(item, 0.5, palette.COUNTER, corner=0.0)
        for x, y in ((-0.17, 0.14), (0.17, 0.14), (0.0, -0.14)):
            self._circle(item.x + x, item.y + y, 0.17, palette.ONION, palette.SHELF_EDGE)

    def _plate_pile(self, item: Item) -> None:
        self._square(item, 0.5, palette.COUNTER, corner=0.0)
        for y in (0.12, 0.0, -0.12):
            self._circle(item.x, item.y + y, 0.26, palette.PLATE, palette.PLATE_EDGE)

    def _pot(self, item: Item) -> None:
        self._square(item, 0.5, palette.COUNTER, corner=0.0)
        if item.marked:
            self._circle(item.x, item.y, 0.44, palette.MARK)
        self._circle(item.x, item.y, 0.36, palette.POT)
        self._circle(item.x, item.y, 0.28, palette.SOUP if item.marked else "#2e3238")
        self._text(item.x, item.y, item.label, 0.36, "#ffffff")
        if item.badge:
            self._pill(item.x + 0.27, item.y + 0.3, item.badge)

    def _thing(self, item: Item, fill: str, edge: str) -> None:
        """Something to carry: in the middle of its cell, or in a cook's hand."""
        if item.carried:
            self._circle(item.x + 0.3, item.y - 0.28, 0.18, palette.INK)
            self._circle(item.x + 0.3, item.y - 0.28, 0.155, fill, edge)
        else:
            self._circle(item.x, item.y, 0.24, fill, edge)

    def _landmark(self, item: Item) -> None:
        fill = palette.COVERED if item.marked else palette.LANDMARK
        edge = palette.GOAL_EDGE if item.marked else palette.OBSTACLE
        self._circle(item.x, item.y, item.radius, fill, edge)
        self._circle(item.x, item.y, min(0.03, 0.4 * item.radius), edge)

    def _ball(self, item: Item, colour: str) -> None:
        self._circle(item.x, item.y, item.radius, colour, "#ffffff")

    def _pill(self, x: float, y: float, text: str) -> None:
        """Small text on a pale ground, in the corner of a cell."""
        left, top = self._at(x, y)
        high = 0.15 * self._unit
        wide = high * (0.75 + 0.45 * len(text))
        box = (left - wide, top - high, left + wide, top + high)
        self._draw.rounded_rectangle(box, high, "#ffffff", palette.INK, _FINE)
        self._text(x, y, text, 0.25, palette.INK)

    def _square(
        self, item: Item, half: float, fill: str, edge: str = "", *, corner: float = 0.1, thick: int = 1
    ) -> None:
        x, y = self._at(item.x, item.y)
        reach = half * self._unit
        box = (x - reach, y - reach, x + reach, y + reach)
        self._draw.rounded_rectangle(box, corner * self._unit, fill, edge or None, thick * _FINE)

    def _circle(self, x: float, y: float, radius: float, fill: str, edge: str = "") -> None:
        left, top = self._at(x, y)
        reach = radius * self._unit
        self._draw.ellipse((left - reach, top - reach, left + reach, top + reach), fill, edge or None, _FINE)

    def _text(self, x: float, y: float, text: str, size: float, colour: str) -> None:
        """Text around a middle; `size` is that of its letters, in units of the board."""
        self._draw.text(self._at(x, y), text, colour, palette.font(max(8, round(size * self._unit))), anchor="mm")

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return x * self._unit, y * self._unit
