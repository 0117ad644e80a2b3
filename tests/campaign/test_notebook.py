"""The notebook of `examples/` runs from its first cell to its last."""

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_notebook_of_the_first_campaign_runs(pytestconfig, tmp_path, monkeypatch):
    """Every cell, in a kernel of its own and an empty folder; the last one shows what the policy is worth."""
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "logs"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    notebook = nbformat.read(pytestconfig.rootpath / "examples" / "first_campaign.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=800, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    (shown,) = notebook.cells[-1].outputs
    assert "returns" in shown.data["text/plain"]
    (drawn,) = [output for output in notebook.cells[-3].outputs if "data" in output]
    assert "image/png" in drawn.data
