"""The tree of errors."""

import re

from also import errors


def test_the_tree_of_errors_is_the_one_in_the_docstring():
    """Every class is drawn in the tree, below the class that it is derived from."""
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    lines = errors.__doc__.splitlines()
    drawn = {}
    for line in lines:
        found = re.match(r"[│├└─ ]*([A-Z]\w+)", line)
        if found and found.group(1) in vars(errors):
            drawn[found.group(1)] = found.start(1)
    assert drawn.keys() == {cls.__name__ for cls in classes}
    names = list(drawn)
    for cls in classes:
        if cls is errors.AlsoError:
            continue
        above = [name for name in names[: names.index(cls.__name__)] if drawn[name] < drawn[cls.__name__]]
        assert cls.__bases__[0].__name__ == above[-1]
