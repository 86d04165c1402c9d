"""Fetching weights: whole and checked, or not at all.

A file appears under its own name in torch's folder only after it has been received completely and
approved, so what is there can be trusted by the next start, and is: a file that torch, torchvision or the
student put there is used as it is. Files are named as torchvision names them, and the caches are shared.
"""

import errno
import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests
import torch
from tqdm import tqdm

from cnnviz_widgets.errors import DownloadError

Progress = bool | Callable[[int, int], None]
"""True: a bar on stderr; False: silence; a function is told (bytes so far, bytes in all or 0 if unknown)."""

MIRROR = "CNNVIZ_MIRROR"
"""Environment variable: the scheme and host of a local copy, for schools that keep one.

With ``CNNVIZ_MIRROR=http://mirror.school.example/cnn`` the file ``https://host/models/x.pth`` is asked for
at ``http://mirror.school.example/cnn/models/x.pth``. Hashes are checked all the same.
"""

TIMEOUT = (5.0, 20.0)
"""Seconds to wait for a connection (to each address of the host) and for the next bytes."""

# One download at a time in this process: two widgets that want the same net then share one file, and
# pooch's log level can be turned down for the while.
_one_at_a_time = threading.Lock()


def weights_folder() -> Path:
    """Return torch's folder of downloaded weights: `TORCH_HOME` or ~/.cache/torch, then hub/checkpoints."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def cached_path(url: str) -> Path:
    """Return where the file of this address is kept, whether it is there or not."""
    return weights_folder() / Path(urlsplit(url).path).name


def fetch(
    url: str,
    what: str,
    *,
    progress: Progress = True,
    approve: Callable[[Path], None] | None = None,
    advice: str = "",
) -> Path:
    """Return the local file of `url`, downloading it if it is not there yet.

    Parameters
    ----------
    url : str
        Address of the file. Where its name ends in a hash, ``name-<sha256 prefix>.pth``, the hash is checked.
    what : str
        What is fetched, for messages: "the weights of 'alexnet'".
    progress : bool or callable
        Bar on stderr, silence, or a function told ``(bytes so far, bytes in all)``, 0 where unknown. An
        exception it raises stops the download, and nothing is kept.
    approve : callable, optional
        Called with the received file before it gets its name; raises ValueError to turn it down. For files
        without a known hash.
    advice : str
        What else the student could do, for the end of an error message.

    Returns
    -------
    Path
        A complete file in `weights_folder()`.

    Raises
    ------
    DownloadError
        The file cannot be had. Nothing is kept of a download that failed.
    """
    path = cached_path(url)
    if path.is_file():
        return path
    source = _mirrored(url)
    receive = _Receiver(path.name, progress, approve)
    try:
        with _one_at_a_time, _quiet(pooch.get_logger()):
            # pooch receives into a temporary file beside `path`, moves it there at the end in one step and
            # removes it after any exception, a keyboard interrupt too.
            pooch.retrieve(source, known_hash=None, fname=path.name, path=path.parent, downloader=receive)
    except (requests.RequestException, OSError, ValueError) as error:
        if path.is_file():  # another process finished first; on Windows our move then fails
            return path
        raise DownloadError(
            f"Could not download {what} from {source}: {_reason(error, source, path, receive)}. "
            f"Nothing was kept. You can try again, or put the file at {path} yourself. {advice}".rstrip()
        ) from error
    return path


def _mirrored(url: str) -> str:
    mirror = os.environ.get(MIRROR, "").strip().rstrip("/")
    return mirror + urlsplit(url).path if mirror else url


class _quiet:
    """Keep pooch from telling students to paste a hash into code they did not write."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    def __enter__(self) -> None:
        self.level = self.logger.level
        self.logger.setLevel(logging.WARNING)

    def __exit__(self, *exception: object) -> None:
        self.logger.setLevel(self.level)


class _Meter:
    """Count what arrives and show it; what pooch expects of a progress bar, which sets `total` itself."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.received, self.total = 0, 0  # bytes
        self._name, self._progress = name, progress
        self._bar: Any = None

    def update(self, n: int) -> None:
        self.received += n
        if callable(self._progress):
            self._progress(min(self.received, self.total or self.received), self.total)
        elif self._progress:
            if self._bar is None:
                # Made when bytes are here, so that a failure shows no empty bar. tqdm's text bar and not its
                # widget: it shows everywhere and leaves no widget state in a notebook.
                self._bar = tqdm(desc=self._name, total=self.total or None, unit="B", unit_scale=True)
            self._bar.update(n)

    def reset(self) -> None:
        if self.total:  # pooch starts anew at the end, to count up to the announced total
            self.received = 0
            if self._bar is not None:
                self._bar.reset()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Receiver:
    """Receive one file and approve it, while it still has a temporary name: what pooch calls a downloader."""

    def __init__(self, name: str, progress: Progress, approve: Callable[[Path], None] | None) -> None:
        self.name, self.progress, self.approve = name, progress, approve
        self.received, self.total = 0, 0  # bytes

    def __call__(self, url: str, output_file: Any, _pooch: object) -> None:
        file = Path(output_file)
        meter = _Meter(self.name, self.progress)
        try:
            pooch.HTTPDownloader(progressbar=meter, chunk_size=1 << 16, timeout=TIMEOUT)(url, file, None)
        finally:
            meter.close()
            self.received, self.total = file.stat().st_size, meter.total
        if self.received < self.total:  # urllib3 before 2 takes a short answer for a whole one
            raise requests.exceptions.ChunkedEncodingError("short")
        _check_content(file, self.name)
        if self.approve:
            self.approve(file)
        # Temporary files are for their owner only; weights in a shared TORCH_HOME are for everyone.
        file.chmod(0o644)


def _check_content(file: Path, name: str) -> None:
    """Refuse a login page, and a file whose sha256 is not the one torchvision puts at the end of the name."""
    with file.open("rb") as stream:
        if stream.read(1) == b"<":
            raise ValueError("what came is a web page; this network may want you to log in first")
        stream.seek(0)
        expected = re.search(r"-([0-9a-f]{6,64})\.[^.]+$", name)
        found = hashlib.file_digest(stream, "sha256").hexdigest() if expected else ""
    if expected and not found.startswith(expected[1]):
        raise ValueError(
            "what came is not the right file, its hash is wrong "
            f"(sha256 {expected[1]} expected, {found[: len(expected[1])]} received)"
        )


def _reason(error: Exception, url: str, path: Path, receive: _Receiver) -> str:
    """Say in a student's words why a download failed."""
    host = urlsplit(url).netloc or url
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.RequestException):
        if receive.received or isinstance(error, requests.exceptions.ChunkedEncodingError):
            of = f" of {receive.total / 1e6:.1f}" if receive.total else ""
            return f"the connection was cut after {receive.received / 1e6:.1f}{of} MB"
        if isinstance(error, requests.Timeout):
            return f"{host} did not answer in time"
        if isinstance(error, requests.ConnectionError):
            return f"there is no connection to {host} (no network, or the name is not known)"
        return str(error)
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return f"the disk is full ({path.parent})"
        return f"cannot write to {path.parent} ({error.strerror or error})"
    return str(error)
