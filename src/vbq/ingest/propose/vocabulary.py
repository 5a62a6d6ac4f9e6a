"""The words by which columns and cells are told; the long lists are in `vocabulary.yaml`."""

from collections.abc import Mapping
from pathlib import Path

from vbq.strict import read_yaml

_LISTS = read_yaml(Path(__file__).with_name("vocabulary.yaml")).content


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _in(factor: float, units: str) -> dict[str, float]:
    return dict.fromkeys(units.split(), factor)


# Phrases by language, of each variable and of what else a column may hold.
NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    name: {language: _phrases(text) for language, text in by_language.items()}
    for name, by_language in {**_LISTS["roles"], **_LISTS["variables"]}.items()
}
# Spellings of each level of a variable.
LEVELS: Mapping[str, Mapping[object, tuple[str, ...]]] = {
    name: {level: _phrases(text) for level, text in by_level.items()}
    for name, by_level in _LISTS["levels"].items()
}

# Phrases say the same without these.
STOP = _words(
    """
    a an and the of at in to for on with is was has der die das des dem den bei im am zu zur zum von
    und l d le la les du de au aux et en el los las del al y con il lo gli i di da dei della delle
    nel e patient patients patienten preop t0 status score value wert valeur valor valore points
    punkte pts pkt
    """
)
# A heading with one of these is about something else.
OTHERWISE = _words(
    """
    date datum fecha jour day mother mutter mere madre father family familie famille familia
    famiglia hip hufte rib rippe wrist femur death tod deces muerte morte prealbumin prealbumine
    praalbumin prealb urine urin sd std stddev min max minimum maximum area comment comments
    kommentar bemerkung commentaire comentario commento note notes packyears pack
    """
)
NEGATIONS = _words(
    "no not without free non ohne kein keine keiner frei sans pas sin libre senza libero absence"
)

YES = _words(
    "yes y ja j oui o si s true t wahr vrai verdadero vero positive positiv pos present vorhanden checked"
)
NO = _words("no n nein non false f falsch faux falso negative negativ neg absent keine kein none unchecked")
# What says that there is an outcome, and what may stand with it.
FRACTURE = _words(
    """
    vcf fracture fractured fractures fraktur frakturiert fx fractura frattura tassement wkf
    vertebral compression incident wk wirbelkorper wirbel event ereignis
    """
)
BESIDE_FRACTURE = _words("new neue nouvelle nueva nuova group gruppe patient patients cases with mit")
# A fracture that was there before; what is new is none, even "since baseline".
EARLIER = _words(
    """
    prior previous previously preexisting existing prevalent history hx old older past before baseline pre
    preop preoperative pretreatment prert fruher fruhere fruherer alt alte alter vorher vorherige vorbestehend
    vorbestehende vorbekannt vorbekannte stattgehabte anamnese vorfraktur vorfrakturen praop praoperativ
    anterieur anterieure antecedent antecedents ancienne prealable previa previas previo anterior antigua
    antecedente antecedentes pregressa pregresse precedente precedenti storia vortherapie t0
    """
)
NEW = _words("new neu neue neuer nouvelle nouveau nueva nuevo nuova nuovo incident incidente inzidente novo")
# What may stand beside these in the heading of the outcome, without turning its question around.
WHEN = _words(
    """
    within during after post any follow up fu months month monate monaten mois mesi meses year years
    jahr jahre nach innerhalb verlauf mri mrt sbrt surgery treatment therapy therapie behandlung
    radiotherapy apres despues dopo
    """
)

MISSING = _words(
    """
    na n/a n.a. n.a #n/a #na nan null k.a. k.a ka unbekannt unknown unk unkn missing fehlt fehlend
    nd n.d. nb n.b. inconnu inconnue nr n.r. desconocido desconocida sconosciuto sconosciuta ignoto
    nc n.c. . .. - -- --- ? ?? x .a .m /
    """
) | set(
    _phrases(
        "k. a., keine angabe, nicht bekannt, nicht erhoben, not available, not known, not done, "
        "not recorded, non renseigne, non renseigné, non connu, no disponible, non noto, non disponibile, "
        "non disponible, n. a., n / a, no data, not assessed, not applicable"
    )
)
MISSING_CODES = frozenset(
    (-1, -7, -8, -9, -77, -88, -99, -888, -999, -9999, 88, 99, 777, 888, 999, 7777, 8888, 9999, 99999)
)
MISSING_CATEGORY_CODES = MISSING_CODES | {7, 8, 9}

# Units as their letters and digits in lower case -> what a value in them is multiplied by.
_MONTHS = {
    **_in(1, "months month monate mon mo mois meses mesi m"),
    **_in(12 / 365.25, "days day tage jours dias giorni d"),
    **_in(84 / 365.25, "weeks wochen semaines semanas settimane"),
    **_in(12, "years year jahre ans anos anni yrs"),
}
UNITS: Mapping[str, Mapping[str, float]] = {
    "age": {
        **_in(1, "years year jahre jahren j ans annees anos anni yrs yr y a"),
        **_in(1 / 12, "months monate mois meses mesi"),
        **_in(1 / 365.25, "days tage jours dias giorni"),
    },
    "bmi": _in(1, "kgm2 kgm kgqm"),
    "albumin": {**_in(1, "gdl g100ml"), **_in(0.1, "gl"), **_in(0.001, "mgdl")},
    "alkaline_phosphatase": {**_in(1, "ul iul uil ui"), **_in(60, "μkatl ukatl mukatl")},
    "calcium": {"mgdl": 1, "mmoll": 4.0078, "meql": 2.0039, "mgl": 0.1},
    "platelets": {
        **_in(1, "103μl 103ul 109l 10e9l 10e3ul 10e3μl x109l x103μl x103ul 103mm3"),
        **_in(1, "gl gpl nl tsdμl tsdul kμl kul mrdl tsd"),
        **_in(0.001, "μl ul 1μl 1ul mm3 cumm"),
        **_in(10, "104μl 104ul"),
        **_in(100, "105μl 105ul lakh"),
    },
    "radiation_dose": {"cgy": 1, **_in(100, "gy gray")},
    "systemic_treatment_months": _MONTHS,
    "follow_up_months": _MONTHS,
    "kps": _in(1, "percent prozent"),
    "field_strength": _in(1, "t tesla"),
}
