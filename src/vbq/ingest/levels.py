"""What a region of interest is called -> the vertebral level, or the cerebrospinal fluid, that it names.

A name is read as a whole: a word that is not known here ("psoas L3", "disc L1") makes it name nothing, since
a wrong level gives a plausible score. Two levels ("L1-L2", "L1-4") and numbers alone name none either.
"""

import re
import unicodedata

LEVELS = {"C": 7, "T": 12, "L": 6, "S": 5}  # how many there are; a sixth lumbar vertebra is not rare
LETTERS = {"c": "C", "t": "T", "th": "T", "d": "T", "l": "L", "s": "S"}  # d as in dorsal
WORDS = {
    "C": "hwk|cervical|cervicale|cervicalis",
    "T": "bwk|thoracic|thoracica|thoracicus|toracica|toracico|thoracique",
    "L": "lwk|lumbar|lumbalis|lombaire|lombare",
    "S": "sacral|sacrale|sacralis|sacra|sacree",
}
REGION = "|".join(WORDS.values())
DORSAL = "dorsal|dorsale|dorsalis"  # thoracic, but also behind: a number after it is no level
REGIONS = {word: region for region, words in WORDS.items() for word in words.split("|")}
REGIONS |= dict.fromkeys(DORSAL.split("|"), "T")

# Words that may stand with a level, without accents: English, German, Latin, French, Spanish, Italian.
BONE = (
    "vb|vert|vertebra|vertebrae|vertebral|vertebrale|vertebralis|vertebre|wirbel|wirbelkorper|wirbelkoerper|"
    "body|corpus|corpo|cuerpo|corps"
)
NUMBERED = "roi|region|segment|label|mask"  # "ROI 2" is no level 2
CSF = "csf|liquor|lcr|lcs"
FILLERS = "at|level|of|the|de|du|del|en|au|bei|auf|hohe|niveau|nivel|livello|bone|marrow|spine|space|:"
FLUID = re.compile(
    r"\b(?:liquor |liquide |liquido )?(?:cerebro ?spinal(?:e|is)?|cephalo ?rachidien|cefalo ?rr?aquideo"
    r"|cefalo ?rachidiano)(?: fluid| liquid)?\b"
)
KNOWN = re.compile(f"{BONE}|{NUMBERED}|{CSF}|{FILLERS}|{REGION}|{DORSAL}")

FIRST = re.compile(rf"^\s*([0-9]{{1,2}})(?:\.|st|nd|rd|th)\s*({REGION})\b")  # "1. LWK", "1st lumbar"
# Written in one word. Not before s, which may be a plural ("VBs 1"); and "vertebral1" may be "vertebral 1".
GLUED = re.compile(rf"\b(vb|{CSF})(?:at)?(c|th?|d|l|[hbl]wk)(?= [0-9])")
LEVEL = re.compile(rf"(?:\ba )?\b(?:({'|'.join(LETTERS)})|({REGION})(?: (?:{BONE}))*) ([0-9]{{1,2}})(?!\S)")
INDEX = re.compile(rf"\b({NUMBERED}) [0-9]+(?!\S)")
IMAGE = re.compile(
    r"\.(?:tiff?|png|jpe?g|bmp|gif|dcm|dicom|ima|img|hdr|nii|nrrd|mh[ad]|avi)(?:\.gz)?\s*$", re.IGNORECASE
)
LEVEL_IN_FILE = re.compile(r"(?:[cdlst]|th|[hbl]wk)[0-9]{1,2}", re.IGNORECASE)
CODE_OR_LEVEL = re.compile(r"[cds][0-9]+|t[12]", re.IGNORECASE)  # center 2, subject 1, a T1 image

Target = tuple[str | None, str | None]
NOTHING: Target = (None, None)


def level_name(text: str) -> str | None:
    """Return the vertebral level ("L1") that a text names ("l-1", "VB L1"), None if it names none."""
    target = target_of(text)[0]
    return None if target == "csf" else target


def target_of(text: str) -> Target:
    """Return what a region's name says was read ("L1", "csf"), and the level of the CSF if it says it.

    ("csf", None) is CSF at a level that is not said, (None, None) a name that tells neither. In the labels of
    ImageJ ("P01.tif:L1:7" is image, region and slice) the region decides; where it has no name, the image's.
    """
    named = _read(text)
    if named != NOTHING or ":" not in text:
        return named
    image, *parts = text.split(":")
    region = parts.pop(-2 if len(parts) > 1 else -1)
    if not re.search(r"[^\W\d_]", region):  # a number that ImageJ gave it, or the slice
        named = _of_file(image)
    else:
        named = _read(region)
        of_no_file = NOTHING if IMAGE.search(image) else _read(image)
        is_of_csf = named[0] != "csf" and re.search(CSF, _spaced(image))
        if is_of_csf or of_no_file not in (NOTHING, named):
            return NOTHING  # "L1:L2" is no region of an image, and "CSF.tif:L3" may be either
    return named if all(_read(part) in (NOTHING, named) for part in parts) else NOTHING


def _read(text: str) -> Target:
    """Return what a name says of which every word is known; a file may have codes in its name."""
    if IMAGE.search(text):
        return _of_file(text) if ":" not in text else NOTHING
    return _parsed(_spaced(text)) or _parsed(_spaced(_split_at_capitals(text))) or NOTHING


def _of_file(name: str) -> Target:
    """Return what the name of an image file says, whatever codes (of the patient, for example) are in it."""
    if not IMAGE.search(name):
        return NOTHING
    parts = re.split(r"[\W_]+", IMAGE.sub("", name))
    words = [part for part in parts if part and not _is_code(part)]
    may_be_code = any(map(CODE_OR_LEVEL.fullmatch, words))
    if may_be_code and not any(re.fullmatch(BONE, word) for word in _spaced(" ".join(words)).split()):
        return NOTHING
    return _read(" ".join(words))


def _is_code(part: str) -> bool:
    """Whether a part of a file's name is a code: letters with digits, or more digits than a level has."""
    if LEVEL_IN_FILE.fullmatch(part) or not re.search("[0-9]", part):
        return False
    return not part.isdigit() or len(part) > 2


def _split_at_capitals(text: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", text)


def _spaced(text: str) -> str:
    """Return the words and numbers of a text, a space between, in lower case and without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()
    # Letters and digits of other scripts are kept: they make the name unknown.
    parts = re.findall(r"[a-z]+|[0-9]+|:|[^\W_]", FIRST.sub(r"\2 \1 ", plain))
    return FLUID.sub("csf", GLUED.sub(r"\1 \2", " ".join(parts)))


def _parsed(spaced: str) -> Target | None:
    words = INDEX.sub(r"\1", spaced)
    found = {(LETTERS.get(letter) or REGIONS[word], int(n)) for letter, word, n in LEVEL.findall(words)}
    rest = LEVEL.sub(" ", words).split()
    regions = {region for region, _ in found} | {REGIONS[word] for word in rest if word in REGIONS}
    if not all(map(KNOWN.fullmatch, rest)) or len(found) > 1 or len(regions) > len(found):
        return None
    level = next((f"{region}{number}" for region, number in found if 1 <= number <= LEVELS[region]), None)
    if found and level is None:
        return None
    if any(re.fullmatch(CSF, word) for word in rest):
        return "csf", level
    return None if level is None else (level, None)
