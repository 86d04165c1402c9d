"""Build `.venv` with the package in it, or find at once that it is already right.

    python3 scripts/environment.py {lab,test,dev}

Runs on a bare Python (any 3.x, so that an old one gets a sentence and not a SyntaxError) and needs
no network when there is nothing to do.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# What was installed, written last: without it nothing in .venv is believed.
STAMP = VENV / "cnnviz.json"
# Held while .venv is being built, and not empty if the build that held it was killed.
LOCK = ROOT / ".venv.lock"
# An extra contains the ones before it.
EXTRAS = ("lab", "test", "dev")
OLDEST = (3, 11)


def venv_python():
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main(extra):
    require_python()
    key = environment_key()
    if is_ready(extra, key):
        return
    with only_builder() as interrupted:
        if is_ready(extra, key) and not interrupted:
            return  # another make built it while this one waited
        stamp = read_stamp()
        mine = not VENV.exists() or interrupted or bool(stamp)
        if not VENV.exists() or interrupted or is_stale(stamp):
            say(f"Building .venv with Python {sys.version.split()[0]}; a few minutes the first time.")
            # From here on a killed build leaves its word in the lock, and the next one starts afresh.
            LOCK.write_text("building")
            create()
        elif not has_pip():
            stop(
                f"{VENV} is no Python >= {dotted(OLDEST)} with pip, and make did not make it.\n"
                "Move it away or delete it, and run make again."
            )
        elif mine:
            LOCK.write_text("updating")
        STAMP.unlink(missing_ok=True)
        try:
            install(extra)
        except subprocess.CalledProcessError as error:
            # pip downloads everything before it changes anything, so an environment that worked still does.
            if stamp and not is_stale(stamp) and not interrupted:
                STAMP.write_text(json.dumps(stamp))
                LOCK.write_text("")
            stop(why_it_failed(error.cmd))
        STAMP.write_text(json.dumps({"key": key, "extra": extra, "root": str(ROOT)}))
        LOCK.write_text("")


def require_python():
    if sys.version_info < OLDEST:
        stop(
            f"cnnviz_widgets needs Python >= {dotted(OLDEST)}, "
            f"and {sys.executable} is {sys.version.split()[0]}.\n"
            "If a newer one is installed, name it:  make lab PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(
            f"{sys.executable} cannot make virtual environments (Debian and Ubuntu ship that part apart).\n"
            f"Install it:  sudo apt-get install python3-venv   (or python{dotted(sys.version_info[:2])}-venv)"
        )


def environment_key():
    """Change when, and only when, pip would have something new to do."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = {name: settings.get(name) for name in ("project", "build-system")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_stamp():
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def is_ready(extra, key):
    stamp = read_stamp()
    return (
        stamp.get("key") == key
        and stamp.get("root") == str(ROOT)
        and EXTRAS.index(stamp["extra"]) >= EXTRAS.index(extra)
        and venv_python().exists()
        and not was_interrupted()
    )


def is_stale(stamp):
    """A checkout that was moved, or a Python that was upgraded away, leaves paths that lead nowhere."""
    return bool(stamp) and (stamp.get("root") != str(ROOT) or not has_pip())


def was_interrupted():
    return LOCK.exists() and LOCK.stat().st_size > 0


def has_pip():
    test = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([venv_python(), "-c", test], capture_output=True).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def only_builder():
    """Let one build in at a time; yield whether the last one was killed half-way."""
    with open(LOCK, "a") as lock:
        try:
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another make is building .venv; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass  # no such lock on this system or disk: one make at a time, then
        yield was_interrupted()


def create():
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    except subprocess.CalledProcessError:
        stop(f"{sys.executable} could not make {VENV}{disk_note()}")


def install(extra):
    pip = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check"]
    # PIP_USER=1 in someone's settings would fight the virtual environment.
    env = dict(os.environ, PIP_USER="0", PYTHONNOUSERSITE="1")
    index = os.environ.get("TORCH_INDEX")
    if index:
        say(f"torch and torchvision come from {index}")
        subprocess.run([*pip, "--index-url", index, *torch_requirements()], check=True, env=env)
    elif sys.platform.startswith("linux") and not has_torch():
        say("On Linux this brings torch for CUDA, about 5 GB; `make help` says how to take a smaller one.")
    subprocess.run([*pip, "--editable", f"{ROOT}[{extra}]"], check=True, env=env)
    subprocess.run(
        [str(venv_python()), "-c", "import torch, torchvision, cnnviz_widgets"], check=True, env=env
    )


def has_torch():
    return any(VENV.glob("lib/python*/site-packages/torch/version.py"))


def torch_requirements():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [each for each in project["dependencies"] if each.startswith("torch")]


def why_it_failed(command):
    if "pip" not in command:
        return (
            f"The package is in {VENV}, but torch or torchvision does not load; the reason is above.\n"
            "If TORCH_INDEX was given, it must hold a torch and a torchvision that were made for each other."
        )
    return (
        f"pip could not install the package into {VENV}; its own words are above{disk_note()}\n"
        "  connection errors, 'No matching distribution': no network? Only the first start needs it.\n"
        "  'No space left on device' with room here: set TMPDIR to a folder on a larger disk.\n"
        "  a wheel missing for your Python: try another one, as in  make lab PYTHON=python3.12\n"
        "Then run the same make again."
    )


def disk_note():
    free = shutil.disk_usage(ROOT).free / 1e9
    return f".\nThe disk is nearly full ({free:.1f} GB free)." if free < 2 else "."


def dotted(version):
    return ".".join(str(part) for part in version)


def say(text):
    print(text, flush=True)


def stop(text):
    sys.exit("\n" + text)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in EXTRAS:
        stop(f"usage: python3 scripts/environment.py {{{','.join(EXTRAS)}}}")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Interrupted. The next make starts .venv afresh.")
