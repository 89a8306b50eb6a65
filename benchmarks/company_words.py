"""Words that invented companies are made of, a country each; every company and person made of them is invented."""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES_DE = [
    "Müller",
    "Schmidt",
    "Schneider",
    "Fischer",
    "Weber",
    "Meyer",
    "Wagner",
    "Becker",
    "Schulz",
    "Hoffmann",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Braun",
    "Krüger",
    "Hofmann",
    "Hartmann",
    "Lange",
    "Schmitt",
    "Werner",
    "Krause",
    "Meier",
    "Lehmann",
    "Köhler",
    "Herrmann",
    "König",
    "Walter",
    "Mayer",
    "Huber",
    "Kaiser",
    "Fuchs",
    "Peters",
    "Scholz",
    "Möller",
    "Weiß",
    "Jung",
    "Hahn",
    "Vogel",
    "Friedrich",
    "Keller",
    "Günther",
    "Frank",
    "Berger",
    "Winkler",
    "Roth",
    "Beck",
    "Lorenz",
    "Baumann",
    "Franke",
    "Albrecht",
    "Schuster",
    "Simon",
    "Ludwig",
    "Böhm",
    "Winter",
    "Kraus",
    "Martin",
    "Schumacher",
    "Krämer",
    "Vogt",
    "Stein",
    "Jäger",
    "Otto",
    "Sommer",
    "Groß",
    "Seidel",
    "Heinrich",
    "Brandt",
    "Haas",
    "Schreiber",
    "Graf",
    "Dietrich",
    "Ziegler",
    "Kuhn",
    "Kühn",
    "Pohl",
    "Engel",
    "Horn",
    "Busch",
    "Bergmann",
    "Thomas",
    "Voigt",
    "Sauer",
    "Arnold",
    "Wolff",
    "Pfeiffer",
    "Baur",
    "Gruber",
    "Steiner",
    "Moser",
    "Egger",
    "Pichler",
]
FAMILIES_FR = [
    "Martin",
    "Bernard",
    "Dubois",
    "Durand",
    "Lefèvre",
    "Moreau",
    "Laurent",
    "Simon",
    "Michel",
    "Garnier",
    "Roux",
    "Fournier",
    "Girard",
    "Bonnet",
    "Dupont",
    "Lambert",
    "Fontaine",
    "Rousseau",
    "Vincent",
    "Müller",
    "Faure",
    "André",
    "Mercier",
    "Blanc",
    "Guérin",
    "Boyer",
    "Chevalier",
    "François",
    "Legrand",
    "Gauthier",
    "Perrin",
    "Clément",
    "Morin",
    "Nicolas",
    "Mathieu",
    "Gérard",
    "Renard",
    "Barbier",
    "Brun",
    "Aubert",
    "Picard",
    "Marchand",
    "Lemaître",
    "Benoît",
    "Noël",
    "Hébert",
]
FAMILIES_IT = [
    "Rossi",
    "Russo",
    "Ferrari",
    "Esposito",
    "Bianchi",
    "Romano",
    "Colombo",
    "Ricci",
    "Marino",
    "Greco",
    "Bruno",
    "Gallo",
    "Conti",
    "Costa",
    "Giordano",
    "Mancini",
    "Rizzo",
    "Lombardi",
    "Moretti",
    "Barbieri",
    "Fontana",
    "Santoro",
    "Mariani",
    "Rinaldi",
    "Caruso",
    "Ferrara",
    "Galli",
    "Martini",
    "Leone",
    "Longo",
    "Gentile",
    "Vitale",
]
FAMILIES_NL = [
    "Jansen",
    "Vries",
    "Berg",
    "Bakker",
    "Dijk",
    "Visser",
    "Smit",
    "Meijer",
    "Boer",
    "Mulder",
    "Groot",
    "Bos",
    "Vos",
    "Peters",
    "Hendriks",
    "Leeuwen",
    "Dekker",
    "Brouwer",
    "Wit",
    "Dijkstra",
    "Smits",
    "Graaf",
    "Meer",
    "Linden",
    "Kok",
    "Jacobs",
    "Haan",
    "Vermeulen",
    "Heuvel",
    "Veen",
    "Broek",
    "Bruijn",
    "Heijden",
    "Schouten",
    "Beek",
    "Willems",
]
FAMILIES_NORD = [
    "Jensen",
    "Nielsen",
    "Hansen",
    "Pedersen",
    "Andersen",
    "Christensen",
    "Larsen",
    "Sørensen",
    "Rasmussen",
    "Jørgensen",
    "Petersen",
    "Madsen",
    "Kristensen",
    "Olsen",
    "Andersson",
    "Johansson",
    "Karlsson",
    "Nilsson",
    "Eriksson",
    "Larsson",
    "Olsson",
    "Persson",
    "Svensson",
    "Gustafsson",
    "Lindström",
    "Sjöberg",
    "Åkesson",
    "Öberg",
    "Bjørn",
    "Holm",
    "Lund",
    "Bjerg",
    "Østergaard",
    "Nørgaard",
    "Dahl",
    "Berg",
    "Strøm",
    "Håkansson",
    "Sandström",
    "Wåhlin",
]
FAMILIES_EN = [
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Williams",
    "Wilson",
    "Johnson",
    "Davies",
    "Robinson",
    "Wright",
    "Thompson",
    "Evans",
    "Walker",
    "White",
    "Roberts",
    "Green",
    "Hall",
    "Wood",
    "Jackson",
    "Clarke",
    "Patel",
    "Khan",
    "Lewis",
    "James",
    "Phillips",
    "Mason",
    "Mitchell",
    "Rose",
    "Davis",
    "Rodgers",
    "Cooper",
    "Hughes",
    "Edwards",
    "Hill",
    "Moore",
    "Clark",
    "Harrison",
    "Scott",
    "Young",
    "Morris",
    "Allen",
    "Baker",
    "Campbell",
    "Anderson",
    "Carter",
    "Murphy",
    "Kelly",
    "O'Brien",
    "O'Neill",
    "MacDonald",
    "McKenzie",
    "Sullivan",
    "Bennett",
    "Collins",
    "Fletcher",
    "Harper",
    "Hawkins",
    "Holmes",
    "Palmer",
    "Parker",
    "Pearson",
    "Porter",
    "Quinn",
    "Reeves",
    "Sharp",
    "Stone",
    "Turner",
    "Wells",
]
SYLLABLES = ["al", "an", "ar", "bel", "bo", "bri", "cal", "cor", "da", "del", "dor", "el", "en", "fa", "fer", "ga", "gil", "hel", "in", "jo", "ka", "kel", "la", "len", "lo", "lu", "ma", "mer", "mi", "mo", "na", "nel", "no", "or", "pa", "per", "qui", "ra", "ren", "ri", "ro", "sa", "sel", "si", "so", "ta", "tel", "ti", "to", "tri", "u", "va", "vel", "vi", "vo", "wa", "xe", "ya", "zel", "zo"]  # fmt: skip
ENDS = ["ax", "ix", "ex", "on", "a", "o", "um", "is", "us", "ia", "eo", "ent", "ora", "ano", "era", "ys"]
# Chinese given brand characters with their reading.
BRANDS_ZH = {
    "华": "Hua", "远": "Yuan", "盛": "Sheng", "达": "Da", "鑫": "Xin", "隆": "Long", "泰": "Tai", "和": "He", "兴": "Xing",
    "瑞": "Rui", "丰": "Feng", "明": "Ming", "信": "Xin", "宏": "Hong", "德": "De", "润": "Run", "天": "Tian", "海": "Hai",
    "金": "Jin", "星": "Xing", "龙": "Long", "凯": "Kai", "嘉": "Jia", "博": "Bo", "锐": "Rui", "科": "Ke", "力": "Li",
    "东": "Dong", "方": "Fang", "新": "Xin", "亚": "Ya", "中": "Zhong", "联": "Lian", "创": "Chuang", "安": "An", "永": "Yong",
    "利": "Li", "源": "Yuan", "晨": "Chen", "光": "Guang", "佳": "Jia", "美": "Mei", "顺": "Shun", "通": "Tong",
}  # fmt: skip
# Simplified to traditional, of the characters used here.
TRADITIONAL = str.maketrans(
    {"华": "華", "远": "遠", "达": "達", "兴": "興", "丰": "豐", "润": "潤", "龙": "龍", "凯": "凱", "锐": "銳", "东": "東",
     "亚": "亞", "联": "聯", "创": "創", "顺": "順", "电": "電", "贸": "貿", "业": "業", "机": "機", "医": "醫", "药": "藥",
     "术": "術", "软": "軟", "资": "資", "材": "材", "备": "備", "圳": "圳", "广": "廣", "庆": "慶", "团": "團", "气": "氣",
     "马": "馬", "号": "號", "责": "責", "国": "國", "设": "設", "疗": "療", "进": "進", "装": "裝", "纺": "紡", "织": "織"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Land:
    """What companies of one country are made of; a trade is given with its abbreviation and its English name."""

    code: str
    share: int
    families: tuple[str, ...]
    trades: tuple[tuple[str, str, str], ...]
    forms: tuple[tuple[str, ...], ...]  # each with its spellings, the official one first
    cities: tuple[tuple[str, str, str, str], ...]  # name, other name, first figures of the postal code, area code
    streets: tuple[tuple[str, str], ...]  # with its abbreviation
    domain: str
    dial: str
    joins: tuple[str, ...]
    code_length: int = 5


def _words(text: str) -> tuple[tuple[str, ...], ...]:
    """Rows of words parted by a slash between blanks."""
    return tuple(tuple(part.strip() for part in row.split(" / ")) for row in text.strip().splitlines())


def _land(
    code: str, share: int, families: list[str], trades: str, forms: str, cities: str, streets: str, dial: str,
    joins: str, code_length: int = 5, domain: str = "",
) -> Land:  # fmt: skip
    return Land(
        code, share, tuple(families), _words(trades), _words(forms), _words(cities),
        _words(streets), domain or code.lower(), dial, tuple(joins.split()), code_length,
    )  # type: ignore[arg-type]  # fmt: skip


GERMAN_TRADES = """
Maschinenbau / Masch.bau / Engineering
Elektrotechnik / E-Technik / Electrical Engineering
Metallbau / Metallb. / Metalworks
Bau / Bau / Construction
Tiefbau / Tiefb. / Civil Works
Haustechnik / Haust. / Building Services
Logistik / Log. / Logistics
Spedition / Sped. / Forwarding
Druckerei / Druck / Printing
Verlag / Vlg. / Publishing
Gartenbau / Gartenb. / Landscaping
Autohaus / AH / Motors
Steuerberatung / StB / Tax Advisers
Werkzeuge / Werkz. / Tools
Verpackungen / Verp. / Packaging
Kunststofftechnik / KST-Technik / Plastics
Lebensmittel / Lebensm. / Foods
Medizintechnik / Med.-Technik / Medical Devices
Immobilien / Immo / Real Estate
Software / SW / Software
Möbel / Möbel / Furniture
Textil / Text. / Textiles
Handels / Hdls. / Trading
Energie / Energ. / Energy
"""
GERMAN_STREETS = """
Hauptstraße / Hauptstr.
Bahnhofstraße / Bahnhofstr.
Industriestraße / Industriestr.
Gartenstraße / Gartenstr.
Schulstraße / Schulstr.
Lindenallee / Lindenallee
Am Gewerbepark / Am Gewerbepark
Robert-Bosch-Straße / Robert-Bosch-Str.
Mühlweg / Mühlweg
Königsallee / Königsallee
Lange Straße / Lange Str.
Marktplatz / Marktpl.
Werner-von-Siemens-Ring / W.-v.-Siemens-Ring
Kirchgasse / Kirchg.
Dieselstraße / Dieselstr.
Münchner Straße / Münchner Str.
"""
DE = _land(
    "DE", 34, FAMILIES_DE, GERMAN_TRADES,
    """
    GmbH / G.m.b.H. / Gesellschaft mit beschränkter Haftung / GmbH
    GmbH / GmbH / mbH / GmbH
    GmbH & Co. KG / GmbH und Co. KG / GmbH & Co KG / GmbH&Co.KG
    AG / Aktiengesellschaft / AG
    KG / Kommanditgesellschaft / KG
    e.K. / e. K. / e.Kfm.
    OHG / oHG
    UG (haftungsbeschränkt) / UG
    """.strip(),
    """
    Berlin / Berlin / 10 / 30
    Hamburg / Hamburg / 20 / 40
    München / Munich / 80 / 89
    Köln / Cologne / 50 / 221
    Frankfurt am Main / Frankfurt/Main / 60 / 69
    Nürnberg / Nuremberg / 90 / 911
    Düsseldorf / Duesseldorf / 40 / 211
    Göttingen / Goettingen / 37 / 551
    Bielefeld / Bielefeld / 33 / 521
    Ulm / Ulm / 89 / 731
    Würzburg / Wuerzburg / 97 / 931
    Leipzig / Leipzig / 04 / 341
    """.strip(),
    GERMAN_STREETS, "49", "& und +",
)  # fmt: skip
AT = _land(
    "AT", 6, FAMILIES_DE, GERMAN_TRADES,
    """
    GmbH / Ges.m.b.H. / GesmbH
    KG / KG
    AG / AG
    """.strip(),
    """
    Wien / Vienna / 10 / 1
    Graz / Graz / 80 / 316
    Linz / Linz / 40 / 732
    Salzburg / Salzburg / 50 / 662
    """.strip(),
    GERMAN_STREETS, "43", "& und", 4,
)  # fmt: skip
FR = _land(
    "FR", 11, FAMILIES_FR,
    """
    Bâtiment / Bât. / Construction
    Mécanique / Méca. / Engineering
    Électricité / Élec. / Electrical
    Transports / Transp. / Transport
    Imprimerie / Impr. / Printing
    Menuiserie / Men. / Joinery
    Agroalimentaire / Agro / Foods
    Plomberie / Plomb. / Plumbing
    Informatique / Info. / Computing
    Distribution / Distr. / Distribution
    Textiles / Text. / Textiles
    Vins / Vins / Wines
    """,
    """
    SARL / S.A.R.L. / Sarl
    SAS / S.A.S. / Sas
    SA / S.A.
    EURL / E.U.R.L.
    """.strip(),
    """
    Paris / Paris 8e / 75 / 1
    Lyon / Lyon Cedex 03 / 69 / 4
    Marseille / Marseille / 13 / 4
    Bordeaux / Bordeaux / 33 / 5
    Strasbourg / Straßburg / 67 / 3
    Nantes / Nantes / 44 / 2
    """.strip(),
    """
    rue de la Paix / r. de la Paix
    avenue Victor Hugo / av. Victor Hugo
    boulevard Voltaire / bd Voltaire
    rue des Écoles / rue des Ecoles
    rue Pasteur / r. Pasteur
    chemin du Moulin / ch. du Moulin
    place de la Mairie / pl. de la Mairie
    route de Lyon / rte de Lyon
    """, "33", "& et",
)  # fmt: skip
IT = _land(
    "IT", 9, FAMILIES_IT,
    """
    Costruzioni / Costr. / Construction
    Meccanica / Mecc. / Engineering
    Impianti / Imp. / Plants
    Trasporti / Trasp. / Transport
    Alimentari / Alim. / Foods
    Arredamenti / Arred. / Furniture
    Tessuti / Tess. / Textiles
    Informatica / Inf. / Computing
    Ceramiche / Ceram. / Ceramics
    Vini / Vini / Wines
    """,
    """
    S.r.l. / SRL / Srl / Società a responsabilità limitata
    S.p.A. / SPA / Società per azioni
    S.n.c. / SNC
    """.strip(),
    """
    Milano / Milan / 20 / 02
    Roma / Rome / 00 / 06
    Torino / Turin / 10 / 011
    Bologna / Bologna / 40 / 051
    Firenze / Florence / 50 / 055
    """.strip(),
    """
    Via Roma / V. Roma
    Via Garibaldi / V. Garibaldi
    Corso Italia / C.so Italia
    Viale Europa / V.le Europa
    Piazza Duomo / P.za Duomo
    Via Dante Alighieri / Via D. Alighieri
    Via dell'Industria / V. dell'Industria
    """, "39", "& e",
)  # fmt: skip
NL = _land(
    "NL", 7, FAMILIES_NL,
    """
    Bouw / Bouw / Construction
    Techniek / Techn. / Engineering
    Transport / Transp. / Transport
    Installaties / Inst. / Installations
    Groothandel / Grooth. / Wholesale
    Drukkerij / Druk. / Printing
    Tuinbouw / Tuinb. / Horticulture
    Scheepsbouw / Scheepsb. / Shipbuilding
    """,
    """
    B.V. / BV / b.v. / Besloten Vennootschap
    N.V. / NV
    V.O.F. / VOF
    """.strip(),
    """
    Amsterdam / Amsterdam / 10 / 20
    Rotterdam / Rotterdam / 30 / 10
    Den Haag / The Hague / 25 / 70
    Utrecht / Utrecht / 35 / 30
    Eindhoven / Eindhoven / 56 / 40
    """.strip(),
    """
    Kerkstraat / Kerkstr.
    Dorpsstraat / Dorpsstr.
    Stationsplein / Stationspl.
    Industrieweg / Industriewg
    Oude Gracht / Oudegracht
    Julianalaan / Julianaln.
    """, "31", "& en", 4,
)  # fmt: skip
DK = _land(
    "DK", 5, FAMILIES_NORD,
    """
    Byg / Byg / Construction
    Maskinfabrik / Maskinf. / Engineering
    Transport / Transp. / Transport
    El-Teknik / El-tek. / Electrical
    Møbler / Møbler / Furniture
    Fisk / Fisk / Seafood
    Stål / Staal / Steel
    """,
    """
    ApS / APS / Anpartsselskab
    A/S / AS / Aktieselskab
    """.strip(),
    """
    København / Copenhagen / 10 / 33
    Aarhus / Århus / 80 / 86
    Odense / Odense / 50 / 66
    Aalborg / Ålborg / 90 / 98
    """.strip(),
    """
    Nørregade / Nørreg.
    Industrivej / Industriv.
    Strandvejen / Strandv.
    Østergade / Østerg.
    Havnegade / Havneg.
    """, "45", "& og", 4,
)  # fmt: skip
ENGLISH_TRADES = """
Engineering / Eng. / Engineering
Construction / Constr. / Construction
Logistics / Log. / Logistics
Manufacturing / Mfg. / Manufacturing
International / Int'l / International
Brothers / Bros. / Brothers
Holdings / Hldgs. / Holdings
Services / Svcs. / Services
Management / Mgmt. / Management
Plumbing / Plumb. / Plumbing
Joinery / Join. / Joinery
Foods / Foods / Foods
Printing / Print. / Printing
Electrical / Elec. / Electrical
Software / S/W / Software
Packaging / Pkg. / Packaging
Distribution / Distr. / Distribution
Systems / Sys. / Systems
Solutions / Solns. / Solutions
Associates / Assoc. / Associates
Tools / Tools / Tools
"""
ENGLISH_STREETS = """
High Street / High St.
Station Road / Station Rd
Church Lane / Church Ln.
Victoria Avenue / Victoria Ave
Park Road / Park Rd.
Mill Lane / Mill Ln
St James Street / Saint James St.
King Street / King St
Queens Drive / Queens Dr.
Market Square / Market Sq.
Industrial Way / Industrial Wy
"""
GB = _land(
    "GB", 9, FAMILIES_EN, ENGLISH_TRADES,
    """
    Ltd / Limited / Ltd. / Co. Ltd
    Ltd / Limited / Ltd.
    plc / PLC / Public Limited Company
    LLP / Llp
    """.strip(),
    """
    London / London / EC / 20
    Manchester / Manchester / M1 / 161
    Birmingham / Birmingham / B1 / 121
    Leeds / Leeds / LS / 113
    Bristol / Bristol / BS / 117
    """.strip(),
    ENGLISH_STREETS, "44", "& and", 5, "co.uk",
)  # fmt: skip
US = _land(
    "US", 9, FAMILIES_EN, ENGLISH_TRADES,
    """
    Inc. / Inc / Incorporated
    LLC / L.L.C. / Llc
    Corp. / Corporation / Corp
    Co. / Company / & Co.
    """.strip(),
    """
    New York / New York City / 10 / 212
    Chicago / Chicago / 60 / 312
    Boston / Boston / 02 / 617
    Denver / Denver / 80 / 303
    Seattle / Seattle / 98 / 206
    """.strip(),
    ENGLISH_STREETS, "1", "& and", 5, "com",
)  # fmt: skip
CN = _land(
    "CN", 10, FAMILIES_EN,
    """
    技术 / 技术 / Technology
    贸易 / 贸易 / Trading
    机电设备 / 机电 / Electromechanical Equipment
    医疗器械 / 医疗器械 / Medical Devices
    软件 / 软件 / Software
    纺织 / 纺织 / Textile
    新材料 / 新材料 / New Materials
    电气 / 电气 / Electric
    进出口 / 进出口 / Import & Export
    包装 / 包装 / Packaging
    药业 / 药业 / Pharmaceutical
    """,
    """
    有限公司 / 有限责任公司 / 有限公司
    股份有限公司 / 股份公司
    集团有限公司 / (集团)有限公司
    """.strip(),
    """
    北京 / Beijing / 10 / 10
    上海 / Shanghai / 20 / 21
    深圳 / Shenzhen / 51 / 755
    广州 / Guangzhou / 51 / 20
    杭州 / Hangzhou / 31 / 571
    苏州 / Suzhou / 21 / 512
    成都 / Chengdu / 61 / 28
    """.strip(),
    """
    世纪大道 / Century Avenue
    中山路 / Zhongshan Road
    人民南路 / Renmin South Road
    科技园路 / Keji Yuan Road
    建国路 / Jianguo Road
    解放东路 / Jiefang East Road
    """, "86", "", 6, "com.cn",
)  # fmt: skip
LANDS = (DE, AT, FR, IT, NL, DK, GB, US, CN)
FREE = ("gmail.com", "gmx.de", "web.de", "outlook.com", "yahoo.com", "163.com", "orange.fr", "libero.it")
