import os
import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writeup.errors import WriteupError
from writeup.naming import Naming, file_part
from writeup.pages.identity import Author, Identity
from writeup.pages.pdf import compile, find_engine, text_of
from writeup.pages.submission import load_identity
from writeup.text.escape import tex_escape

FAULTS = Path(__file__).parents[1] / "notebook" / "faults"
LETTERS = st.text(st.characters(categories=["L"]), min_size=1, max_size=10)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def load(tmp_path, first="Ada", last="Lovelace", netid="al123"):
    return load_identity(tmp_path, Naming("A3"), first=first, last=last, netid=netid)


def written(tmp_path, text):
    (tmp_path / "submission.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("first", "last", "stem"),
    [
        ("Ada", "Lovelace", "Ada_Lovelace_al123_A3"),
        ("José Ángel", "García Márquez", "Jose-Angel_Garcia-Marquez_al123_A3"),
        ("Sinéad", "O’Connor", "Sinead_OConnor_al123_A3"),
        ("Jean-Luc", "D'Arcy", "Jean-Luc_DArcy_al123_A3"),
        ("Jürgen", "Groß", "Jurgen_Gross_al123_A3"),
        ("Vincent", "van den Berg, Jr.", "Vincent_van-den-Berg-Jr_al123_A3"),
        ("Николай", "Лобачевский", "Nikolay_Lobachevskiy_al123_A3"),
        ("小龍", "李", "XiaoLong_Li_al123_A3"),
        ("Thị", "Nguyễn", "Thi_Nguyen_al123_A3"),
        ("  Ada\u3000Maria ", "\tLovelace\n", "Ada-Maria_Lovelace_al123_A3"),
        ("-rf", "$(touch x) & y", "rf_touch-x-y_al123_A3"),
    ],
)
def test_file_names_are_made_of_names_as_people_have_them(tmp_path, first, last, stem):
    assert load(tmp_path, first, last).file_stem == stem


@given(ANY)
def test_a_file_name_holds_only_harmless_characters(name):
    assert re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)?", file_part(name))


@given(LETTERS, LETTERS)
def test_composed_and_decomposed_spellings_are_one_name(tmp_path_factory, first, last):
    folder = tmp_path_factory.getbasetemp()
    spellings = [[unicodedata.normalize(form, name) for name in (first, last)] for form in ("NFC", "NFD")]
    try:
        one, other = (load(folder, *names) for names in spellings)
    except WriteupError:
        return  # letters without a transliteration have no file name
    assert one == other


@given(ANY, ANY)
def test_every_name_that_is_accepted_can_be_printed(tmp_path_factory, first, last):
    try:
        identity = load(tmp_path_factory.getbasetemp(), first, last)
    except WriteupError:
        return
    assert tex_escape(identity.byline)


@pytest.mark.parametrize("name", ["Żółć Łukasz", "Sørensen", "O’Connor-Šimić", "Ștefan Țepeș", "Ğül İnönü"])
def test_the_document_shows_the_true_name_where_its_fonts_can(tmp_path, name):
    assert load(tmp_path, name).authors[0].display_name == f"{name} Lovelace"


@pytest.mark.parametrize(("name", "shown"), [("李小龍", "LiXiaoLong"), ("Nguyễn", "Nguyen"), ("Ελένη", "Eleni")])
def test_the_document_shows_a_transliteration_where_its_fonts_cannot(tmp_path, name, shown):
    assert load(tmp_path, name).authors[0].display_name == f"{shown} Lovelace"


def test_a_transliteration_in_the_document_is_told(tmp_path):
    assert any(
        "prints LiXiaoLong Lovelace for 李小龍 Lovelace" in notice for notice in load(tmp_path, "李小龍").notices
    )


def test_a_transliteration_in_the_file_name_is_told(tmp_path):
    assert load(tmp_path, "José").notices == ["José Lovelace becomes Jose_Lovelace_al123_A3 in file names"]


def test_an_ascii_name_needs_no_notice(tmp_path):
    assert load(tmp_path).notices == []


def test_the_shipped_placeholders_give_the_file_name_of_the_assignment(tmp_path):
    identity = load(tmp_path, "First-name", "Last-name", "netID")
    assert (identity.file_stem, identity.is_placeholder) == ("First-name_Last-name_netID_A3", True)


def test_a_placeholder_is_told(tmp_path):
    assert any("placeholder" in notice for notice in load(tmp_path, "First-name").notices)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("../x", "path separator"),
        (r"\input{/etc/passwd}", "path separator"),
        (r"\evil", "path separator"),
        ("$%&#_{}", "no letter"),
        ("12", "no letter"),
        ("🎉", "no letter"),
        ("x" * 300, "has 300 characters"),
        ("a\nb", r"contains '\\n'"),
        ("a\x00b", r"contains '\\x00'"),
        ("a\u202eb", r"contains '\\u202e'"),
        ("a\u2028b", r"contains '\\u2028'"),
    ],
)
def test_a_hostile_name_is_refused_with_where_and_what_is_allowed(tmp_path, name, problem):
    with pytest.raises(WriteupError, match=rf"LAST= on the command line: .*{problem}.*1 to 100 printable characters"):
        load(tmp_path, last=name)


@pytest.mark.parametrize("netid", ["", "a b", "../x", "x_y", "é1", "a" * 33, "a\n"])
def test_a_netid_is_letters_and_digits(tmp_path, netid):
    with pytest.raises(WriteupError, match=r"NETID= on the command line: .*letters and digits"):
        load(tmp_path, netid=netid)


def test_a_file_name_too_long_for_a_file_system_is_refused(tmp_path):
    with pytest.raises(WriteupError, match="at most 240 fit"):
        load(tmp_path, "龍" * 100)


def test_a_name_of_commands_prints_as_it_reads():
    """What no rule above refuses must still be harmless: the name goes through TeX and comes back as text."""
    author = Author("A$x^2$ {\\bf} %&#_~", '"`|<>[x]* --', "al123")
    source = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{lmodern}\pagestyle{empty}"
    source += rf"\begin{{document}}{tex_escape(author.display_name)}\end{{document}}"
    assert text_of(compile(source, engine=find_engine()))[0].split() == author.display_name.split()


def test_the_file_gives_the_identity(tmp_path):
    folder = written(tmp_path, 'first_name = "Ada"\nlast_name = "Lovelace"\nnetid = "al123"\n')
    assert load_identity(folder, Naming("A3")) == Identity((Author("Ada", "Lovelace", "al123"),), Naming("A3"))


def test_the_command_line_goes_before_the_file(tmp_path):
    folder = written(tmp_path, 'first_name = "Ada"\nlast_name = "Lovelace"\nnetid = "al123"\n')
    assert load_identity(folder, Naming("A3"), first="Grace").file_stem == "Grace_Lovelace_al123_A3"


TWO = """
[[authors]]
first_name = "Ada"
last_name = "King Lovelace"
netid = "al123"

[[authors]]
first_name = "Zoë"
last_name = "Söhne"
netid = "zob7"
"""


def test_several_authors_are_named_together_and_the_files_after_the_first(tmp_path):
    identity = load_identity(written(tmp_path, TWO), Naming("A3"))
    assert identity.byline == "Ada King Lovelace (al123) and Zoë Söhne (zob7)"
    assert [identity.file_stem, *identity.notebook_stems] == [
        "Ada_King-Lovelace_al123_A3",
        "Ada_King-Lovelace_al123_A3_code",
    ]


def test_three_authors_are_listed_with_a_comma(tmp_path):
    third = '[[authors]]\nfirst_name = "Alan"\nlast_name = "T"\nnetid = "at1"\n'
    assert load_identity(written(tmp_path, TWO + third), Naming("A3")).byline == (
        "Ada King Lovelace (al123), Zoë Söhne (zob7) and Alan T (at1)"
    )


@pytest.mark.parametrize(
    ("pattern", "stem"),
    [
        ("{key}_{authors}", "A3_King-Lovelace-Sohne"),
        ("{netids}.{key}", "al123-zob7.A3"),
        ("hw-{key}-{last}-{first}", "hw-A3-King-Lovelace-Ada"),
        ("{key}", "A3"),
    ],
)
def test_a_pattern_orders_the_parts_of_a_file_name(tmp_path, pattern, stem):
    assert load_identity(written(tmp_path, TWO), Naming("A3", pattern)).file_stem == stem


def test_the_notebook_has_a_key_of_its_own(tmp_path):
    naming = Naming("hw3", "{key}_{netid}", ("hw3b", "hw3c"))
    assert load_identity(written(tmp_path, TWO), naming).notebook_stems == ["hw3b_al123", "hw3c_al123"]


def test_all_three_on_the_command_line_are_the_one_author(tmp_path):
    written(tmp_path, TWO)
    assert load(tmp_path).byline == "Ada Lovelace (al123)"


def test_one_option_beside_several_authors_is_refused(tmp_path):
    with pytest.raises(
        WriteupError, match=r"netid given, and \[\[authors\]\] as well; .*or several in \[\[authors\]\]"
    ):
        load_identity(written(tmp_path, TWO), Naming("A3"), netid="x1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('first_name = "Zoë"\n', "", "no first_name of author 2; it needs"),
        ('"Söhne"', '"S/hne"', "last_name of author 2 in submission.toml: 'S/hne' contains a path separator"),
        ("zob7", "al123", "netid of author 2 is 'al123', as is an earlier author's"),
        ('"Zoë"\n', '"Zoë"\nemail = "z"\n', "unknown email of author 2; an author has first_name"),
        (
            '\n[[authors]]\nfirst_name = "Ada',
            '\nfirst_name = "B"\n[[authors]]\nfirst_name = "Ada',
            "first_name given, and",
        ),
    ],
)
def test_a_slip_in_one_of_several_authors_is_told_with_which(tmp_path, old, new, message):
    assert old in TWO
    with pytest.raises(WriteupError, match=message.replace("[", r"\[")):
        load_identity(written(tmp_path, TWO.replace(old, new, 1)), Naming("A3"))


@pytest.mark.parametrize("authors", ["[]", '"Ada"', '["Ada"]'])
def test_authors_are_tables(tmp_path, authors):
    with pytest.raises(WriteupError, match=r"each author is a table \[\[authors\]\]"):
        load_identity(written(tmp_path, f"authors = {authors}"), Naming("A3"))


def test_notebooks_lie_beside_the_file(tmp_path):
    (tmp_path / "part2.ipynb").write_text("{}")
    folder = written(tmp_path, 'first_name="A"\nlast_name="B"\nnetid="c"\nnotebooks=["part2.ipynb"]')
    assert load_identity(folder, Naming("A3")).notebooks == (tmp_path / "part2.ipynb",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("first_name = ", "submission.toml: not valid TOML: .*; a line reads like"),
        ('first_name = "Ada"', "submission.toml: no last_name, netid"),
        (
            'first_name = "Ada"\nemail = "x"',
            "submission.toml: unknown email; it may hold first_name, last_name, netid, authors",
        ),
        ('first_name = 3\nlast_name = "B"\nnetid = "c"', "first_name in submission.toml: 3 received"),
        ('first_name="A"\nlast_name="B"\nnetid="c"\nnotebooks="x.ipynb"', "it is a list of file names"),
        ('first_name="A"\nlast_name="B"\nnetid="c"\nnotebooks=["x.ipynb"]', "no existing .ipynb file"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path, text, message):
    with pytest.raises(WriteupError, match=message):
        load_identity(written(tmp_path, text), Naming("A3"))


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "submission.toml").write_bytes(b'first_name = "Jos\xe9"')
    with pytest.raises(WriteupError, match=r"submission\.toml: not UTF-8: .*; a line reads like"):
        load_identity(tmp_path, Naming("A3"))


@pytest.mark.parametrize("value", ["9" * 10_000, "[" * 100_000])
def test_a_value_that_the_reader_gives_up_on_is_refused(tmp_path, value):
    with pytest.raises(WriteupError, match="not valid TOML"):
        load_identity(written(tmp_path, f"first_name = {value}"), Naming("A3"))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path, make):
    make(tmp_path / "submission.toml")
    with pytest.raises(WriteupError, match="is no regular file"):
        load_identity(tmp_path, Naming("A3"))


def test_a_byte_order_mark_is_read(tmp_path):
    shutil.copy(FAULTS / "submission_bom.toml", tmp_path / "submission.toml")
    assert load_identity(tmp_path, Naming("A3")) == Identity((Author("Ada", "Lovelace", "al123"),), Naming("A3"))


def test_a_missing_file_is_told_with_the_way_out(tmp_path):
    with pytest.raises(WriteupError, match=r"no such file; .*FIRST=, LAST= and NETID="):
        load_identity(tmp_path, Naming("A3"), first="Ada")
