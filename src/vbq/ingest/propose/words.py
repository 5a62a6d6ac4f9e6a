"""Headings and cells as plain words: accents, case, camelCase, punctuation and brackets do not matter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}")
# "0=no, 1=yes", "1: male; 2: female": a number, and a label up to the next one.
CODE = re.compile(
    r"(?<![\w.,])(-?\d{1,3})\s*[=:]\s*([^=:;,|/()\[\]]*[^\s=:;,|/()\[\]\d])"
    r"(?=\s*(?:[;,|/()\[\]]|$|\s-?\d+\s*[=:]))"
)
CHOICE = re.compile(r"\(choice=(.*)\)\s*$")
ASKED = re.compile(
    r"[\s_(\[]+(?:ja|yes|oui|si|sì|sí|y|j|o|s|m|w|f|n)\s*[/|_-]\s*(?:nein|no|non|n|f|w|m|h|d)"
    r"(?:\s*[/|_-]\s*\w)?[)\]\s]*$",
    re.IGNORECASE,
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹µ", "0123456789μ")


@dataclass(frozen=True)
class Heading:
    """What a heading says: its words, the words that stand in brackets, and the label of each code in it."""

    text: str
    words: tuple[str, ...]
    aside: tuple[str, ...]
    codes: Mapping[str, str]


def plain(text: str) -> str:
    """Return a text in lower case without accents; camelCase becomes words."""
    text = re.sub(r"\b[Nn]\.?\s?[°º]", "no ", text.translate(SUPERSCRIPTS))
    apart = re.sub(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zß-ÿ]{2})", " ", text)
    # ∅ and the like have no letters behind them; an apostrophe ends an article (l'âge).
    unaccented = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return re.sub(r"['’]s\b", "", unaccented.casefold())


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text; a word may hold digits ("l1", "t1w", "3")."""
    return tuple(re.findall(r"[^\W_]+", plain(text)))


def read_heading(text: str) -> Heading:
    """Take a heading apart."""
    codes = {code: label.strip() for code, label in CODE.findall(text)}
    rest = CODE.sub(" ", text) if len(codes) > 1 else text
    if len(codes) < 2:
        codes = {}
    choice = CHOICE.search(rest)
    if choice:  # a checkbox of REDCap: the choice says more than the question
        rest = f"{rest[: choice.start()]} {choice[1]}"
    rest = ASKED.sub(" ", rest)
    aside = [" ".join(found) for found in BRACKETS.findall(rest)]
    main = words_of(BRACKETS.sub(" ", rest))
    beside = words_of(" ".join(aside))
    return Heading(text, main or beside, beside if main else (), codes)
