"""Which column is which variable, how sure that is, and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from vbq.codebook import Variable
from vbq.ingest.identifying import looks_identifying
from vbq.ingest.propose.evidence import ASKED, Evidence, evidence
from vbq.ingest.propose.names import EXACT, named
from vbq.ingest.propose.spellings import is_word, level_of
from vbq.ingest.propose.views import ADMINISTRATIVE, View
from vbq.ingest.propose.vocabulary import BESIDE_FRACTURE, EARLIER, FRACTURE, NEGATIONS, NEW, STOP, WHEN
from vbq.ingest.propose.words import read_heading

Confidence = Literal["sure", "likely", "a guess"]
WEIGHT = {"good": 1.0, "open": 0.9, "poor": 0.6}
LEAST = 0.45
LIKELY = 0.65
CLOSE = 0.15
OF_NEW_FRACTURES = ("new_vcf", "n_new_vcf", "fracture_count")


@dataclass(frozen=True)
class Mapped:
    """A column that is proposed as a variable; `rows` tell its rows where they are not the section's."""

    name: str
    heading: str
    confidence: Confidence
    reason: str
    evidence: Evidence
    rows: Mapping[str, object] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether something of it is left for the site to fill in."""
        return ASKED in (self.evidence.levels or {}).values()


@dataclass(frozen=True)
class _Candidate:
    name: str
    heading: str
    score: float
    total: float
    evidence: Evidence


def mapped_columns(
    view: View,
    codebook: Mapping[str, Variable],
    targets: Collection[str],
    outcome: str,
    taken: Collection[str],
) -> list[Mapped]:
    """Return the columns that are variables, at most one of each, in the codebook's order.

    Columns that identify a person, and those `taken` for something else, are left out.
    """
    candidates = [
        candidate
        for heading, counts in view.counts.items()
        if heading not in taken and not ADMINISTRATIVE.fullmatch(heading) and not _identifies(view, heading)
        for candidate in _candidates(view, heading, counts, codebook, tuple(targets), outcome)
    ]
    order = {name: position for position, name in enumerate(codebook)}
    candidates.sort(key=lambda each: (-each.total, -each.score, order[each.name]))
    chosen: dict[str, _Candidate] = {}
    used: set[str] = set()
    for candidate in candidates:
        if candidate.name not in chosen and candidate.heading not in used:
            chosen[candidate.name] = candidate
            used.add(candidate.heading)
    found = []
    for name in sorted(chosen, key=order.__getitem__):
        best = chosen[name]
        close = [
            each.heading
            for each in candidates
            if each.name == name and each.heading not in used and each.total > best.total - CLOSE
        ]
        found.append(_mapped(best, close, view, codebook[name], name == outcome))
    return found


def _identifies(view: View, heading: str) -> bool:
    return looks_identifying(heading) or heading in view.sheet.identifying


def _candidates(
    view: View,
    heading: str,
    counts: pd.Series,
    codebook: Mapping[str, Variable],
    targets: tuple[str, ...],
    outcome: str,
) -> list[_Candidate]:
    found = []
    for name, how in named(view.texts.get(heading, (heading,)), targets).items():
        if how.score < LEAST or (name in OF_NEW_FRACTURES and _is_earlier(view, heading)):
            continue
        codes = legend(heading, codebook[name])
        seen = evidence(counts, codebook[name], view.decimal, how.unit, codes, name == outcome)
        if seen.grade == "no":
            continue
        total = how.score * WEIGHT[seen.grade]
        if total >= LEAST:
            found.append(_Candidate(name, heading, how.score, total, seen))
    return found


def _words(view: View, heading: str) -> list[tuple[str, ...]]:
    """Return the words of a heading and, where a dictionary or the file tells it, of its label."""
    return [read_heading(text).words for text in view.texts.get(heading, (heading,))]


def _is_earlier(view: View, heading: str) -> bool:
    """Whether a column is about fractures from before: "Prior compression fracture", "VCF preop"."""
    told = {word for words in _words(view, heading) for word in words}
    return bool(told & EARLIER) and not told & NEW


def legend(heading: str, variable: Variable) -> Mapping[str, str]:
    """Return the label of each code that a heading tells: "Sex (0=f, 1=m)", or "male", which is yes or no."""
    read = read_heading(heading)
    if read.codes or variable.name != "sex":
        return read.codes
    own = level_of(" ".join(read.words), variable)
    if own is None:
        return {}
    other = next(level for level in variable.levels if level != own)
    said = {
        "yes": own,
        "no": other,
        "ja": own,
        "nein": other,
        "1": own,
        "0": other,
        "true": own,
        "false": other,
    }
    return {
        spelled: str(level) for word, level in said.items() for spelled in (word, word.title(), word.upper())
    }


def _mapped(
    best: _Candidate, close: Sequence[str], view: View, variable: Variable, is_outcome: bool
) -> Mapped:
    is_known = best.score == EXACT
    confidence: Confidence = "a guess"
    if is_known and best.evidence.grade == "good" and not close:
        confidence = "sure"
    elif best.total >= LIKELY and best.evidence.grade != "poor" and not (close and not is_known):
        confidence = "likely"
    seen, said = best.evidence, best.evidence.reason
    if variable.kind == "binary" and any(map(_is_negated, _words(view, best.heading))):
        seen = replace(seen, levels=dict.fromkeys(_cells(view, best.heading, seen), ASKED))
        said = "the heading says no: which answer means that there is one?"
        confidence = "a guess"
    elif is_outcome:
        seen, is_told = _outcome(view, best, variable)
        said = said if is_told else "no word tells the direction: 1 where there is a new fracture, else 0"
    name = "a known name" if is_known else "like a known name"
    reasons = [f"heading is {name}", said, *seen.remarks]
    if close:
        reasons.append(f"or is it {' or '.join(map(quoted, close))}?")
    return Mapped(best.name, best.heading, confidence, "; ".join(reasons), seen)


def _is_negated(words: Sequence[str]) -> bool:
    """Whether a heading or label asks for the opposite: "no infection", "frakturfrei"."""
    return bool(set(words) & NEGATIONS) or any(word.endswith(("frei", "free")) for word in words)


def _asks_for_fracture(view: View, best: _Candidate) -> bool:
    """Whether yes means a fracture: "Fracture healed", as heading or label, is like a known name, too."""
    plain = FRACTURE | BESIDE_FRACTURE | WHEN | STOP
    heading, *labels = _words(view, best.heading)
    told = labels if best.score == EXACT else [heading, *labels]
    return all(word in plain or word.isdigit() for words in told for word in words)


def _cells(view: View, heading: str, seen: Evidence) -> list[str]:
    return [str(cell) for cell in view.counts[heading].index if str(cell) not in seen.missing]


def _outcome(view: View, best: _Candidate, variable: Variable) -> tuple[Evidence, bool]:
    """Return the outcome with all its levels stated, and whether words tell them; else they are asked for."""
    seen = best.evidence
    codes = legend(best.heading, variable)
    levels = dict(seen.levels or {})
    if seen.levels is None:
        levels = {
            cell: level_of(cell, variable, is_outcome=True) for cell in _cells(view, best.heading, seen)
        }
    asks = _asks_for_fracture(view, best)
    in_words = {
        cell: level
        for cell, level in levels.items()
        if is_word(label := codes.get(cell, cell)) and (asks or level_of(label, variable) is None)
    }
    if ASKED in in_words.values() or len(in_words) < len(levels):
        known = {level for level in in_words.values() if level != ASKED}
        in_words = in_words if len(known) > 1 else {}  # "yes" and "2": neither is told
    stated = {cell: in_words.get(cell, ASKED) for cell in sorted(levels)}
    return replace(seen, levels=stated), ASKED not in stated.values()


def quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar on one line; what cannot be seen is escaped."""
    plain = {'"': '\\"', "\\": "\\\\"}
    return (
        '"'
        + "".join(plain.get(each) or (each if each.isprintable() else _escaped(each)) for each in text)
        + '"'
    )


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
