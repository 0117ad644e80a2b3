"""Colours and letters of pictures: a light board, agents that can be told apart, few other colours."""

from functools import cache

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

PAPER, BOARD, LINE, EDGE = "#f6f6f3", "#ffffff", "#e6e5e0", "#c9c7bf"
"""Behind everything, the board, lines between cells, and its edge."""

INK, PALE_INK, GAIN, LOSS = "#23262b", "#6f737a", "#1b8a4b", "#c0392b"
"""Text, text of less weight, a reward, and a penalty."""

AGENTS = (
    *("#2f6fb3", "#8756b3", "#0f8b9d", "#2b9348", "#5a6b7b", "#c0398f", "#b5790b", "#4b4fbf", "#7a8f1e", "#8a4b3a"),
)
"""Of agents, in turn."""

MARK = "#f2b705"
"""Around what stands out."""

FOOD, LEAF = "#e4572e", "#3a7d44"
SHELF, REQUESTED, SHELF_EDGE, PLACE, GOAL, GOAL_EDGE = (
    *("#cdbfa8", "#f2b705", "#8a7a5f", "#f3efe7", "#d5eedd", "#5fae7c"),
)
COUNTER, ONION, PLATE, PLATE_EDGE, SOUP, POT = "#e2dcd0", "#e9b44c", "#ffffff", "#9aa0a6", "#d97a34", "#4a4f57"
LANDMARK, COVERED, OBSTACLE, PREY = "#e3e6ea", "#d5eedd", "#a9adb3", "#23262b"
"""Of things, by what they are."""


@cache
def font(size: int) -> FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, of so many pixels."""
    return ImageFont.load_default(size)


def agent_colour(label: str) -> str:
    """Colour of the agent of this number."""
    return AGENTS[(int(label) - 1) % len(AGENTS)] if label.isdecimal() else AGENTS[0]
