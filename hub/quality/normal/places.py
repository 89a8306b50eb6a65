"""Words of addresses: kinds of streets in their shortest form, cities by the name they have at home."""

from __future__ import annotations

import re

# German street names carry the kind in the word: Hauptstrasse, Hauptstr.
STREETS = re.compile(r"(\w*?)(?:strasse|strase|str)$")
TYPES = {
    "strasse": "str", "street": "st", "saint": "sankt", "road": "rd", "avenue": "ave", "av": "ave", "boulevard": "blvd",
    "bd": "blvd", "boul": "blvd", "lane": "ln", "drive": "dr", "court": "ct", "place": "pl", "square": "sq", "highway": "hwy",
    "parkway": "pkwy", "platz": "pl", "weg": "weg", "gasse": "g", "allee": "allee", "viale": "vle", "piazza": "pza",
    "corso": "cso", "chemin": "ch", "impasse": "imp", "route": "rte", "faubourg": "fbg", "calle": "c", "avenida": "ave",
    "avda": "ave", "plaza": "pza", "north": "n", "south": "s", "east": "e", "west": "w", "straat": "str", "laan": "ln",
    "plein": "pl", "ulica": "ul", "dr": "dr", "doktor": "dr", "professor": "prof", "general": "gen", "gata": "g", "vej": "v",
}  # fmt: skip
# A town's river or region behind its name tells it from another of the same name: Frankfurt am Main, an der Oder.
RIVERS = re.compile(
    r"[\s/(,]+(?:a\.?\s?d\.?\s|an\s+der\s|am\s|a\.\s?|sur\s|upon\s|on\s|an\s+dem\s|i\.\s?|im\s)?\s*"
    r"(?P<river>main|oder|rhein|neckar|saale|donau|ruhr|lahn|see|inn|m\.?|o\.?|rh\.?|n\.?|s\.?)\)?$"
)
_HOME = {
    "munchen": "munich monaco di baviera 慕尼黑", "koln": "cologne 科隆", "wien": "vienna vienne 维也纳",
    "nurnberg": "nuremberg", "hannover": "hanover", "zurich": "zuerich zurigo", "geneve": "geneva genf ginevra 日内瓦",
    "bruxelles": "brussels brussel bruxelles-brussel 布鲁塞尔", "antwerpen": "antwerp anvers", "milano": "milan mailand 米兰",
    "roma": "rome rom 罗马", "torino": "turin", "firenze": "florence florenz", "venezia": "venice venedig",
    "napoli": "naples neapel", "lisboa": "lisbon lissabon", "praha": "prague prag", "warszawa": "warsaw warschau",
    "krakow": "cracow krakau", "kobenhavn": "copenhagen kopenhagen", "goteborg": "gothenburg",
    "den haag": "the_hague s_gravenhage", "moskva": "moscow moskau 莫斯科", "london": "londres londra 伦敦",
    "paris": "parigi 巴黎", "berlin": "berlino 柏林", "hamburg": "汉堡", "frankfurt m": "法兰克福", "new york": "纽约",
    "北京": "beijing peking pekin", "上海": "shanghai", "深圳": "shenzhen", "广州": "guangzhou canton", "杭州": "hangzhou",
    "成都": "chengdu", "天津": "tianjin tientsin", "南京": "nanjing nanking", "武汉": "wuhan", "苏州": "suzhou",
    "重庆": "chongqing", "西安": "xian xi_an", "青岛": "qingdao tsingtao", "东莞": "dongguan", "宁波": "ningbo",
    "厦门": "xiamen amoy", "香港": "hong_kong hongkong", "台北": "taipei", "大连": "dalian", "佛山": "foshan",
}  # fmt: skip
CITIES = {other.replace("_", " "): home for home, others in _HOME.items() for other in others.split()}
