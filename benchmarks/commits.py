"""A commit of this repository, checked out into a temporary folder for as long as it is measured."""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""Root of this checkout."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The root of a worktree of `commit`, removed afterwards.

    Raises:
        CalledProcessError: git has no such commit.
    """
    with tempfile.TemporaryDirectory(prefix="also-bench-") as folder:
        root = Path(folder) / "base"
        _git("worktree", "add", "--quiet", "--detach", str(root), commit)
        try:
            yield root
        finally:
            _git("worktree", "remove", "--force", str(root))


def described(commit: str = "HEAD") -> str:
    """Short name of a commit; with "+" where the checkout differs from it."""
    name = _git("rev-parse", "--short=7", commit).strip()
    changed = commit == "HEAD" and _git("status", "--porcelain", "--untracked-files=no")
    return f"{name}+" if changed else name


def last_change(*paths: str) -> str:
    """Short name of the last commit that changed one of some paths, so that other commits keep it.

    Args:
        paths: relative to the root.

    Returns:
        Seven digits; where the checkout differs there, with "+" and six digits of the sha256 of the difference.
    """
    name = _git("log", "-1", "--abbrev=7", "--format=%h", "--", *paths).strip()
    difference = _git("diff", "HEAD", "--", *paths)
    for new in _git("ls-files", "--others", "--exclude-standard", "--", *paths).splitlines():
        difference += f"{new} {hashlib.sha256((ROOT / new).read_bytes()).hexdigest()}\n"
    return f"{name}+{hashlib.sha256(difference.encode()).hexdigest()[:6]}" if difference else name


def place(name: str) -> int:
    """Place of a commit among those before this checkout's, in order of time; -1 of one that is not among them.

    Args:
        name: seven digits, perhaps with more behind a "+".
    """
    return _places().get(name[:7], -1)


@cache
def _places() -> dict[str, int]:
    """Places of all commits, by seven digits."""
    names = _git("log", "--reverse", "--abbrev=7", "--format=%h").split()
    return {name: number for number, name in enumerate(names)}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
