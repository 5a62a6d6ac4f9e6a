"""What a heading may mean, by the vocabulary alone: a score for each variable that it is like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from vbq.ingest.propose.vocabulary import NAMES, OTHERWISE, STOP, UNITS
from vbq.ingest.propose.words import read_heading, words_of

EXACT = 1.0
CONTAINED = 0.85
PER_WORD = 0.1  # that a heading has more than the phrase
FUSED = 0.6  # a phrase within a longer word, or with a slip of the pen
SHORTEST_FUSED = 6
ALIKE = 0.88


@dataclass(frozen=True)
class Named:
    """How well a heading names a variable, and the factor of the unit in it, None where it has none."""

    score: float
    unit: float | None = None


def key(words: Sequence[str]) -> str:
    """Return what two spellings of a phrase share; ä may be spelled ae."""
    joined = "".join(words)
    return joined.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def meant(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that matter, all of them where none does."""
    return tuple(word for word in words if word not in STOP) or tuple(words)


@cache
def phrases(target: str) -> tuple[tuple[str, ...], ...]:
    """Return the phrases of a variable or role, the longest first."""
    split = {meant(words_of(each)) for known in NAMES.get(target, {}).values() for each in known}
    own = meant(tuple(target.split("_")))
    return tuple(sorted({own, *split}, key=lambda words: (-len(words), words)))


@cache
def _keys(target: str) -> tuple[tuple[frozenset[str], str], ...]:
    return tuple((frozenset(phrase), key(phrase)) for phrase in phrases(target))


@cache
def named(texts: tuple[str, ...], targets: tuple[str, ...]) -> Mapping[str, Named]:
    """Return how well a column's names (its heading, its label in a dictionary) name each of the targets."""
    found: dict[str, Named] = {}
    for text in texts:
        heading = read_heading(text)
        if set(heading.words) & OTHERWISE:
            continue
        for target in targets:
            this = _named(heading.words, heading.aside, target)
            if this.score > found.get(target, Named(0.0)).score:
                found[target] = this
    return found


def _named(words: tuple[str, ...], aside: tuple[str, ...], target: str) -> Named:
    units = UNITS.get(target, {})
    unit = next((units[joined] for joined in _runs(aside) if joined in units), None)
    best = Named(_score(words, target), unit)
    for length in range(1, min(4, len(words))):
        ending = "".join(words[-length:])
        if ending in units:
            shorter = _score(words[:-length], target)
            if shorter >= best.score:
                best = Named(shorter, units[ending])
    return best


def _runs(words: Sequence[str]) -> list[str]:
    """Return each run of words as one word, the longest first."""
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    return ["".join(words[i:j]) for i, j in sorted(spans, key=lambda span: span[0] - span[1])]


def _score(words: tuple[str, ...], target: str) -> float:
    told = meant(words)
    joined, whole = key(told), key(words)
    best = 0.0
    for phrase, phrase_key in _keys(target):
        if phrase_key in (joined, whole):
            return EXACT
        if phrase <= set(told):
            best = max(best, CONTAINED - PER_WORD * (len(told) - len(phrase)))
        elif len(phrase_key) >= SHORTEST_FUSED and best < FUSED:
            rest = len(joined) - len(phrase_key)
            is_slip = abs(rest) <= 2 and SequenceMatcher(None, phrase_key, joined).ratio() >= ALIKE
            if is_slip or (0 < rest <= 8 and phrase_key in joined):
                best = max(best, FUSED)
    return best
