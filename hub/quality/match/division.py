"""Words by which a company's name tells a sister or a branch from the head: sales, services, holding, a city's name."""

from __future__ import annotations

import re

# What the sister does, in the languages met most; folded words, Chinese ones simplified.
DIVISIONS: dict[str, str] = {
    word: meaning
    for meaning, words in {
        "sales": "sales vertrieb vertriebs verkauf vertriebsgesellschaft ventes vendite ventas verkoop handel handels trading "
        "distribution 销售 贸易",
        "services": "service services dienste dienstleistung dienstleistungen diensten servizi servicios servicos 服务",
        "holding": "holding beteiligung beteiligungs beteiligungen participations partecipazioni participaciones 控股",
        "investment": "invest investment investments kapital capital vermogen vermogens vermogensverwaltung 投资",
        "administration": "verwaltung verwaltungs administration gestione gestion beheer 管理",
        "property": "immobilien grundstuck grundstucks properties property immobilier immobiliare inmobiliaria vastgoed 置业 房地产",
        "logistics": "logistik logistics logistique logistica logistiek 物流",
        "finance": "finance finanz finanzierung financial finanziaria financiera leasing 金融",
        "production": "produktion produktions production produzione produccion productie fertigung 制造",
        "international": "international export 进出口",
        "foundation": "stiftung foundation fondation fondazione 基金会",
    }.items()
    for word in words.split()
}
WIDE = re.compile("|".join(sorted((word for word in DIVISIONS if not word.isascii()), key=len, reverse=True)))


def division(core: str, city: str) -> str | None:
    """What a name says of the part of a group it is: its divisions in one order, and whether it bears its city's name."""
    words = core.split()
    found = {DIVISIONS[word] for word in words[1:] if word in DIVISIONS}
    if not core.isascii():
        found |= {DIVISIONS[word] for word in WIDE.findall(core)}
    if city and set(words[1:]) & {word for word in city.split() if len(word) > 2}:
        found.add(f"in {city}")
    return ", ".join(sorted(found)) or None
