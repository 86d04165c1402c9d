"""Open JupyterLab on `lectures/`, and say plainly at which address.

Run by `make lab` with the Python of `.venv`. HOST and PORT come from the environment.
"""

import json
import os
import secrets
import sys
from pathlib import Path

from jupyterlab.labapp import LabApp

LECTURES = Path(__file__).resolve().parent.parent / "lectures"
SHARE = Path(sys.prefix) / "share" / "jupyter"


def main() -> None:
    # The kernel of this environment, whatever kernels the user has elsewhere under the same name.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH")]))
    no_news()
    token = secrets.token_hex(16)
    server = LabApp.initialize_server(argv=arguments(token))
    host = "localhost" if server.ip in ("127.0.0.1", "0.0.0.0", "") else server.ip
    print(f"\n  cnnviz_widgets is open at\n\n      {address(host, server, token)}\n")
    print("  Ctrl-C twice stops it.\n", flush=True)
    server.start()


def arguments(token: str) -> list[str]:
    options = [
        f"--ServerApp.root_dir={LECTURES}",
        f"--ServerApp.ip={os.environ.get('HOST') or '127.0.0.1'}",
        f"--IdentityProvider.token={token}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        # Tabs of the user's other projects must not be looked for in lectures/.
        f"--LabApp.workspaces_dir={SHARE / 'lab' / 'workspaces'}",
        # Its catalogue is a network service; what the lectures need is installed.
        "--LabApp.extension_manager=readonly",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
    ]
    if os.environ.get("PORT"):
        options += [f"--ServerApp.port={os.environ['PORT']}", "--ServerApp.port_retries=0"]
    if not has_display():
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return options


def has_display() -> bool:
    if os.environ.get("CI"):
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return not os.environ.get("SSH_CONNECTION")


def address(host: str, server, token: str) -> str:
    scheme = "https" if server.certfile else "http"
    return f"{scheme}://{host}:{server.port}{server.base_url}lab?token={token}"


def no_news() -> None:
    """Answer JupyterLab's first question (may it fetch news?) with no, inside `.venv` only."""
    overrides = SHARE / "lab" / "settings" / "overrides.json"
    overrides.parent.mkdir(parents=True, exist_ok=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    overrides.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}))


if __name__ == "__main__":
    main()
