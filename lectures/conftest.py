"""How nbval runs the lectures: as a student does with nothing set, on the embedded network."""

import os


def pytest_configure() -> None:
    # The kernels inherit this process's environment.
    os.environ.pop("CNNVIZ_MODEL", None)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
