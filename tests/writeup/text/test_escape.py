import html
import re

import pypandoc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from writeup.errors import WriteupError
from writeup.pages.pdf import compile, find_engine, text_of
from writeup.text.escape import T1_CHARACTERS, markdown_escape, tex_escape, unprintable

printable = st.text(st.sampled_from(sorted(T1_CHARACTERS)), max_size=40)
HOSTILE = r"\input{/etc/passwd} $%&#_{}^~ `a` \\[2pt] *[x] --- ,, '' |<>| \write18{id} \"o @u"


def tokens(source):
    """TeX's view of escaped text: (kind, value) with control words, control symbols and single characters."""
    return re.findall(r"\\[A-Za-z]+|\\[^A-Za-z]|.", source)


@given(printable)
def test_only_harmless_commands_are_left_in_tex(text):
    harmless = {r"\textbackslash", r"\textasciicircum", r"\textasciitilde", r"\textasciigrave", r"\textquotedbl"}
    harmless |= {r"\textless", r"\textgreater", r"\textbar", r"\{", r"\}", r"\$", r"\&", r"\#", r"\%", r"\_"}
    assert {token for token in tokens(tex_escape(text)) if token.startswith("\\")} <= harmless


@given(printable)
def test_no_active_or_special_character_is_left_in_tex(text):
    assert not {token for token in tokens(tex_escape(text)) if token in tuple('$&#%_^~`"<>|')}


@given(printable)
def test_every_group_in_tex_is_closed(text):
    depth = 0
    for token in tokens(tex_escape(text)):
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert 0 <= depth <= 1
    assert depth == 0


@given(printable, printable)
def test_characters_escape_alike_wherever_they_stand(a, b):
    """Escaping works character by character, but for runs of white space and doubled signs at the seam."""
    seam = a[-1:] + b[:1]
    if len(seam) == 2 and (seam[0] == seam[1] or seam.isspace()):
        return
    assert tex_escape(a + b) == tex_escape(a) + tex_escape(b)


@given(st.text(max_size=10), st.sampled_from("≤Жあ\u202e\x07\x00🎉\u0301"), st.text(max_size=10))
def test_tex_refuses_what_the_fonts_lack(before, character, after):
    assert character in unprintable(before + character + after)
    with pytest.raises(WriteupError, match=f"U\\+{ord(character):04X}"):
        tex_escape(before + character + after)


@pytest.mark.parametrize(("text", "escaped"), [("[2pt]", "{[}2pt{]}"), ("*", "{*}"), ("--", "-{}-")])
def test_tex_reads_no_option_star_or_dash(text, escaped):
    r"""After a line break `\\\\` a bare bracket or star would be read as its option."""
    assert tex_escape(text) == escaped


def test_tex_sets_hostile_text_as_it_reads():
    """The PDF's text layer is the second route: it holds every character of the hostile sample, in order."""
    preamble = (
        r"\pdfsuppressptexinfo=-1 \pdftrailerid{} \pdfinfoomitdate=1 \documentclass{article}\usepackage[T1]{fontenc}"
        r"\usepackage{lmodern}\usepackage[margin=0pt]{geometry}\pagestyle{empty}"
    )
    body = rf"\begin{{tabular}}{{p{{20cm}}}}\\{tex_escape(HOSTILE)}\\\end{{tabular}}"
    (text,) = text_of(compile(rf"{preamble}\begin{{document}}{body}\end{{document}}", engine=find_engine()))
    assert text.split() == HOSTILE.replace("'", "’").split()


@settings(max_examples=4, deadline=None)
@given(st.lists(printable, min_size=20, max_size=40))
def test_pandoc_reads_escaped_markdown_as_plain_text(texts):
    source = "\n\n".join(f"Name: {markdown_escape(text)}" for text in texts)
    read = pypandoc.convert_text(source, "html", format="gfm", extra_args=["--wrap=none"])
    wanted = [f"Name: {' '.join(text.split())}".strip() for text in texts]
    assert [html.unescape(paragraph) for paragraph in re.findall("<p>(.*?)</p>", read)] == wanted


@pytest.mark.parametrize("text", ["- a", "+ a", "1. a", "12) a", "# a", "> a", "===", "---", "* a", "    a"])
def test_no_line_of_markdown_becomes_a_block(text):
    read = pypandoc.convert_text(markdown_escape(text), "html", format="gfm")
    assert html.unescape(read.strip()) == f"<p>{text.strip()}</p>"


@pytest.mark.parametrize("underline", ["===", "---"])
def test_no_line_of_markdown_makes_a_heading_of_the_one_before(underline):
    read = pypandoc.convert_text(
        f"Name\n{markdown_escape(underline)}", "html", format="gfm", extra_args=["--wrap=none"]
    )
    assert "<h" not in read


@pytest.mark.parametrize("text", ["www.example.org", "https://example.org", "a@example.org"])
def test_no_address_becomes_a_link_on_github(text):
    """GitHub's autolinks need `www.`, `://` or `@` as they are (GFM specification 6.9); a backslash breaks them."""
    assert not re.search(r"www\.|(?<!\\)://|(?<!\\)@", markdown_escape(text))


@pytest.mark.parametrize("name", ["Ada Lovelace", "Jean-Luc O'Neill, Jr.", "José Ángel"])
def test_an_ordinary_name_stays_readable_in_markdown(name):
    assert markdown_escape(name) == name
