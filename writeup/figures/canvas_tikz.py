r"""A canvas printed as TikZ: bare paths and nodes, for any preamble; the only TikZ library is plotmarks. Units are
centimetres. A comment after a shape is its name, by which the read-back finds it."""

from __future__ import annotations

from writeup.figures.canvas import Canvas, Dots, Path, Point, Words
from writeup.figures.lettering import CODE, LEADING, SIZE, tex_line
from writeup.figures.palette import hexadecimal

_MARKS = {"o": "*", "s": "square*", "^": "triangle*", "D": "diamond*", "x": "x"}
_ANCHORS = {"left": "base west", "middle": "base", "right": "base east"}


def print_tikz(canvas: Canvas) -> str:
    """A complete `tikzpicture`."""
    shapes = sorted(canvas.shapes, key=lambda shape: isinstance(shape, Words))
    used = {c for s in shapes for c in ([s.colour] if isinstance(s, Words) else [s.fill, s.stroke]) if c}
    left, bottom, right, top = canvas.extent()
    lines = [
        rf"\begin{{tikzpicture}}[font={_font(SIZE)}, line join=round, inner sep=0pt]",
        rf"\def{CODE}{{\ttfamily\fontsize{{{0.94 * SIZE:.2f}}}{{{SIZE * LEADING:.2f}}}\selectfont}}",
        *(rf"\definecolor{{c{digits}}}{{HTML}}{{{digits}}}" for digits in sorted({hexadecimal(c) for c in used})),
        rf"\path[use as bounding box] {at((left, bottom))} rectangle {at((right, top))};",
    ]
    for shape in shapes:
        line = {Path: _path, Dots: _dots, Words: _words}[type(shape)](shape)  # type: ignore[operator] # by its type
        clip = None if isinstance(shape, Words) else shape.clip
        if clip:
            line = rf"\begin{{scope}}\clip {at(clip[:2])} rectangle {at(clip[2:])}; {line}\end{{scope}}"
        lines.append(line + (f" % {shape.name}" if shape.name else ""))
    return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


def at(point: Point) -> str:
    """A point as TikZ reads it."""
    x, y = (f"{value:.3f}" for value in point)
    return f"({x.replace('-0.000', '0.000')},{y.replace('-0.000', '0.000')})"


def _font(size: float) -> str:
    return rf"\sffamily\fontsize{{{size:g}}}{{{size * LEADING:.2f}}}\selectfont"


def _path(path: Path) -> str:
    options = [f"{key}=c{hexadecimal(c)}" for key, c in (("fill", path.fill), ("draw", path.stroke)) if c]
    if path.stroke:
        options.append(f"line width={path.weight:g}pt")
    if path.dashes:
        pattern = " ".join(f"{'off' if i % 2 else 'on'} {length:g}pt" for i, length in enumerate(path.dashes))
        options.append(f"dash pattern={pattern}")
    line = at(path.steps[0][0])
    for step in path.steps[1:]:
        if len(step) == 3:
            line += f" .. controls {at(step[0])} and {at(step[1])} .. {at(step[2])}"
        else:
            line += f" -- {at(step[0])}"
    return rf"\path[{', '.join(options)}] {line}{' -- cycle' if path.closed else ''};"


def _dots(dots: Dots) -> str:
    points = " ".join(map(at, dots.points))
    rim = f"draw=c{hexadecimal(dots.stroke or dots.fill)}, line width={0.7 if dots.stroke else 0.1}pt"  # never none
    look = f"{rim}, fill=c{hexadecimal(dots.fill)}" if dots.fill else rim
    options = f"only marks, mark={_MARKS[dots.mark]}, mark size={dots.size:g}pt, mark options={{{look}}}"
    return rf"\path[{options}] plot coordinates {{{points}}};"


def _words(words: Words) -> str:
    options = [f"anchor={_ANCHORS[words.align]}", f"text=c{hexadecimal(words.colour)}"]
    if words.size != SIZE:
        options.append(f"font={_font(words.size)}")
    if words.turn:
        options.append(f"rotate={words.turn:g}")
    return rf"\node[{', '.join(options)}] at {at(words.base)} {{{tex_line(words.text, words.bold)}}};"
