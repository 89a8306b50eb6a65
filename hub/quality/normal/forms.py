"""Company forms: how each is written, by what we call it; words in them are folded (see hub.quality.normal.text).

Collected from the registers' own lists: ISO 20275 (GLEIF entity legal forms) names them all, this table holds those
met in practice. Forms that are one in law but written in full or in short share a name; forms that differ in law do
not, since Müller GmbH and Müller AG are two companies.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

FORMS: dict[str, str] = {
    # German, Austrian, Swiss
    "gmbh": "gmbh | gesellschaft mit beschrankter haftung | gesellschaft mbh | ges mbh | gesmbh | g mbh | gmb h",
    "ggmbh": "ggmbh | gemeinnutzige gmbh",
    "ug": "ug | ug haftungsbeschrankt | unternehmergesellschaft | unternehmergesellschaft haftungsbeschrankt",
    "gmbh & co kg": "gmbh co kg | gmbh cokg | gmbh co | gmbh und co kg | gmbh and co kg | gmbh compagnie kg",
    "ag & co kg": "ag co kg",
    "se & co kg": "se co kg | se co kgaa",
    "ug & co kg": "ug co kg | ug haftungsbeschrankt co kg",
    "ag": "ag | aktiengesellschaft | aktienges",
    "kgaa": "kgaa | kg aa | kommanditgesellschaft auf aktien",
    "kg": "kg | kommanditgesellschaft | co kg",
    "ohg": "ohg | offene handelsgesellschaft",
    "gbr": "gbr | gesellschaft burgerlichen rechts | bgb gesellschaft",
    "ek": "ek | e k | eingetragener kaufmann | eingetragene kauffrau | ekfr | ekfm | e kfr | e kfm",
    "eg": "eg | e g | eingetragene genossenschaft",
    "ev": "ev | e v | eingetragener verein",
    "partg": "partg | partgmbb | partg mbb | partnerschaftsgesellschaft | part g",
    "og": "og | offene gesellschaft",
    # all of Europe
    "se": "se | societas europaea",
    "ewiv": "ewiv | eeig | geie",
    # French, Belgian
    "sarl": "sarl | s a r l | societe a responsabilite limitee",
    "eurl": "eurl",
    "sas": "sas | societe par actions simplifiee",
    "sasu": "sasu",
    "sa": "sa | s a | societe anonyme | sociedad anonima | sociedade anonima",
    "snc": "snc | societe en nom collectif | societa in nome collettivo",
    "sci": "sci | societe civile immobiliere",
    "scop": "scop",
    # Italian
    "spa": "spa | s p a | societa per azioni",
    "srl": "srl | s r l | societa a responsabilita limitata | sociedad de responsabilidad limitada",
    "srls": "srls",
    "sas it": "s a s | societa in accomandita semplice",
    # Dutch, Belgian
    "bv": "bv | b v | bvba | besloten vennootschap | besloten vennootschap met beperkte aansprakelijkheid",
    "nv": "nv | n v | naamloze vennootschap",
    "vof": "vof | v o f | vennootschap onder firma",
    "cv": "cv | c v | commanditaire vennootschap",
    # Nordic
    "ab": "ab | aktiebolag | aktiebolaget | ab publ",
    "hb": "hb | handelsbolag",
    "as": "as | a s | aksjeselskap | aktieselskab",
    "asa": "asa | allmennaksjeselskap",
    "aps": "aps | anpartsselskab",
    "is": "i s | interessentskab",
    "oy": "oy | osakeyhtio | oy ab",
    "oyj": "oyj | julkinen osakeyhtio",
    "ehf": "ehf",
    "hf": "hf",
    # English
    "ltd": "ltd | limited | co ltd | co limited | company limited | company ltd | coltd",
    "pty ltd": "pty ltd | pty limited | proprietary limited | pty",
    "pte ltd": "pte ltd | pte limited | private limited | pvt ltd | pvt limited | pte",
    "plc": "plc | public limited company",
    "llc": "llc | l l c | limited liability company | limited liability co",
    "llp": "llp | limited liability partnership",
    "lp": "lp | limited partnership",
    "inc": "inc | incorporated | co inc",
    "corp": "corp | corporation | corpn",
    "co": "co | company | comp | cie | compagnie | cia | compania",
    "cic": "cic",
    # Spanish, Portuguese
    "sl": "sl | s l | sociedad limitada",
    "slu": "slu",
    "sau": "sau",
    "lda": "lda | limitada | ltda",
    # East of them
    "sp zoo": "sp z oo | sp zoo | spzoo | spolka z oo | spolka z ograniczona odpowiedzialnoscia | sp z o o",
    "sro": "sro | s r o | spol sro | spol s r o | spolecnost s rucenim omezenym",
    "kft": "kft",
    "zrt": "zrt",
    "doo": "doo | d o o",
    "ood": "ood | eood",
    "ooo": "ooo",
    "zao": "zao",
    "oao": "oao",
    "pao": "pao",
    "tov": "tov",
    "ae": "ae | a e | anonymi etaireia",
    "epe": "epe",
    "as tr": "anonim sirketi",
    "ltd sti": "ltd sti | limited sirketi",
    # Asia in Latin letters
    "sdn bhd": "sdn bhd | sendirian berhad",
    "bhd": "bhd | berhad",
    "tbk": "tbk",
    "kk": "kk | kabushiki kaisha | kabushikigaisha",
    "gk": "gk | godo kaisha",
}
# Written before the name as well as behind it.
BEFORE = frozenset({
    "sarl", "eurl", "sas", "sasu", "sa", "snc", "sci", "scop", "ooo", "zao", "oao", "pao", "tov", "oy", "ab", "bv", "nv",
})  # fmt: skip
# Unmistakable in the middle of a name: Müller GmbH, Niederlassung Nord.
ANYWHERE = frozenset({
    "gmbh", "ggmbh", "gmbh & co kg", "ag & co kg", "kgaa", "sarl", "srl", "spa", "bv", "ltd", "pty ltd", "pte ltd", "llc", "plc",
    "sp zoo", "sro", "oyj", "aps",
})  # fmt: skip
# What may follow a form without being part of the name: in liquidation, being founded.
STATES = frozenset({"il", "ig", "iliqu", "il i", "in liquidation", "i l", "i g", "in grundung", "iins"})

# Forms in characters, the longest first; a form stands at the end in Chinese, on either side in Japanese and Korean.
WIDE: tuple[tuple[str, str], ...] = (
    ("集团股份有限公司", "集团股份有限公司"),
    ("集团有限责任公司", "集团有限公司"),
    ("(集团)有限公司", "集团有限公司"),
    ("(集团)股份有限公司", "集团股份有限公司"),
    ("集团有限公司", "集团有限公司"),
    ("股份有限公司", "股份有限公司"),
    ("有限责任公司", "有限公司"),
    ("股份公司", "股份有限公司"),
    ("有限合伙企业", "有限合伙"),
    ("(有限合伙)", "有限合伙"),
    ("(普通合伙)", "普通合伙"),
    ("有限公司", "有限公司"),
    ("集团公司", "集团"),
    ("总公司", "总公司"),
    ("集团", "集团"),
    ("株式会社", "株式会社"),
    ("(株)", "株式会社"),
    ("合同会社", "合同会社"),
    ("有限会社", "有限会社"),
    ("주식회사", "주식회사"),
    ("(주)", "주식회사"),
    ("유한회사", "유한회사"),
    ("公司", "公司"),
)


@cache
def spellings() -> dict[tuple[str, ...], str]:
    """Every spelling as folded words, with the form's name."""
    return dict(_spellings())


@cache
def endings() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The spellings by their last word, the longest first: a name that ends otherwise needs no further look."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for words in sorted(spellings(), key=len, reverse=True):
        found.setdefault(words[-1], []).append(words)
    return {word: tuple(some) for word, some in found.items()}


@cache
def longest() -> int:
    """How many words the longest spelling has."""
    return max(map(len, spellings()))


def _spellings() -> Iterator[tuple[tuple[str, ...], str]]:
    for form, written in FORMS.items():
        for spelling in written.split("|"):
            yield tuple(spelling.split()), form
