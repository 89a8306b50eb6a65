"""Laws of normal forms: they answer whatever stands there, fold what is folded to itself, and ignore case and composition."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quality.normal import (
    city,
    company_name,
    each,
    email,
    fold,
    person_name,
    phone,
    postal_code,
    simplified,
    street,
    tokens,
)

FORMS: list[Callable[[str], Any]] = [
    city, company_name, email, fold, person_name, phone, postal_code, simplified, street, tokens,
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "Müller",
        "Söhne",
        "&",
        "und",
        "GmbH",
        "Co.",
        "KG",
        "AG",
        "S.p.A.",
        "Gebr.",
        "Int'l",
        "Ltd",
        "O'Neil",
        "von",
        "der",
        "Straße",
        "12a",
        "A/S",
        "Ærø",
        "Łódź",
        "İstanbul",
        "ﬁ",
        "ß",
        "有限公司",
        "華為",
        "深圳",
        "株式会社",
        "(株)",
        "Ｃｏ．",
        "ООО",
        "Ζεύς",
        "e.V.",
        "-",
        ",",
        ".",
        "/",
        "'",
        "(",
        ")",
        "d.o.o.",
        "Sp.",
        "z",
        "o.o.",
        "12-14",
        "Nr.",
        "中山路",
        "号",
        "Dr.",
        "X",
    ]
)
NAMES = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_answers_whatever_stands_there(form: Callable[[str], Any]) -> None:
    @given(st.one_of(st.text(max_size=40), NAMES, NAMES.map(lambda text: text.replace(" ", ""))))
    @settings(max_examples=150, deadline=None)
    def answers(text: str) -> None:
        assert form(text) == form(text)
        assert each(form, [text, None, text]) == ([form(text), None, form(text)] if text else [None, None, None])

    answers()


@given(st.one_of(st.text(max_size=30), NAMES))
@settings(max_examples=300, deadline=None)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert simplified(simplified(text)) == simplified(text)
    assert tokens(" ".join(tokens(text))) == tokens(text)


@given(NAMES)
@settings(max_examples=300, deadline=None)
def test_composition_and_capitals_make_no_difference(text: str) -> None:
    assert company_name(unicodedata.normalize("NFD", text)) == company_name(unicodedata.normalize("NFC", text))
    assert company_name(text.upper()) == company_name(text.lower())
    assert street(unicodedata.normalize("NFD", text)) == street(unicodedata.normalize("NFC", text))
    assert city(text.upper()) == city(text.lower())


def test_marks_that_are_part_of_a_letter_stay() -> None:
    assert fold("ガス") != fold("カス")
    assert fold("हिन्दी") == "हिन्दी"
    assert fold("Ångström Ёлка Ζεύς") == "angstrom elka zeys"


@given(NAMES)
@settings(max_examples=300, deadline=None)
def test_a_core_has_no_more_to_lose_and_is_never_empty(text: str) -> None:
    name = company_name(text)
    assert bool(name.core) == any(c.isalnum() for c in text if unicodedata.category(c)[0] in "LN")


@given(
    st.lists(
        st.sampled_from(["Hans", "Jörg", "Anna-Maria", "Müller", "Lang", "Kühn"]), min_size=2, max_size=2, unique=True
    )
)
def test_a_persons_key_knows_no_order(words: list[str]) -> None:
    given_name, family = words
    assert person_name(f"{given_name} {family}").key == person_name(f"{family}, {given_name}").key
    assert person_name(f"Dr. {given_name} {family}").key == person_name(f"{family} {given_name}").key
