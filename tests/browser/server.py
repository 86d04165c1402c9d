"""A JupyterLab of our own on loopback, that dies with whoever started it.

Run as a program it is the server itself: it stops when its standard input closes, so that not even
a killed test run leaves one behind. (Its kernels watch it in the same way.)
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

import nbformat

START_LIMIT = 60  # seconds


class LabServer:
    """JupyterLab on a folder, with settings, kernels and state apart from the user's own."""

    def __init__(self, root: Path, home: Path, theme: str = "JupyterLab Light") -> None:
        self.root, self.home = root, home
        self.port, self.token = _free_port(), secrets.token_hex(16)
        self._write_settings(theme)
        self._written: dict[Path, str] = {}
        self.log = home / "server.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(self.port), self.token, str(root), str(home)],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the tests; the server stops when they close its standard input.
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, notebook: str) -> str:
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={self.token}&reset"

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of these code cells, and return its name."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell, id=str(i)) for i, cell in enumerate(cells)]
        )
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        self._put(self.root / name, nbformat.writes(notebook))
        return name

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)

    def _put(self, path: Path, text: str) -> None:
        """Write a file once: JupyterLab asks its user where one that is open has changed."""
        if self._written.get(path) != text:
            path.write_text(text)
            self._written[path] = text

    def _environment(self) -> dict[str, str]:
        home = self.home
        env = dict(
            os.environ,
            JUPYTER_CONFIG_DIR=str(home / "config"),
            JUPYTER_DATA_DIR=str(home / "data"),
            JUPYTER_RUNTIME_DIR=str(home / "runtime"),
            IPYTHONDIR=str(home / "ipython"),
            # The kernel called python3 is this Python's.
            JUPYTER_PATH=str(Path(sys.prefix) / "share" / "jupyter"),
        )
        env.pop("CNNVIZ_MODEL", None)
        return env

    def _write_settings(self, theme: str) -> None:
        settings = {
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
            "apputils-extension/themes": {"theme": theme},
            # JupyterLab drops what is scrolled away; a test wants to find every output.
            "notebook-extension/tracker": {"windowingMode": "none"},
        }
        for name, values in settings.items():
            path = self.home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                url = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
                urllib.request.urlopen(url, timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RuntimeError(f"JupyterLab did not start; its log:\n{self.log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _stop_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(20)  # seen once: it waits for a kernel for ever
    os._exit(1)


def _serve(port: str, token: str, root: str, home: str) -> None:
    from jupyterlab.labapp import LabApp

    threading.Thread(target=_stop_with_parent, daemon=True).start()
    LabApp.launch_instance(
        [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={root}",
            f"--IdentityProvider.token={token}",
            f"--LabApp.user_settings_dir={home}/settings",
            f"--LabApp.workspaces_dir={home}/workspaces",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
    )


if __name__ == "__main__":
    _serve(*sys.argv[1:])
