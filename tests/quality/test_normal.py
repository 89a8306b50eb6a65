"""Normal forms: equal things meet, different ones stay apart, and nothing of it ever reaches a golden record."""

from __future__ import annotations

import pytest

from hub.quality.normal import Name, city, company_name, each, email, fold, person_name, phone, postal_code, street

NAMES = {
    ("gebruder muller", "gmbh & co kg"): [
        "Gebr. Müller GmbH & Co. KG", "Gebrüder Mueller GmbH und Co KG", "GEBRUEDER MULLER G.m.b.H. & Co.KG",
        "Gebr Mu\u0308ller GmbH&Co. KG",
    ],
    ("muller", "gmbh"): ["Müller GmbH", "MÜLLER G. m. b. H.", "Müller Gesellschaft mit beschränkter Haftung", "Müller GmbH i.L."],
    ("muller", "ag"): ["Müller AG", "Müller Aktiengesellschaft"],
    ("dupont", "sarl"): ["Dupont SARL", "S.A.R.L. Dupont", "Dupont, société à responsabilité limitée"],
    ("rossi", "spa"): ["Rossi S.p.A.", "ROSSI SPA", "Rossi Società per Azioni"],
    ("bianchi figli", "srl"): ["Bianchi & Figli S.r.l.", "Bianchi e Figli SRL"],
    ("jansen", "bv"): ["Jansen B.V.", "Jansen BV"],
    ("alborg stal", "aps"): ["Ålborg Stål ApS", "Aalborg Staal APS"],
    ("hansen", "as"): ["Hansen A/S", "Hansen AS"],
    ("acme international", "inc"): ["Acme Int'l Inc.", "ACME International, Incorporated", "The Acme Intl., Inc"],
    ("smith sons", "ltd"): ["Smith & Sons Ltd.", "Smith and Sons Limited", "Smith + Sons Co., Ltd."],
    ("foo", "sp zoo"): ["Foo Sp. z o.o.", "FOO spółka z o.o.", "Foo Spółka z ograniczoną odpowiedzialnością"],
    ("华为技术", "有限公司"): ["华为技术有限公司", "華為技術有限公司", "华为技术有限责任公司", "华为技术 有限公司"],
    ("台湾积体电路制造", "股份有限公司"): ["台灣積體電路製造股份有限公司", "台湾积体电路制造股份有限公司"],
    ("阿里巴巴", "集团"): ["阿里巴巴集团", "阿里巴巴集團"],
    ("阿里巴巴", "集团有限公司"): ["阿里巴巴集团有限公司", "阿里巴巴（集团）有限公司", "阿里巴巴集团有限责任公司"],
    ("romashka", "ooo"): ["ООО Ромашка", "OOO «Romashka»"],
    ("muller niederlassung nord", "gmbh"): ["Müller GmbH, Niederlassung Nord"],
    ("weber werk sud", "gmbh & co kg"): ["Weber GmbH & Co. KG Werk Süd"],
    ("oneil", "co"): ["O'Neil & Co", "O’Neil Company"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "written"), [(name, text) for name, texts in NAMES.items() for text in texts])
def test_a_company_has_one_name_however_it_is_written(name: tuple[str, str], written: str) -> None:
    assert company_name(written) == Name(*name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller GmbH", "Müller AG"),
        ("Bauer AG", "Baur AG"),
        ("Foo Holding AG", "Foo AG"),
        ("Müller GmbH", "Müller GmbH & Co. KG"),
        ("阿里巴巴集团", "阿里巴巴有限公司"),
        ("Rossi S.r.l.", "Rossi S.p.A."),
        ("3M", "4M"),
    ],
)
def test_two_companies_stay_two(one: str, other: str) -> None:
    assert company_name(one) != company_name(other)


@pytest.mark.parametrize("text", ["AG", "The Company", "GmbH & Co. KG", "公司", "Co", "  AB ", "a e"])
def test_a_name_that_is_only_a_form_is_kept(text: str) -> None:
    assert company_name(text).core


def test_a_name_of_marks_alone_is_empty() -> None:
    assert company_name("!!! --") == Name("", None)


PEOPLE = [
    ["Hans-Peter von der Heide", "Dr. Hans Peter von der Heide", "Heide, Hans Peter von der", "HEIDE Hans-Peter", "von der Heide, Hans-Peter"],
    ["Jörg Müller", "Joerg Mueller", "Müller, Jörg", "Prof. Dr. Jörg Müller", "MÜLLER Jörg"],
    ["欧阳娜娜", "歐陽娜娜", "欧阳 娜娜", "欧阳娜娜女士"],
    ["王小明", "王 小明", "王小明先生"],
    ["John Smith", "Smith, John, PhD", "Mr John Smith Jr."],
]  # fmt: skip


@pytest.mark.parametrize("written", PEOPLE)
def test_a_person_has_one_key_however_it_is_written(written: list[str]) -> None:
    assert len({person_name(text).key for text in written}) == 1, [person_name(text) for text in written]


def test_a_name_is_parted() -> None:
    assert person_name("Dr. Maria Müller-Lüdenscheidt")[:2] == ("maria", "muller ludenscheidt")
    assert person_name("Hans von der Heide")[:2] == ("hans", "heide")
    assert person_name("欧阳娜娜")[:2] == ("娜娜", "欧阳")
    assert person_name("HEIDE Hans")[:2] == ("hans", "heide")
    assert person_name("Cher")[:2] == ("", "cher")
    assert person_name("Hans Bauer").key != person_name("Hans Baur").key


STREETS = {
    ("hauptstr", "12"): ["Hauptstraße 12", "Hauptstr. 12", "HAUPTSTRASSE 12", "Haupt Straße 12", "Hauptstr.12", "Hauptstraße Nr. 12"],
    ("hauptstr", "12a-14"): ["Hauptstr. 12a-14", "Hauptstraße 12 a – 14"],
    ("ruedelapaix", "12bis"): ["12bis, rue de la Paix", "12 bis rue de la Paix"],
    ("viaroma", "12-a"): ["Via Roma, 12/A", "via Roma 12/a"],
    ("bakerst", "221b"): ["221B Baker Street", "221b Baker St."],
    ("sanktjamesst", "5"): ["5 St James Street", "5 St. James St, Apt 4", "5 Saint James Street, 3rd floor"],
    ("世纪大道", "100"): ["上海市浦东新区世纪大道100号", "世紀大道100號12楼", "世纪大道 100 号"],
    ("pobox", "1234"): ["Postfach 12 34", "P.O. Box 1234", "PO Box 1234"],
    ("ammarkt", ""): ["Am Markt"],
}  # fmt: skip


@pytest.mark.parametrize(("parts", "written"), [(parts, text) for parts, texts in STREETS.items() for text in texts])
def test_a_street_has_one_form(parts: tuple[str, str], written: str) -> None:
    assert street(written)[:2] == parts


def test_cities_meet_across_languages_and_namesakes_do_not() -> None:
    assert {city(text) for text in ("München", "Muenchen", "Munich", "MUNICH", "慕尼黑")} == {"munchen"}
    assert {city(text) for text in ("北京市", "北京", "Peking", "Beijing")} == {"北京"}
    assert (
        len({city(text) for text in ("Frankfurt am Main", "Frankfurt a. M.", "Frankfurt/Main", "Frankfurt (Main)")})
        == 1
    )
    assert city("Frankfurt am Main") != city("Frankfurt (Oder)") != city("Frankfurt")
    assert city("Paris 8e") == city("PARIS CEDEX 08") == "paris"
    assert city("St. Gallen") == city("Sankt Gallen")


def test_postal_codes_lose_their_country_and_marks() -> None:
    assert postal_code("D-10115") == postal_code("10115") == "10115"
    assert postal_code("SW1A 1AA") == postal_code("sw1a1aa")
    assert postal_code("12345-6789") == postal_code("12345")
    assert postal_code("01067") == "01067"


def test_an_address_loses_only_what_its_server_ignores() -> None:
    found = [email(text) for text in ("J.Doe+shop@GoogleMail.com", "jdoe@gmail.com")]
    assert found[0] == found[1]
    one, other = email("a.b@firma.de"), email("ab@firma.de")
    assert one is not None
    assert other is not None
    assert one.key != other.key
    assert (one.role, one.free) == (False, False)
    office = email("Info@Firma.de")
    assert office is not None
    assert office.role
    assert email("no address") is None


def test_phones_meet_in_e164() -> None:
    written = ["+49 (0)30 123456", "0049 30 123456", "+49-30-123456", "+49 30 123456 ext. 12", "＋49 30 123456"]
    assert {phone(text) for text in written} == {"+4930123456"}
    assert phone("030/123456", "DE") == "+4930123456"
    assert phone("030 123456") == "030123456"
    assert phone("12") is None


def test_a_column_keeps_its_order_and_its_gaps() -> None:
    assert each(fold, ["B", None, "a", "", "B"]) == ["b", None, "a", None, "b"]
