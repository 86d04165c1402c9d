"""Small pictures whose every pixel is known, for the tests of open_picture."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(image: Image.Image) -> list[tuple[int, ...]]:
    """Row by row."""
    return [tuple(map(int, each)) for each in np.asarray(image).reshape(-1, 3)]


def row(mode: str, *values: object) -> Image.Image:
    image = Image.new(mode, (len(values), 1))
    for x, value in enumerate(values):
        image.putpixel((x, 0), value)
    return image


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *between: tuple[bytes, bytes]
) -> bytes:
    """A PNG by hand: kinds that Pillow can read but not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    extra = b"".join(chunk(*each) for each in between)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


FOUR = Image.frombytes("RGB", (2, 2), bytes([*RED, *GREEN, *BLUE, 10, 20, 30]))


def palette(*indices: int) -> Image.Image:
    image = row("P", *indices)
    image.putpalette([*RED, *GREEN, *BLUE])
    return image


# 65535 = 255 * 257, so 257 k is k exactly; 128 is the last that rounds to 0, 129 the first that rounds to 1.
GREY16 = np.array([[0, 128, 129, 257, 25700, 65535]], np.uint16)
GREY16_IN_8_BITS = [(v, v, v) for v in (0, 0, 1, 1, 100, 255)]
