# SPDX-License-Identifier: Apache-2.0
"""Emoji of a colour font as training images."""

import io

import pytest
import torch
from image_files import all_of
from PIL import Image

from fpgan.model import sources
from fpgan.model.data import open_images

_LINE_METRICS = (
    "ascender", "descender", "widthMax", "caretSlopeNumerator", "caretSlopeDenominator", "caretOffset",
    "minOriginSB", "minAdvanceSB", "maxBeforeBL", "minAfterBL", "pad1", "pad2",
)  # fmt: skip


def _font(path, pictures):
    """A colour font of a few PNG bitmaps."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables.BitmapGlyphMetrics import SmallGlyphMetrics
    from fontTools.ttLib.tables.C_B_D_T_ import cbdt_bitmap_format_17
    from fontTools.ttLib.tables.E_B_L_C_ import BitmapSizeTable, Strike, eblc_index_sub_table_1

    names = [f"g{i}" for i in range(len(pictures))]
    builder = FontBuilder(136, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({})
    font = builder.font
    glyphs = {}
    for name, picture in zip(names, pictures, strict=True):
        data, glyph = io.BytesIO(), cbdt_bitmap_format_17(b"", font)
        picture.save(data, "PNG")
        glyph.imageData, glyph.metrics = data.getvalue(), SmallGlyphMetrics()
        for field in ("height", "width", "BearingX", "BearingY", "Advance"):
            setattr(glyph.metrics, field, 1)
        glyphs[name] = glyph
    font["CBDT"], font["CBLC"] = newTable("CBDT"), newTable("CBLC")
    font["CBDT"].version = font["CBLC"].version = 3.0
    font["CBDT"].strikeData = [glyphs]
    strike, table = Strike(), eblc_index_sub_table_1(b"", font)
    size = strike.bitmapSizeTable = BitmapSizeTable()
    for direction in ("hori", "vert"):
        setattr(size, direction, metrics := type("M", (), {})())
        for field in _LINE_METRICS:
            setattr(metrics, field, 0)
    size.colorRef, size.startGlyphIndex, size.endGlyphIndex = 0, 1, len(names)
    size.ppemX = size.ppemY = 109
    size.bitDepth, size.flags = 32, 1
    table.names, table.indexFormat, table.imageFormat = names, 1, 17
    table.firstGlyphIndex, table.lastGlyphIndex = 1, len(names)
    strike.indexSubTables = [table]
    font["CBLC"].strikes = [strike]
    font.save(path)


def test_emoji_are_the_fonts_different_bitmaps_on_white_and_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    red, blue = (Image.new("RGBA", (136, 128), c) for c in ("red", "blue"))
    _font(tmp_path / "f.ttf", [red, blue, red, Image.new("RGBA", (136, 128))])
    images = all_of(open_images(f"emoji:{tmp_path / 'f.ttf'}", 3, 64)).images
    assert images.shape == (3, 3, 64, 64)
    assert images[:, :, 32, 32].tolist() == [[1, -1, -1], [-1, -1, 1], [1, 1, 1]]
    assert images[0, :, 0, 0].tolist() == [1, 1, 1]  # 136 wide, 128 high: white above
    monkeypatch.setattr(sources, "_bitmaps", None)  # from now on only the cache can answer
    assert torch.equal(all_of(open_images(f"emoji:{tmp_path / 'f.ttf'}", 3, 64)).images, images)
    grey = all_of(open_images(f"emoji:{tmp_path / 'f.ttf'}", 1, 64)).images
    assert grey[:, 0, 32, 32].tolist() == pytest.approx([-0.402, -0.772, 1], abs=1e-3)


def test_a_font_without_bitmaps_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    (tmp_path / "f.ttf").write_text("no font")
    with pytest.raises(ValueError, match="no TrueType font"):
        open_images(f"emoji:{tmp_path / 'f.ttf'}", 3, 64)
