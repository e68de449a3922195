"""The notebook's Markdown as LaTeX, through pandoc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypandoc

from writeup.text.characters import Characters
from writeup.text.escape import breakable_words
from writeup.text.listing import output_lines


def markdown_to_tex(texts: list[str], shift: int, pictures: set[str], characters: Characters, lua: Path) -> list[str]:
    """Markdown texts as LaTeX, all in one run of pandoc, since starting it costs more than its work.

    Headings move by `shift` levels. Where unclosed markup of one text swallows the next, each is converted by itself.
    """
    separator = "WRITEUPNEXTCELL"
    converted = _pandoc(f"\n\n{separator}\n\n".join(texts), shift, pictures, lua).split(separator)
    if len(converted) != len(texts):
        converted = [_pandoc(text, shift, pictures, lua) for text in texts]
    verbatim = re.compile(r"\\begin\{verbatim\}\n(.*?)\n\\end\{verbatim\}", re.DOTALL)

    def pieces(tex: str) -> Iterator[str]:
        for number, piece in enumerate(verbatim.split(tex)):
            if number % 2:
                yield "\\begin{codeblock}{}\n" + output_lines(piece, characters) + "\n\\end{codeblock}"
            else:
                yield characters.flowing(piece)

    return ["".join(pieces(tex)).strip() for tex in converted]


def _pandoc(markdown: str, shift: int, pictures: set[str], lua: Path) -> str:
    tex: str = pypandoc.convert_text(
        markdown,
        "latex",
        format="markdown-implicit_figures-auto_identifiers-citations-example_lists-fancy_lists"
        "+lists_without_preceding_blankline-blank_before_header+tex_math_double_backslash+autolink_bare_uris",
        extra_args=[
            "--wrap=none",
            "--syntax-highlighting=none",
            f"--shift-heading-level-by={shift}",
            f"--lua-filter={lua}",
            f"--metadata=pictures={' '.join(sorted(pictures))}",
        ],
    )
    return breakable_words(tex)
