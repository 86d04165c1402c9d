"""Find a Chromium or Chrome on this machine, or install one where that needs no question.

python tests/browser/chromium.py       prints its path, or why there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)


def find() -> str | None:
    """Return the browser to drive: the one named by CHROME, one on the PATH, or one where it is installed."""
    named = os.environ.get("CHROME")
    if named:
        # A wrong name is a mistake to hear about, not to work around.
        return shutil.which(named)
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or next((str(each) for each in usual_places() if each.is_file()), None)


def usual_places() -> list[Path]:
    if sys.platform == "darwin":
        return [Path(base) / app for base in ("/Applications", Path.home() / "Applications") for app in MAC]
    if sys.platform == "win32":
        bases = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        return [Path(base) / exe for base in bases if base for exe in WINDOWS]
    return []


def why_missing() -> str:
    if os.environ.get("CHROME"):
        return f"CHROME={os.environ['CHROME']} is not a program"
    return "no Chromium or Chrome on this machine; install one, or set CHROME to its path"


def install() -> None:
    """Install Debian's or Ubuntu's Chromium, when we may: as root, with apt-get."""
    if os.environ.get("CHROME") or not shutil.which("apt-get") or not is_root():
        return
    print("No Chromium here; installing it with apt-get.", flush=True)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
        # A failed update may still leave lists good enough to install from.
        subprocess.run(["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL, timeout=600)


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    if not find():
        install()
    print(find() or why_missing())
