"""Prompts are files: read, filled in and hashed here, so that every record can say by which prompt it was made."""

import hashlib
from pathlib import Path
from string import Template

TEXTS = Path(__file__).parent / "texts"
"""Folder of the texts that both minds share."""


def text(name: str, folder: Path = TEXTS) -> str:
    """Text of a prompt file, without blank lines at its ends.

    Args:
        name: file name without `.md`, e.g. "about".
        folder: folder of the file.
    """
    return (folder / f"{name}.md").read_text(encoding="utf-8").strip()


def prompt_sha256(*paths: Path) -> str:
    """sha256, hex, over the names and contents of prompt files.

    Args:
        paths: files, or folders, of which every `*.md` counts in order of name.
    """
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.glob("*.md")) if path.is_dir() else [path]:
            for part in (f"{file.parent.name}/{file.name}".encode(), file.read_bytes()):
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def fill(template: str, **sections: str) -> str:
    """A template with every `$section` replaced; what a section says is never read as a template itself.

    Raises:
        ValueError: a section is missing or surplus, or the template has a stray `$`.
    """
    pattern = Template(template)
    named = set(pattern.get_identifiers())
    if named != set(sections) or not pattern.is_valid():
        raise ValueError(f"template has the sections {sorted(named)}, given were {sorted(sections)}")
    return pattern.substitute(sections)
