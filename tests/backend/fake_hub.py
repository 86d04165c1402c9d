"""A web server on loopback that serves made-up weights, and goes wrong in the ways real ones do."""

import hashlib
import http.server
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torchvision import models

CHUNK = 1 << 14


class FakeHub(http.server.ThreadingHTTPServer):
    """Serve `files`, {path: bytes}; a path in `faults` goes wrong as its fault says.

    Faults: "unsized" does not say how long it is; "cut" closes after half of what it announced; "hang" never
    answers; "stall" sends half and waits; "slow" sends everything, slowly enough for two downloads to meet.
    `asked` lists the paths requested.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, str] = {}
        self.asked: list[str] = []
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: FakeHub

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body, fault = self.server.files.get(self.path), self.server.faults.get(self.path)
        if body is None:
            self.send_error(404)
            return
        if fault == "hang":
            self.server.closing.wait(30)
            return
        self.send_response(200)
        if fault != "unsized":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in ("cut", "stall"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if fault == "stall":
                self.server.closing.wait(30)
            return
        for start in range(0, len(body), CHUNK if fault == "slow" else len(body)):
            self.wfile.write(body[start : start + CHUNK] if fault == "slow" else body)
            time.sleep(0.002 if fault == "slow" else 0)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """Run a FakeHub in a thread, and stop it at the end."""
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        hub.shutdown()
        hub.server_close()
        thread.join(5)


def saved(content: object, **how: Any) -> bytes:
    """Return what torch.save writes."""
    stream = io.BytesIO()
    torch.save(content, stream, **how)
    return stream.getvalue()


@contextmanager
def published(hub: FakeHub, name: str, **options: Any) -> Iterator[str]:
    """Serve made-up weights for a torchvision model, and let the model's own weights point to them.

    The file is named as torchvision's are, with its true hash, so everything but the numbers is as in life.
    Yields the path on the server.
    """
    torch.manual_seed(0)
    body = saved(models.get_model(name, weights=None, **options).state_dict())
    path = f"/models/{name}-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    hub.files[path] = body
    value = models.get_model_weights(name).DEFAULT.value
    before = value.url
    # The dataclass is frozen and shared by all who ask for it.
    object.__setattr__(value, "url", f"https://download.invalid{path}")
    try:
        yield path
    finally:
        object.__setattr__(value, "url", before)
