"""A commit of this repository, checked out into a temporary folder for as long as it is measured."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
