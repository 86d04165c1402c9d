"""Label maps as files and tables: numbers stay the numbers that were stored."""

import numpy as np
import pytest
from PIL import Image

from cnnviz_widgets.data.label_maps import nearest_rows, open_colours, open_numbers
from cnnviz_widgets.data.label_names import ColourTable, NumberTable
from cnnviz_widgets.errors import InputError, PictureError
from tests.data.made_pictures import palette, png, row, saved


@pytest.fixture
def file(tmp_path):
    def write(content: bytes):
        path = tmp_path / "map.png"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (saved(row("L", 0, 3, 255), "PNG"), [[0, 3, 255]]),
        (saved(palette(2, 0, 1), "PNG"), [[2, 0, 1]]),  # blue, red, green: the colours do not matter
        (saved(Image.fromarray(np.array([[0, 261, 65535]], np.uint16)), "PNG"), [[0, 261, 65535]]),
        (png(8, 1, 1, 0, bytes([0, 0b10110000])), [[1, 0, 1, 1, 0, 0, 0, 0]]),
        # Pillow makes 0 85 170 255 of grey with 2 bits, and multiples of 17 of grey with 4.
        (png(4, 1, 2, 0, bytes([0, 0b00_01_10_11])), [[0, 1, 2, 3]]),
        (png(4, 1, 4, 0, bytes([0, 0x0B, 0xF1])), [[0, 11, 15, 1]]),
        (png(2, 1, 4, 3, bytes([0, 0x21]), (b"PLTE", bytes(9))), [[2, 1]]),
    ],
    ids=["grey 8", "palette", "grey 16", "grey 1", "grey 2", "grey 4", "palette 4"],
)
def test_numbers_are_read_as_stored(file, content, numbers):
    found = open_numbers(file(content))
    assert found.dtype == np.uint16
    assert found.tolist() == numbers


def test_colours_are_read_as_shown(file):
    assert open_colours(file(saved(row("RGB", (1, 2, 3), (255, 0, 9)), "PNG"))).tolist() == [
        [[1, 2, 3], [255, 0, 9]]
    ]
    assert open_colours(file(saved(row("RGBA", (1, 2, 3, 0)), "PNG"))).tolist() == [[[1, 2, 3]]]
    assert open_colours(file(saved(palette(2), "PNG"))).tolist() == [[[0, 0, 255]]]


@pytest.mark.parametrize(
    ("read", "content", "said"),
    [
        (
            open_numbers,
            saved(row("RGB", (1, 1, 1)), "PNG"),
            "is stored in RGB colours, and a number for each",
        ),
        (open_numbers, saved(row("LA", (1, 1)), "PNG"), "is stored in LA colours"),
        (open_colours, saved(row("L", 1), "PNG"), r"is grey \(mode L\), and its labels should be colours"),
        (open_colours, png(1, 1, 16, 2, bytes(7)), "has 16 bits for each colour; labels are 8-bit RGB"),
        (open_numbers, saved(row("L", 1), "JPEG"), "is JPEG; label maps are PNG, which keeps numbers"),
        (open_colours, saved(row("RGB", (1, 1, 1)), "BMP"), "is BMP; label maps are PNG"),
        (open_numbers, saved(row("L", *range(200)), "PNG")[:-60], "cannot be decoded: it is damaged or cut"),
        (open_numbers, b"\x89PNG\r\n\x1a\n nothing more", "cannot be decoded: it is damaged or cut short"),
        (open_numbers, png(60000, 60000, 8, 0, b""), "is too large: 60000 x 60000 = 3,600 million pixels"),
        (open_colours, b"", r"is empty \(0 bytes\)"),
        (open_numbers, b"labels", "is text, not a picture, whatever its name says"),
    ],
)
def test_what_is_no_label_map(file, read, content, said):
    with pytest.raises(PictureError, match=said):
        read(file(content))


def test_a_map_that_is_not_there(tmp_path):
    Image.new("L", (1, 1)).save(tmp_path / "maps.png")
    with pytest.raises(PictureError, match=r"there is no file .*map\.png'\. Did you mean 'maps\.png'\?"):
        open_numbers(tmp_path / "map.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match="is a folder"):
        open_numbers(tmp_path / "folder.png")


def test_numbers_to_concepts():
    table = NumberTable({7: "dog", 300: "cat", 8: "dog", 0: ""})
    assert table.concepts == ("", "dog", "cat")
    found = table.indices(np.array([[7, 300], [8, 0]], np.uint16), "the map", str)
    assert found.dtype == np.int16
    assert found.tolist() == [[1, 2], [1, 0]]
    with pytest.raises(PictureError) as caught:
        table.indices(np.array([[7, 9], [65535, 9]], np.uint16), "the map", lambda n: f"and {n} is nothing.")
    assert str(caught.value) == (
        "the map has label 9 at 2 of 4 pixels (and 1 other such numbers), and 9 is nothing."
    )


@pytest.mark.parametrize("number", [-1, 65536])
def test_numbers_that_no_map_can_hold(number):
    with pytest.raises(InputError, match=rf"{number} \('dog'\) cannot be a label: maps hold 0 to 65535"):
        NumberTable({number: "dog"})


def test_as_many_concepts_as_16_bits_count():
    most = NumberTable({number: f"{number}" for number in range(32767)})
    assert most.indices(np.array([[32766]], np.uint16), "", str).tolist() == [[32767]]
    with pytest.raises(InputError, match="32768 concepts are too many: a level has at most 32767"):
        NumberTable({number: f"{number}" for number in range(32768)})


def test_colours_to_concepts():
    table = ColourTable([((255, 0, 0), "car"), ((0, 0, 1), "sky"), ((0, 1, 0), ""), ((254, 0, 0), "car")])
    assert table.concepts == ("", "car", "sky")
    pixels = np.array([[[0, 0, 1], [255, 0, 0], [0, 1, 0], [254, 0, 0]]], np.uint8)
    assert table.indices(pixels, "the map").tolist() == [[2, 1, 0, 1]]
    for strange in ([0, 0, 0], [0, 0, 2], [255, 255, 255]):  # before, between and after the known ones
        pixels[0, 2] = strange
        with pytest.raises(PictureError) as caught:
            table.indices(pixels, "the map")
        assert str(caught.value).startswith(
            "the map has 1 of 4 pixels in colours that `colors` does not name, the first "
            f"({strange[0]}, {strange[1]}, {strange[2]}) at row 0, column 2."
        )


def test_nearest_rows_by_hand():
    assert nearest_rows(4, 2).tolist() == [0, 0, 1, 1]
    assert nearest_rows(2, 4).tolist() == [1, 3]  # centres at 1.0 and 3.0
    assert nearest_rows(5, 3).tolist() == [0, 0, 1, 2, 2]  # 0.3 0.9 1.5 2.1 2.7
    assert nearest_rows(3, 3).tolist() == [0, 1, 2]
    assert nearest_rows(3, 1).tolist() == [0, 0, 0]
    # Pillow has the same rule, up to its rounding.
    line = Image.fromarray(np.arange(113, dtype=np.uint8)[None])
    pillow = np.asarray(line.resize((227, 1), Image.Resampling.NEAREST))[0]
    assert nearest_rows(227, 113).tolist() == pillow.tolist()
