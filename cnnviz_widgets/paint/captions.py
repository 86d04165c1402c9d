"""Pictures with their captions, side by side, for places where there is no screen to arrange them."""

import io
import textwrap

from PIL import Image, ImageDraw, ImageFont

from cnnviz_widgets.errors import PictureError

_MARGIN, _SIZE = 8, 12


def beside(pictures: list[bytes], captions: list[str]) -> bytes:
    """Put encoded pictures side by side, each under its caption, on white.

    Parameters
    ----------
    pictures : list of bytes
        PNG or JPEG files.
    captions : list of str
        One for each.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    PictureError
        If there is nothing to show.
    """
    if not pictures:
        raise PictureError("there is no picture to take yet")
    images = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    font = ImageFont.load_default(_SIZE)
    widths = [max(image.width, 240) for image in images]
    texts = [
        "\n".join(textwrap.wrap(text, max(20, int(width / (_SIZE * 0.52)))))
        for text, width in zip(captions, widths, strict=True)
    ]
    head = max(text.count("\n") + 1 for text in texts) * (_SIZE + 4) + _MARGIN
    size = (sum(widths) + _MARGIN * (len(images) + 1), max(i.height for i in images) + head + 2 * _MARGIN)
    sheet = Image.new("RGB", size, "white")
    ink, left = ImageDraw.Draw(sheet), _MARGIN
    for image, width, text in zip(images, widths, texts, strict=True):
        ink.multiline_text((left, _MARGIN), text, fill="black", font=font, spacing=4)
        sheet.paste(image, (left, head + _MARGIN))
        left += width + _MARGIN
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
