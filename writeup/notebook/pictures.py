"""Pictures of a notebook: each by the name of its content, in a form that TeX takes, at its own size."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import matplotlib
import pypdfium2
from PIL import Image

DOTS = 96  # an inch, as browsers have it, where a picture says nothing sensible itself
LARGEST = 40_000_000  # pixels
ZOOM = 3  # an SVG is drawn this much finer
DRAW = """
import sys, resource, resvg_py
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
font = {f"{kind}family": "DejaVu Sans" for kind in ("font_", "serif_", "sans_serif_", "monospace_")}
drawn = resvg_py.svg_to_bytes(svg_string=sys.stdin.buffer.read().decode(), dpi=96, zoom=float(sys.argv[2]),
    background="white", skip_system_fonts=True, font_files=[sys.argv[1]], **font)
sys.stdout.buffer.write(bytes(drawn))
"""


class NoPicture(Exception):
    """Why something cannot be shown as a picture."""


@dataclass
class Pictures:
    """The files that the document includes, by name; the same content has one name."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, content: bytes) -> str:
        """The name under which the picture can be included; raises `NoPicture`."""
        content, ending = _as_pdf(content) if content.startswith(b"%PDF") else _as_bitmap(content)
        name = f"picture-{hashlib.sha256(content).hexdigest()[:16]}{ending}"
        self.files[name] = content
        return name


def decoded(data: str | list[str]) -> bytes:
    """The bytes of what a notebook keeps in base 64."""
    text = data if isinstance(data, str) else "".join(data)
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoPicture("its data are damaged") from error


def attachment(attachments: Mapping[str, Mapping[str, str]], name: str) -> bytes:
    """The bytes of a cell's attachment."""
    found = attachments.get(name) or {}
    for kind in sorted(found, key=lambda kind: kind == "image/svg+xml"):
        return found[kind].encode() if kind == "image/svg+xml" else decoded(found[kind])
    raise NoPicture("the notebook does not hold it")


def _as_pdf(content: bytes) -> tuple[bytes, str]:
    try:
        with pypdfium2.PdfDocument(content) as document:
            if len(document) == 1 and max(document[0].get_size()) < 14_000:
                return content, ".pdf"
    except pypdfium2.PdfiumError:
        pass
    raise NoPicture("its PDF is damaged, or not one page")


def _as_bitmap(content: bytes) -> tuple[bytes, str]:
    if re.match(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg", content[:2000], re.DOTALL):
        content = _drawn(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as picture:
                if picture.width * picture.height > LARGEST:
                    raise NoPicture(f"it has {picture.width} x {picture.height} pixels")
                picture.load()
                dots = picture.info.get("dpi", (DOTS, DOTS))[0]
                taken = {"PNG": ".png", "JPEG": ".jpg"}.get(picture.format or "")
                if taken and picture.mode in ("1", "L", "P", "RGB", "RGBA", "LA") and 30 <= dots <= 1200:
                    return content, taken
                copy = io.BytesIO()
                shown = picture.convert("RGBA" if "A" in picture.mode or "transparency" in picture.info else "RGB")
                shown.save(copy, "PNG", dpi=(DOTS, DOTS))
                return copy.getvalue(), ".png"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NoPicture("its data are damaged, or no picture") from error


def _drawn(svg: bytes) -> bytes:
    """An SVG as PNG, drawn in a process of its own: what takes all memory there takes nothing here."""
    font = matplotlib.get_data_path() + "/fonts/ttf/DejaVuSans.ttf"
    try:
        done = subprocess.run(
            [sys.executable, "-c", DRAW, font, str(ZOOM)], input=svg, capture_output=True, timeout=60, check=True
        )
        with Image.open(io.BytesIO(done.stdout)) as picture:
            drawn = io.BytesIO()
            picture.save(drawn, "PNG", dpi=(DOTS * ZOOM, DOTS * ZOOM))
            return drawn.getvalue()
    except (subprocess.SubprocessError, OSError, Image.DecompressionBombError) as error:
        raise NoPicture("it is SVG that cannot be drawn; a PNG would be shown") from error
