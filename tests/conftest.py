"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# Folders and files whose tests together take many seconds: `make test` runs them, `make check` does not.
HEAVY = (
    *("training/", "backend/zoo/", "data/miniworld/", "engines/test_sweep_windows", "methods/test_deconvnet"),
    *("methods/test_tsne", "widgets/test_backprop", "widgets/test_guided_backprop", "widgets/inversion/"),
    *("widgets/test_minimal_image", "widgets/test_receptive_fields", "widgets/test_saliency"),
    *("widgets/test_tasks", "widgets/test_tsne", "widgets/test_occlusion", "widgets/test_deconvnet"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).resolve().parent
    for item in items:
        if tests in item.path.parents and item.path.relative_to(tests).as_posix().startswith(HEAVY):
            item.add_marker(pytest.mark.heavy)


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real weights and real pictures, beside the checkout or at CNNVIZ_REAL."""
    folder = Path(os.environ.get("CNNVIZ_REAL") or REPOSITORY.parent / "shared" / "real")
    if not folder.is_dir():
        pytest.skip(f"no real weights and pictures at {folder}; set CNNVIZ_REAL to the folder that has them")
    return folder


@pytest.fixture(autouse=True)
def default_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests mean the embedded model, whatever the shell they were started from says."""
    monkeypatch.delenv("CNNVIZ_MODEL", raising=False)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads what an earlier run kept on disk, nor leaves anything there; nor do kernels."""
    folder = os.environ.get("CNNVIZ_TEST_CACHE") or str(tmp_path_factory.mktemp("harvests"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNVIZ_CACHE", folder)
        yield
