"""Names of values are identifiers that notebooks can use, whatever somebody types."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_delineate.names import (
    IMPORTS,
    SUFFIXES,
    VARIABLES,
    check_name,
    is_free,
    is_identifier,
    to_identifier,
)

HOSTILE = [
    "x; import os",
    "__import__('os').system('ls')",
    "a\nimport os",
    "a b",
    "a-b",
    "a.b",
    "a[0]",
    "1st",
    "",
    " ",
    "a\0",
    "größe",
    "ｌａｂｅｌｓ",  # full-width letters, which Python reads as plain ones
    "ﬁlter",  # a ligature
    "a" * 81,
    "_hidden",
    "__class__",
    "class",
    "None",
    "match",
    "print",
    "eval",
]


@pytest.mark.parametrize("name", ["labels", "labels_2", "DAPI", "x", "a" * 80])
def test_plain_words_are_names(name):
    assert check_name(name, ()) == name
    assert is_identifier(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plain_word_is_refused(name):
    with pytest.raises(ValueError, match=r"can not be the name of a value: names are words of"):
        check_name(name, ())


@pytest.mark.parametrize("name", [None, 3, b"labels", ["labels"], object()])
def test_what_is_no_text_is_refused(name):
    with pytest.raises(ValueError, match="can not be the name of a value"):
        check_name(name, ())


@pytest.mark.parametrize("name", [*IMPORTS, *VARIABLES])
def test_what_notebooks_use_is_refused(name):
    with pytest.raises(ValueError, match="exported notebooks use it"):
        check_name(name, ())


def test_a_taken_name_is_refused():
    with pytest.raises(ValueError, match="'labels' can not be the name of a value: it is taken"):
        check_name("labels", ["image", "labels"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_notebooks_write_beside_a_name_is_taken_too(suffix):
    with pytest.raises(ValueError, match="notebooks use it beside 'nuclei'"):
        check_name(f"nuclei{suffix}", ["nuclei"])
    with pytest.raises(ValueError, match="notebooks use it beside"):
        check_name("nuclei", [f"nuclei{suffix}"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("DAPI (488 nm)", "dapi_488_nm"),
        ("2nd", "value_2nd"),
        ("", "value"),
        ("µ…", "value"),
        ("a__b--c", "a_b_c"),
        ("x; import os", "x_import_os"),
    ],
)
def test_texts_become_readable_names(text, name):
    assert to_identifier(text) == name


@given(st.text())
def test_every_text_becomes_an_identifier(text):
    name = to_identifier(text)
    assert name.isidentifier()
    assert name.isascii()
    assert len(name) < 80
    assert to_identifier(name) == name


@given(st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3))
def test_what_is_free_is_a_name_that_code_can_use(text, taken):
    if is_free(text, taken):
        assert text.isidentifier()
        assert not keyword.iskeyword(text)
        assert text not in taken
        exec(f"{text} = 1", {})
