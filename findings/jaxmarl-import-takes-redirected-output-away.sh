#!/usr/bin/env bash
# JaxMARL 0.2.0.
#
# A good guess: importing a library leaves `sys.stdout` and `sys.stderr` alone, so that a program that has redirected them
# (a notebook, a logger, `contextlib.redirect_stdout`, a test runner that captures) still has its own afterwards.
# Seen: `import jaxmarl` puts both back to what the process began with, and says so to nobody: what the program prints from
# then on, inside its redirection too, goes past it. The import also prints two lines of its own.
# Source: the package, run here; `jaxmarl/environments/mabrax/mabrax_env.py` silences an import of brax that way, and
# "restores" `sys.__stdout__` and `sys.__stderr__`, not what was there.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jaxmarl==0.2.0 jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 gymnax==1.0.1 numpy==2.4.6 six==1.17.0
JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import sys
from importlib.metadata import version

kept = io.StringIO()
with contextlib.redirect_stdout(kept):
    print("before")
    import jaxmarl  # noqa: F401

    print("after")
    stolen = sys.stdout is not kept

print(f"jaxmarl {version('jaxmarl')}, jax {version('jax')}")
print(f"kept by the redirection: {kept.getvalue()!r}; sys.stdout was replaced inside it: {stolen}")
assert stolen, "the import leaves sys.stdout alone now"
assert "before" in kept.getvalue() and "after" not in kept.getvalue(), "what is printed afterwards is kept now"
print("expected: both lines kept; seen: the one that was printed before the import")
PYTHON
