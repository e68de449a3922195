"""The Markdown of a document as LaTeX: program text by our own highlighting, everything else by pandoc."""

from __future__ import annotations

import re

from writeup.pages.blocks import raw
from writeup.text.characters import Characters
from writeup.text.escape import settled
from writeup.text.listing import code_lines

# As near to what GitHub reads as pandoc comes while it still gives wide tables proportional columns.
DIALECT = (
    "markdown-implicit_figures-subscript-superscript-example_lists-fancy_lists-citations-definition_lists-footnotes"
    "-auto_identifiers+lists_without_preceding_blankline-blank_before_header-blank_before_blockquote"
)
# A displayed formula belongs to the paragraph before it, and to the one behind it where that goes on in mid-sentence.
DISPLAY = re.compile(
    r"(?P<before>(?<=\n\n)(?:\*\*|[^\s\-*#>|`\d$])(?:[^\n]|\n(?!\n))*)\n\n"
    r"(?P<math>```math\n.*?^```)(?P<gap>\n\n(?=[a-z]))?",
    re.DOTALL | re.MULTILINE,
)
FENCED = re.compile(r"^```(?P<language>[^\n`]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
COLUMN, FULL = 77, 111  # characters of program text in a line of the text column, and of column and margin


def to_tex(markdown: str) -> str:
    """The body of a document as LaTeX."""
    import pypandoc  # 35 MB of pandoc; only a build needs it

    tex: str = pypandoc.convert_text(
        FENCED.sub(_fenced, DISPLAY.sub(_joined, markdown)),
        "latex",
        format=DIALECT,
        extra_args=["--wrap=none", "--columns=88", "--syntax-highlighting=none", "--shift-heading-level-by=-1"],
    )
    return settled(tex)


def _joined(found: re.Match[str]) -> str:
    return f"{found['before']}\n{found['math']}" + ("\n" if found["gap"] else "")


def _fenced(found: re.Match[str]) -> str:
    if found["language"] == "{=latex}":
        return found[0]
    if found["language"] == "math":
        return f"$$\n{found['code']}$$"
    code = found["code"]
    wide = max(map(len, code.splitlines()), default=0) > COLUMN
    width = r"\fullwidth" if wide else r"\textwidth"
    lines = code_lines(code, found["language"].strip() or "text", Characters(), FULL if wide else COLUMN)
    return raw(f"\\begin{{codeblock}}{{{width}}}\n{lines}\n\\end{{codeblock}}")
