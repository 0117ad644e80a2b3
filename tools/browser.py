"""A real Chromium, driven over WebDriver: what a page logs, what it asks the network for, and how wide it lies.

Chromium's own logs tell the first two: its console, and the events of its network stack, as chromedriver records them.
"""

import base64
import json
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.loopback import MORTAL

SECONDS = 120
"""Deadline of one request to chromedriver, on a machine that is busy with other things."""

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
"""Of Chromium: it shows nothing, asks nobody for anything of its own, and needs no rights."""


class Browser:
    """A window of Chromium, made by `browsing`."""

    def __init__(self, session: str) -> None:
        """Take a session.

        Args:
            session: its URL.
        """
        self._session = session

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Be a screen of so many pixels, for people who prefer light or dark."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", metrics)
        preference = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", {"features": [preference]})

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._post("url", {"url": url})

    def run(self, script: str) -> Any:
        """What a script returns in the page."""
        return self._post("execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """What was logged since the last time, errors and refusals of the page's own policy among it."""
        return [f"{entry['level']}: {entry['message']}" for entry in self._post("se/log", {"type": "browser"})]

    def requested(self) -> list[str]:
        """URLs that were asked for since the last time, in order; the page's own is the first."""
        events = (json.loads(entry["message"])["message"] for entry in self._post("se/log", {"type": "performance"}))
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen as a PNG; `whole` is the page to its end."""
        shot = self._devtools("Page.captureScreenshot", {"captureBeyondViewport": whole, **self._clip(whole)})
        path.write_bytes(base64.b64decode(shot["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self._devtools("Page.getLayoutMetrics", {})["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, command: str, body: dict[str, Any]) -> Any:
        return _ask(f"{self._session}/{command}", body)


@contextmanager
def browsing(driver: str) -> Iterator[Browser]:
    """Start a Chromium for the length of a `with`.

    Args:
        driver: path of chromedriver, with chromium beside it.

    Raises:
        OSError: it cannot be started, or there is no browser.
    """
    profile = tempfile.mkdtemp(prefix="also-browser-")
    process = subprocess.Popen(
        [*MORTAL, driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        root = f"http://127.0.0.1:{_port(process)}/session"
        browser_path = str(Path(driver).with_name("chromium"))
        chromium = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"], "binary": browser_path}
        wanted = {"goog:chromeOptions": chromium, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = f"{root}/{_ask(root, {'capabilities': {'alwaysMatch': wanted}})['sessionId']}"
        try:
            browser = Browser(session)
            browser.open("about:blank")
            browser.requested()  # what the first, own page of Chromium asked for
            yield browser
        finally:
            _ask(session, None, method="DELETE")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
        shutil.rmtree(profile, ignore_errors=True)


def _port(process: subprocess.Popen[str]) -> int:
    """The port that chromedriver says it listens on.

    Raises:
        OSError: it ended without one.
    """
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if " started successfully on port " in line:
            return int(line.rsplit(" ", 1)[1].strip(" .\n"))
    raise OSError(f"chromedriver has not started: {''.join(said)[-500:]}")


def _ask(url: str, body: dict[str, Any] | None, *, method: str = "POST") -> Any:
    """What chromedriver answers; proxies are for the world outside.

    Raises:
        OSError: it does not answer, or with an error.
    """
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise OSError(f"chromedriver refused: {error.read().decode(errors='replace')[:500]}") from None
