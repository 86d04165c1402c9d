"""How nbval runs the lectures: as a student does the first time, on the embedded network."""

import os
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # The kernels inherit this process's environment.
    os.environ.pop("CNNVIZ_MODEL", None)
    os.environ.setdefault("CNNVIZ_STEPS", "40")  # of climbs: the same methods, sooner at their end
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    folder = os.environ.get("CNNVIZ_TEST_CACHE")
    if not folder:
        own = tempfile.TemporaryDirectory(prefix="cnnviz-harvests-")
        config.add_cleanup(own.cleanup)
        folder = own.name
    os.environ["CNNVIZ_CACHE"] = folder
