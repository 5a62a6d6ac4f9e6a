"""What the cells of a categorical column mean: each spelling -> the level that it surely is, or None."""

import re
from collections.abc import Collection, Mapping
from functools import cache

from vbq.codebook import Variable
from vbq.ingest.levels import level_name
from vbq.ingest.propose.names import key
from vbq.ingest.propose.vocabulary import BESIDE_FRACTURE, FRACTURE, LEVELS, NEGATIONS, NO, YES
from vbq.ingest.propose.words import plain, words_of
from vbq.ingest.values import canonical_levels, spelling

CODED = re.compile(r"^\(?\d{1,2}\)?\s*[=:.)-]\s*(?=\D)")  # "1 = yes"
LESS = re.compile(r"<|\b(?:less|unter|weniger|below|under|moins|inferieur|menos|menor|meno|inferiore)\b")
MORE = re.compile(r">|\b(?:more|uber|ueber|mehr|above|over|plus|superieur|mas|mayor|piu|superiore)\b")
NOTHING = re.compile(
    r"\b(?:none|no|keine?r?|ohne|without|aucune?|sans|pas|ninguno|sin|nessuno|nessun|senza)\b"
)
SEX_LETTERS = {frozenset(pair): pair for pair in ("fh", "mh", "mv", "fv", "du")}  # female, male
JUNCTIONAL = ("C1", "C2", "C7", "T1", "T2", "T11", "T12", "L1", "L5", "S1")
LOCATION_BY_REGION = {"C": 2, "L": 2, "T": 1, "S": 0}


def level_of(text: str, variable: Variable, is_outcome: bool = False) -> object | None:
    """Return the level that a spelling surely is, in words or as the codebook spells it, else None."""
    canonical = canonical_levels(variable).get(spelling(text, ","))
    if canonical is not None:
        return canonical
    for spelled in dict.fromkeys((text, CODED.sub("", text))):
        found = _level_in_words(spelled, variable, is_outcome)
        if found is not None:
            return found
    return None


def levels_of(texts: Collection[str], variable: Variable, is_outcome: bool = False) -> dict[str, object]:
    """Return the level of each spelling that has a sure one, in view of the others."""
    found = {text: level_of(text, variable, is_outcome) for text in texts}
    if variable.name == "sex":
        # M is male beside F or W, but mujer beside H (hombre) or V (varón).
        letters = {text.casefold(): text for text in texts if len(text) == 1 and text.isalpha()}
        pair = SEX_LETTERS.get(frozenset(letters), "")
        found |= {letters[letter]: level for letter, level in zip(pair, variable.levels, strict=False)}
    return {text: level for text, level in found.items() if level is not None}


def is_word(text: str) -> bool:
    """Whether a spelling is no mere number."""
    return any(character.isalpha() for character in text)


@cache
def _table(name: str) -> Mapping[str, object]:
    return {key(words_of(each)): level for level, spelled in LEVELS.get(name, {}).items() for each in spelled}


def _level_in_words(text: str, variable: Variable, is_outcome: bool) -> object | None:
    words = words_of(text)
    if variable.kind == "binary":
        return _yes_or_no(words, is_outcome)
    if key(words) in (table := _table(variable.name)):
        return table[key(words)]
    by_label = {key(words_of(label)): level for level, label in variable.levels.items()}
    if is_word(text) and key(words) in by_label:
        return by_label[key(words)]
    if variable.name == "sins_location" and (vertebra := level_name(text)):
        return 3 if vertebra in JUNCTIONAL else LOCATION_BY_REGION[vertebra[0]]
    if variable.name == "sins_collapse":
        return _collapse(plain(text))
    return None


def _yes_or_no(words: tuple[str, ...], is_outcome: bool) -> int | None:
    if len(words) == 1 and words[0] in YES | NO:
        return int(words[0] in YES)
    told = set(words)
    if is_outcome and told & FRACTURE and told <= FRACTURE | BESIDE_FRACTURE | NEGATIONS:
        return int(not told & NEGATIONS)
    return None


def _collapse(text: str) -> int | None:
    less, more, nothing = (bool(pattern.search(text)) for pattern in (LESS, MORE, NOTHING))
    if nothing:
        return 1 if more and "50" in text else (0 if "50" not in text else None)
    if "50" in text and less != more:
        return 2 if less else 3
    return None
