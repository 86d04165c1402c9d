"""The sample photos: there with no network, the right ones, and named when a name is wrong."""

import socket

import numpy as np
import pytest

from cnnviz_widgets.data import sample_names, sample_picture, samples
from cnnviz_widgets.errors import PictureError

# Size, and the pixel at x 200, y 150.
SAMPLES = {
    "cat": ((300, 300), (110, 91, 49)),
    "coffee": ((600, 400), (247, 235, 218)),
    "rocket": ((640, 427), (75, 72, 65)),
    "astronaut": ((512, 512), (236, 210, 184)),
    "temple": ((640, 427), (47, 16, 21)),
    "flower": ((640, 427), (198, 148, 87)),
}


def test_the_six_names():
    assert sample_names() == tuple(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_photo_opens_with_the_network_cut(name, monkeypatch):
    def cut(*_: object, **__: object) -> None:
        raise AssertionError("a sample picture went to the network")

    monkeypatch.setattr(socket, "socket", cut)
    monkeypatch.setattr(socket, "getaddrinfo", cut)
    picture = sample_picture(name)
    size, pixel = SAMPLES[name]
    assert (picture.mode, picture.size) == ("RGB", size)
    # JPEG decoders differ by a level or two
    assert np.abs(np.array(picture.getpixel((200, 150))) - pixel).max() <= 3


def test_the_photos_are_those_of_their_packages():
    data = pytest.importorskip("skimage.data")
    assert np.array_equal(np.asarray(sample_picture("cat")), data.cat()[:, 100:400])  # her face, square
    assert np.array_equal(np.asarray(sample_picture("astronaut")), data.astronaut())


def test_a_wrong_name_lists_the_near_ones():
    with pytest.raises(PictureError) as caught:
        sample_picture("cofee")
    assert str(caught.value) == "There is no sample picture 'cofee'. Did you mean 'coffee'?"
    with pytest.raises(PictureError, match="There are 'cat', 'coffee', 'rocket'"):
        sample_picture("zebra")


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(samples, "find_spec", lambda name: None)
    with pytest.raises(PictureError, match="pip install --force-reinstall scikit-learn"):
        sample_picture("temple")
