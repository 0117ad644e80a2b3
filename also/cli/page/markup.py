"""HTML and SVG, element by element: a plain string is text and is escaped, only `Html` is markup."""

import html
from collections.abc import Iterable

VOID = frozenset({"br", "col", "link", "meta"})
"""Elements without an end."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | None
"""What an element holds: markup where it is `Html`, else text; None is nothing."""

Value = str | float | bool | None
"""Of an attribute: True is its name alone, None and False leave it out, numbers have two decimals at most."""


def element(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element.

    Args:
        name: its tag.
        children: what it holds, in order.
        attributes: by name; "_" is "-" and one at the end is dropped, so that `class_` and `text_anchor` can be said.
    """
    begun = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{begun}>")
    return Html(f"<{name}{begun}>{joined(children)}</{name}>")


def joined(children: Iterable[Child], between: str = "") -> Html:
    """Several children one after another, with markup between them."""
    return Html(between.join(_child(child) for child in children if child is not None))


def decimal(value: float) -> str:
    """A number with two decimals at most: "12", "0.5"."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _child(child: str) -> str:
    return child if isinstance(child, Html) else html.escape(child)


def _attribute(key: str, value: Value) -> str:
    name = key.removesuffix("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = value if isinstance(value, str) else decimal(value)
    return f' {name}="{html.escape(text)}"'
