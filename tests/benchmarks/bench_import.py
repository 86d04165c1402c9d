"""`import cnnviz_widgets` in a notebook's first cell must not be felt."""

import subprocess
import sys

CODE = "import time; t = time.perf_counter(); import cnnviz_widgets; print((time.perf_counter() - t) * 1000)"


def test_import(measure):
    def once() -> float:
        return float(subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True).stdout)

    measure.record("import cnnviz_widgets", [once() for _ in range(9)], limit_ms=100)
