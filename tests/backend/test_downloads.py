"""Downloads, against a loopback server that goes wrong as real ones do. No test leaves this machine."""

import hashlib
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnnviz_widgets.backend import downloads
from cnnviz_widgets.backend.downloads import cached_path, fetch, weights_folder
from cnnviz_widgets.errors import CnnvizError, DownloadError
from tests.backend.fake_hub import FakeHub, running_hub

BODY = bytes(range(256)) * 4000  # 1 MB
SHA = hashlib.sha256(BODY).hexdigest()
PATH = f"/models/net-{SHA[:8]}.pth"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(downloads, "TIMEOUT", (1.0, 1.0))
    with running_hub() as hub:
        monkeypatch.setenv("CNNVIZ_MIRROR", hub.address)
        hub.files[PATH] = BODY
        yield hub


def get(path: str = PATH, **how) -> Path:
    return fetch(f"https://download.invalid{path}", "the weights of 'net'", **{"progress": False} | how)


def kept() -> list[str]:
    folder = weights_folder()
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def test_a_file_is_fetched_once_and_then_needs_no_server(hub: FakeHub):
    path = get()
    assert path == weights_folder() / PATH.rpartition("/")[2]
    assert path.read_bytes() == BODY
    hub.files.clear()
    assert get() == path
    assert hub.asked == [PATH]


def test_torch_home_is_honoured(hub: FakeHub, tmp_path: Path):
    assert get().parent == tmp_path / "torch" / "hub" / "checkpoints"


def test_others_on_the_machine_may_read_it(hub: FakeHub):
    assert stat.S_IMODE(get().stat().st_mode) == 0o644


def test_a_file_that_is_there_is_used_whatever_its_hash(hub: FakeHub):
    path = cached_path(PATH)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"put here by the student")
    assert get().read_bytes() == b"put here by the student"
    assert hub.asked == []


def test_404_names_address_and_place(hub: FakeHub):
    with pytest.raises(
        DownloadError, match=r"the weights of 'net'.*the server answered 404 Not Found"
    ) as caught:
        get("/models/nothing.pth", advice="Open another.")
    message = str(caught.value)
    assert f"{hub.address}/models/nothing.pth" in message
    assert str(weights_folder() / "nothing.pth") in message
    assert "Nothing was kept" in message
    assert message.endswith("Open another.")
    assert kept() == []


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_a_cut_connection_keeps_nothing_and_the_next_try_succeeds(hub: FakeHub, fault: str):
    hub.faults[PATH] = fault
    with pytest.raises(DownloadError, match=r"the connection was cut after 0\.[1-5] of 1\.0 MB"):
        get()
    assert kept() == []
    hub.faults.clear()
    assert get().read_bytes() == BODY


def test_a_server_that_hangs_is_given_up(hub: FakeHub):
    hub.faults[PATH] = "hang"
    start = time.monotonic()
    with pytest.raises(DownloadError, match="did not answer in time"):
        get()
    assert time.monotonic() - start < 5
    assert kept() == []


def test_the_waiting_times_fit_a_classroom():
    assert downloads.TIMEOUT[0] <= 10
    assert downloads.TIMEOUT[1] <= 20


def test_a_wrong_hash_says_both(hub: FakeHub):
    hub.files["/models/net-0123abcd.pth"] = BODY
    with pytest.raises(DownloadError, match=f"0123abcd expected, {SHA[:8]} received"):
        get("/models/net-0123abcd.pth")
    assert kept() == []


def test_a_login_page_is_recognised(hub: FakeHub):
    hub.files[PATH] = hub.files["/models/unhashed.pth"] = (
        b"<!DOCTYPE html><title>Welcome to School WiFi</title>"
    )
    for path in (PATH, "/models/unhashed.pth"):
        with pytest.raises(DownloadError, match="web page; this network may want you to log in"):
            get(path)
    assert kept() == []


def test_nothing_listening(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CNNVIZ_MIRROR", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(DownloadError, match=r"there is no connection to 127.0.0.1"):
            get()
    assert kept() == []


def test_no_name_resolution(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    def fail(*args: object, **how: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("CNNVIZ_MIRROR", "http://download.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(
        DownloadError, match=r"no connection to download.invalid .no network, or the name is not known"
    ):
        get()


def test_a_mirror_without_a_scheme_is_named(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CNNVIZ_MIRROR", "mirror.school")
    with pytest.raises(DownloadError, match=r"mirror.school/models"):
        get()


def test_an_error_is_the_packages_and_an_oserror(hub: FakeHub):
    for kind in (CnnvizError, OSError):
        with pytest.raises(kind):
            get("/nothing")


def test_a_full_disk(hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "_check_content", full)
    with pytest.raises(DownloadError, match="the disk is full"):
        get()
    assert kept() == []


def test_a_folder_that_cannot_be_made(hub: FakeHub, tmp_path: Path):
    (tmp_path / "torch").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="cannot write to"):
        get()


def test_a_file_turned_down_is_not_kept(hub: FakeHub):
    hub.files["/x.pth.tar"] = BODY
    seen = []

    def refuse(path: Path) -> None:
        seen.append(path.read_bytes() == BODY and path.name != "x.pth.tar")
        raise ValueError("it is not what I want")

    with pytest.raises(DownloadError, match="it is not what I want"):
        get("/x.pth.tar", approve=refuse)
    assert seen == [True]
    assert kept() == []


def test_an_interrupt_keeps_nothing_and_comes_through(hub: FakeHub):
    def stop(received: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(progress=stop)
    assert kept() == []
    assert get().read_bytes() == BODY


def test_a_bar_is_shown_or_not(hub: FakeHub, capsys: pytest.CaptureFixture):
    get(progress=True)
    shown = capsys.readouterr()
    assert PATH.rpartition("/")[2] in shown.err
    assert "1.02M/1.02M" in shown.err
    assert "known_hash" not in shown.err
    assert shown.out == ""
    cached_path(PATH).unlink()
    get(progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_function_is_told_how_far_it_is(hub: FakeHub):
    told = []
    get(progress=lambda received, total: told.append((received, total)))
    assert told[-1] == (len(BODY), len(BODY))
    assert len(told) > 5
    assert told == sorted(told)


def test_a_server_that_does_not_say_how_much_comes(hub: FakeHub, capsys: pytest.CaptureFixture):
    hub.faults[PATH] = "unsized"
    told = []
    path = get(progress=lambda received, total: told.append((received, total)))
    assert path.read_bytes() == BODY
    assert told[-1][1] == 0
    assert told[-1][0] >= len(BODY)
    path.unlink()
    get(progress=True)
    assert "M" in capsys.readouterr().err


def test_two_threads_share_one_download(hub: FakeHub):
    hub.faults[PATH] = "slow"
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(get())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(paths) == 3
    assert paths[0].read_bytes() == BODY
    assert hub.asked == [PATH]


@pytest.mark.heavy
def test_two_processes_at_once_both_end_well(hub: FakeHub):
    hub.faults[PATH] = "slow"
    code = (
        "import sys; from cnnviz_widgets.backend.downloads import fetch; print('ready', flush=True);"
        "sys.stdin.readline(); fetch(sys.argv[1], 'it', progress=False)"
    )
    command = [sys.executable, "-c", code, f"https://download.invalid{PATH}"]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0]
    assert hub.asked == [PATH, PATH]  # they did overlap
    assert kept() == [PATH.rpartition("/")[2]]
    assert cached_path(PATH).read_bytes() == BODY
