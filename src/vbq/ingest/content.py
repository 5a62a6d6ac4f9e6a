"""What cells hold, not how their column is called: whether it identifies a person, in five languages."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from itertools import islice
from math import ceil, sqrt
from statistics import quantiles

import pandas as pd


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What makes a column one of a kind.
DISTINCT_READ = 2_000  # different cells, evenly spread over the column
LONGEST_READ = 100  # characters
SHARE = 0.5  # of the filled cells
STRONG_SHARE = 0.01  # where nothing harmless looks like it: e-mail addresses, insurance numbers
NAMED_SHARE = 0.2  # with a common given name or a title
TEXT_SHARE = 0.2  # free text often stands beside many a "none"
MEDICAL_SHARE = 0.2  # of what is spelled like names: then the rest is not of names either
CHECKED_SHARE = 0.5  # of what looks like insurance numbers: by chance, one in ten has the right check digit
ROUND_SHARE = 0.5  # of whole numbers that end in 0: they were measured
FEWEST = 5  # different names or numbers, where nothing but their spelling tells what they are
FEWEST_SURE = 3  # different cells of the other kinds
FEWEST_CHECKED = 2  # different insurance numbers
NEARLY_ALL = 0.8  # of a few cells are different, if each is of one person
PER_ROOT = 3  # of n cells, 3 √n are: names recur in long columns, levels of a variable far more often
RECORD_DIGITS = 6
WORDS_OF_TEXT = 5
# Half of all birth dates are older than MRI, or first and last tenth are further apart than a study lasts.
BEFORE_MRI = 1985  # not "so many years ago": a file must be judged alike in later years
YEARS_APART = 20
CENTURY = 40  # years of two digits are 20xx up to here

# What is shown of a cell.
LONGEST_SHOWN = 40  # characters
MOST_WORDS = 4
MOST_DIGITS = 5
NEAR = 0.8  # of difflib's likeness to a known spelling

# The lists are in lower case and without accents. Words that are common surnames too are left out.
ANSWERS = _listed(
    """
    a about absent actual ailleurs aktuell aktuelle aktueller alcuni alive all als alta alto altra altri
    altro ancien ancienne andere anderer anderes angabe angaben annees anni anno ano anos ans antes any
    aplica applicabile applicable approx approximately asked assente assessed at aucun aucune auffallig
    ausente ausstehend autre autres available baja bajo bas be beaucoup beide beidseits bekannt
    bestimmbar bestimmt bilateral both by ca circa complete connu connue conocido consta cours current
    daily data dato datos dauer days dead decede deceduto declined derecha derecho desconocida
    desconocido destra destro deux diagnosed disease disponibile disponible divers done donna dopo
    droite dudoso durchgefuhrt eg ehemalig ehemalige ehemaliger eher ein eine eleve en entered entfallt
    entry environ erhoben error estable etc etre etwa evaluated eventuell evtl ex example excluded
    exfumador exraucher fait fallecido false falso falta fatto faux fehlend fehlt female femelle
    femenino feminin femme femmina few follow former forse fraglich fruher fumador fumadora fumatore
    fumatrice fumeur fumeuse gauche gering giorni given grave haut hecho heures high hoch hombre homme
    horas hour hours ignota ignoto immer in incomplete inconnu inconnue indetermine indisponible
    inestable information instabil instabile instable is izquierda izquierdo ja jahr jahre jamais jours
    ka kb kein keine keiner keines known later leer left leicht less leve lieve links lost lot lots low
    mai male man mancante manchmal mannlich manquant manquante maschio masculin masculino maybe medio
    medium mehr mehrere menos mes mese meses mesi mild missing mittel moderate moglich moins mois molti
    molto monat monate month months more morto most moyen much mucho muchos muerto mujer n na
    nachgereicht nada nan nc nd ne neant neg negatif negativ negative negativo nein nessuna nessuno
    never nicht nichtraucher nie niedrig niente nil ninguna ninguno nn no non none nonsmoker normal not
    nota nothing noto nr ns null nulla nunca objet oder of offen oft often on ongoing only or ore other
    others otra otro otros oui over pack packs parfois pas pendiente pending performed perhaps pervenuto
    peut piu plus plusieurs poco points pos posible positif positiv positive positivo possibile possible
    possibly precise present presque probabile probable probably provided punkte quiza quizas rare
    rarement raucher realizado rechts recorded refused renseigne reported right rilevato same sans
    schwer sconosciuta sconosciuto see selten semaines semanas sempre senza settimane several severe si
    sicher siehe siempre sin sinistra sinistro smoker some sometimes sonstige sonstiges souvent stabil
    stabile stable still stunden tage taglich tal talvolta tba tbc tbd tbn tesla test tested than the to
    toujours true uber unable unauffallig unbekannt unbestimmt uncertain unclear under undetermined
    unilateral unk unklar unknown unsicher unstable unsure unter uomo up varios varon verfugbar vero
    verstorben vez viel viele vielleicht vivant vivo void vorhanden vrai wahrscheinlich week weeks
    weiblich wenig wenige weniger wert withdrawn woche wochen woman women year years yes zutreffend
    """
)
# Tumors, bones, treatments, and the makers and models of scanners.
MEDICAL = _listed(
    """
    achieva actonel aera african altea aredia arimidex aromasin asian asiatisch aspirin avanto avastin
    avodart axial bestrahlung biograph bladder blase blastic bondronat bone bones brain breast brivo
    bronchial bronchus brust bws caelyx cancer cancro canon caucasian centurian cervical cervix
    chirurgia chirurgie cht cirugia colon colorectal colorrectal conservative coronal cortison crc csf
    ctx cup cyberknife decortin discovery dlbcl ebrt echelon elan eliquis elition encore endocrine
    endometrium erbitux esaote esophagus espree essenza estomago european faslodex fegato femara foie
    fonar fortecortin fosamax fuji fujifilm gallbladder ge gemischt gemzar gist hals hcc head healthcare
    healthineers heart heparin hepatic hepatobiliary herceptin higado hirn hispanic hitachi hnscc hoden
    hormonal hormone hws ibrance ibuprofen imbruvica immuno impact imrt ingenia insulin intera intestine
    iws junctional kaukasier kaukasisch keytruda kidney kidneys kisqali knochen konservativ kopf larynx
    latino leber liver local lumbal lumbar lumina lung lunge lungen lungs lws lynparza lytic magen
    magnetom mama mamelle mamma mammary mammella mecanico mecanique meccanico mechanical mechanisch
    mediastinum medical melanoma metformin misto mixed mixte mixto mobil mobile multiple myeloma
    nasopharynx neck neusoft niere nieren nsclc observation oesophagus opdivo operation operativ optima
    oropharynx osophagus osteoblastic osteoblastisch osteolytic osteolytisch ovar ovarian ovarie ovaries
    ovary palliativ palliative pancreas pankreas panorama parotis peau pelle penis pharynx philips piel
    pioneer pleura polmone polmoni poumon premier primary prisma prodiva prolia prostata prostate
    prostatic proton pulmon pulmonale pulmonary rcc rchtx rectum rektum renal revlimid rigid rinon
    rinones rt rtx sabr sacral sacrum sagittal sakral salivary sbrt schilddruse sclc sclerotic sein
    semirigid sempra seno siemens signa skin skyra spectra spinal spine stomac stomach stomaco strahlen
    supportive surgery surgical sutent symphony systemic tagrisso targeted taxol taxotere tecentriq
    testicle testicolo testis thoracic thorakal thymus thyroid thyroide tiroide tiroides tissue toshiba
    trillium trio uih upper urothelial utero uterus vantage vejiga velcade verio verzenios vescica
    vessie vida vmat votrient voyager warfarin xarelto xeloda xgeva xtandi zometa zytiga
    """
)
# What makes any word a medical one, too long to be part of a name: of diseases, operations and drugs.
MEDICAL_PART = re.compile(
    r"carcinom|karzinom|sarcom|sarkom|melanom|myelom|mielom|lymphom|linfom|adenom|blastom|gliom|meningiom|"
    r"mesotheliom|seminom|chordom|thymom|zytom|cytom|\wkrebs\b|cancer|tumor|tumeur|tumour|neoplas|metast|leuk[ae]m|"
    r"leucem|prostat|thyroid|tiroid|schilddrus|pan[ck]rea|osophag|esophag|urothel|bronch|pulmon|[ck]olore[ck]t|"
    r"endometr|zervi[kx]|cervic|gastr[io]|hepat|squamo|plattenepithel|fra[ck]tur|frattur|hypert(?:on|ens)|"
    r"diabet|osteopor|[ck]ypho|vertebr|wirbel|th?erap|radio|chemo|chimio|quimio|chirurg|stereota|predniso|dexameth|"
    r"cortison|(?:plast(?:y|ie|ik|ia|ica)|(?:[ei]c|os|[iop]o)tom(?:y|ie|ia)|[a-z]{3}mab|tinib|fenib|"
    r"zomib|parib|ciclib|limus|platin|taxel|rubicin|trexed|citabin|uracil|mustin|phosphamid|oxifen|trozol|"
    r"mestan|lutamid|relin|relix|estrant|dronat|dronic|dronsaure|statin|sartan|prazol|idomid)(?:[eao]|um)?\b"
)
GIVEN_NAMES = _listed(
    """
    adele adrian adriana adrien agnes agustin alain albert alberto aldo alejandro alessandra alessandro
    alessia alexandre alfonso alfredo alice alvaro amanda amparo amy ana andre andrea andreas andres
    andrew angela angelika angelo anita anja anke ann anna annamaria anne anneliese annemarie annette
    anthony antje antoine antonella antonia antonietta antonino antonio araceli armando arnaud ashley
    assunta aurelie aurora barbara beatriz benito benjamin benoit bernadette bernard bernd betty birgit
    brenda brian brigitte bruna bruno camille carla carlo carlos carmela carmen carol caroline carolyn
    catalina caterina catherine cecile celine chantal charles charlotte chiara christa christel
    christelle christiane christine christoph christophe christopher cinzia claire claude claudia
    claudine claudio colette concetta consuelo corinne cosimo cristina cynthia daniel daniela daniele
    danielle dario david davide debora deborah debra delphine dennis didier diego dieter dirk domenica
    domenico dominique donald donatella doris dorothy edith edouard eduardo edward elena elfriede elisa
    elisabeth elisabetta elise elizabeth elke emanuela emilie emilio emily emma emmanuel encarnacion
    enrico enrique enzo eric erich erika ernesto ernst erwin esperanza esteban etienne eugenia eva
    evelyn fabio fabrice fabrizio federica federico felipe felix ferdinando fernando filippo filomena
    fiorella florence franca frances francesca francesco francisca francisco franco francois francoise
    franz frederic friedrich fritz gabriel gabriele gaetano gary genevieve gennaro georg george georges
    georgette gerald gerard gerardo gerda gerhard germaine gertrud giacomo giampiero gianfranco gianluca
    gianni gilbert gilles ginette gino giorgia giorgio giovanna giovanni gisela giulia giuliana giuliano
    giulio giuseppe giuseppina gloria gonzalo graziella gregorio gregory guadalupe gudrun guido
    guillaume guillermo gunter gunther gustavo guy hannelore hans harald harold hartmut heather hector
    heike heinrich heinz helen helene helga helmut henri henriette henry herbert hermann herve hildegard
    holger horst hugo hugues ignacio ilse ines inge ingeborg ingrid inmaculada irene irmgard isabel
    isabelle ismael ivana jack jacob jacqueline jacques jaime james jan janet janice jason javier jean
    jeanne jeannine jeffrey jennifer jens jerome jerry jessica jesus joachim joan joaquin jochen johann
    johanna johannes john jonathan jorg jorge jose josef josefa josefina joseph josette joshua josiane
    joyce juan juana judith julia julian julie julien juliette jurgen justin jutta karen karin karl
    karlheinz katharina kathleen katja katrin keith kelly kenneth kerstin kevin kimberly klaus kurt kyle
    larry laura lauren laurence laurent leonor lidia liliana linda lisa lorenzo lori lothar louis louise
    lourdes luc luca lucette lucia luciana luciano lucie lucien ludwig luigi luigia luis luisa lukas
    maddalena madeleine manfred manuel manuela marc marcel marcelle marcello marco marcos margaret
    margarete margarita margaux margherita margot margrit marguerite maria mariangela mariano marie
    marilyn marina mario marisa markus marta martha martin martina martine mary massimo mateo mathieu
    matilde matteo matthew matthias mattia maurice maurizio maxime megan melissa mercedes michael michel
    michele micheline michelle miguel milagros mireille mirella monika monique montserrat nadine nancy
    natalia nathalie nicholas nicola nicolas nicole nicoletta nina norbert nuria odette odile olivia
    olivier ornella oscar otto pablo paloma pamela paola paolo pascal pascale pasquale patricia patrick
    patrizia paul paulette pedro peter petra philip philippe piero pierre pierrette pietro pilar rachel
    rafael raffaele raffaella ralf ramon raquel raymond raymonde rebecca regine reinhard remy renata
    renate renato ricardo riccardo richard rita robert roberto rocco rodrigo roger roland rolf romano
    ronald rosa rosanna rosaria rosario rosemarie ruben rudolf ruth ryan sabine salvador salvatore
    samantha samuel sandra sandrine sandro santiago santina sara sarah scott sebastian sebastien serge
    sergio sharon shirley sigrid silke silvana silvia simona simone sofia solange sonja sophie stefan
    stefania stefanie stefano steffen stephane stephanie stephen steven susan susana susanne suzanne
    sven sylvain sylvie tanja teresa theresa therese theresia thibault thierry thomas thorsten timothy
    tiziana tomas tommaso torsten tyler ulrich ulrike umberto ursula ute uwe valentina valeria valerie
    veronique vicente victor vincent vincenza vincenzo virginie vito vittorio volker walter waltraud
    wayne werner wilhelm willi william wolfgang xavier yolanda yves yvette yvonne zachary
    """
)
PARTICLES = _listed(
    "al ben bin d da de del della den der di dos du e el i l la las le les los o van von y zu"
)
TITLES = _listed(
    "dott dr dssa frau fraulein herr herrn hr madame mlle mme mr mrs ms prof signor signora sra srta"
)

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
UID = re.compile(r"(?=.{16})\d+(?:\.\d+){5,}|2\.25\.\d{20,}")
SOCIAL_SECURITY = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}")  # of the USA: no check digit

DAY, MONTH, YEAR = "(?:0[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])", "(?:19|20)[0-9]{2}"
NAME_OF_MONTH = (
    r"(?:jan(?:uary?|v|vier)?|gen(?:naio)?|ene(?:ro)?|f[eé]vr?(?:ier)?|feb(?:ruary?|rero|braio)?|"
    r"m[aä]r(?:z|s|ch|zo)?|mrz|apr(?:ile?)?|a[vb]r(?:il)?|ma[iy]o?|mag(?:gio)?|jun(?:e|io?)?|juin|giu(?:gno)?|"
    r"jul(?:y|io?)?|juil(?:let)?|lug(?:lio)?|aug(?:ust)?|ao[uû]t|ago(?:sto)?|"
    r"sept?(?:ember|embre|iembre)?|set(?:tembre)?|"
    r"o[ck]t(?:ober|obre|ubre)?|ott(?:obre)?|nov(?:ember|embre|iembre)?|de[cz](?:ember)?|d[eé]c(?:embre)?|"
    r"dic(?:embre|iembre)?)"
)
UP_TO_31 = r"(?:0?[1-9]|[12]\d|3[01])"
DATE = re.compile(
    rf"(?:(?P<first>{YEAR})(?:{MONTH}{DAY}|(?P<mark>[-./]){UP_TO_31}(?P=mark){UP_TO_31})"
    rf"|(?:{DAY}{MONTH}(?=\d{{4}})|{UP_TO_31}(?P<between>[ ./-]) ?{UP_TO_31}(?P=between) ?"
    rf"|\d\d?[. -]*(?:de )?{NAME_OF_MONTH}[., -]*(?:de )?|{NAME_OF_MONTH}\.? \d\d?(?:st|nd|rd|th)?,? )"
    rf"(?P<last>{YEAR}|\d\d))"
    r"(?:[T ,]+\d\d?[:.h]\d\d.*|\d{6}(?:\.\d+)?)?",
    re.IGNORECASE,
)
CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d")  # as DICOM has it
PART_OF_DATE = re.compile(
    rf"\d\d?[./-] ?\d\d?[./-] ?\d\d|\b{YEAR}[/-]\d\d?\b|\b0\d[./-]{YEAR}|/{YEAR}"
    rf"|\d[. -]*(?:de )?\b{NAME_OF_MONTH}\b|\b{NAME_OF_MONTH}\b[. -]*\d",
    re.IGNORECASE,
)

DECIMAL = re.compile(r"[+-]?(?:\d{1,5}(?:[.,]0*)?|\d*[.,]\d*[1-9]\d*)(?:[eE][+-]?\d+)?")
# With a plus, an area code in brackets or after a 0, or as in the USA, Spain or France.
TELEPHONE = re.compile(
    r"(?:tel\w*|phone|mobil\w*|handy|fax)?[.: ]*"
    r"(?:(?:\+|00)[1-9][\d ()./-]{7,}|\(\+?0?\d{2,5}\)[\d ./-]{5,}|0\d[\d ()./-]{7,}"
    r"|\d{3}[-. ]\d{3}[-. ]\d{4}|[6-9]\d\d(?: \d\d){3}|[6-9]\d\d \d{3} \d{3})(?: ?(?:x|ext\.?|dw) ?\d+)?",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"(?:str\.|stra(?:ß|ss)e|weg|gasse|allee|platz|damm|ufer)\s+\d"
    r"|\b\d\w*,?\s+(?:(?:bis|ter),?\s+)?(?:rue|avenue|av\.|boulevard|bd|chemin|place|impasse|all[ée]e|route|"
    r"quai)\s"
    r"|\b(?:rue|avenue|boulevard|chemin|impasse|route|calle|c/|avda\.?|avenida|plaza|paseo|camino|carrer|ronda|"
    r"via|viale|piazza|corso|largo|vicolo|strada)\s+[^\d]+\d"
    r"|\b\d\w*\s+(?:[\w.'’]+\s+){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|blvd|boulevard|way|"
    r"court|ct|close|crescent|square|terrace)\b"
    r"|(?-i:\b\d{4,5}\s+[A-ZÀ-Ý][^\W\d]{3}|\b[A-Z]{2},?\s\d{5}\b|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b)",
    re.IGNORECASE,
)
RECORD = re.compile(
    rf"(?=(?:\D*\d){{{RECORD_DIGITS}}})(?=.*\d{{4}}|[\d/_-]+$)[A-Z\d]+(?:[-_/:# ][A-Z\d]+)*(?:\.0+)?",
    re.IGNORECASE,
)
FROM_NUMBER_ON = re.compile(r"[\s,;:*(/]*\d[\d\s./-]{5,}\)?$")  # a date or number after a name
NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\s,.^'’-]){1,60}")

PLAIN_NUMBER = (
    r"(?:(?:0|[1-9]\d?)(?:[.,]\d+)?|[1-9]\d{2,4}(?:[.,]\d{1,5})?|0\d{1,4}"
    r"|\d{1,2}[.,' ]\d{3}(?:[.,]\d\d?)?|[.,]\d+)"
)
POWER = r"(?:\^?\d|[²³⁹])"
UNIT = rf"(?:%|x ?10{POWER}|10(?:\^\d|[²³⁹])|[a-zß-öø-ÿµμ°]+{POWER}?|[A-Za-zµμ]{{1,3}}{POWER}?)"
QUANTITY = re.compile(
    rf"(?:ca\.?|circa|approx\.?|about|env\.?|etwa|[~≈<>≤≥=±]+)?\s*[+\-−±]?"
    rf"{PLAIN_NUMBER}(?:[eE][+\-−]?\d{{1,3}})?"
    rf"(?:\s*[?!*+]|\s*\(?{UNIT}(?:[/·*]{UNIT}){{0,2}}\.?\)?)?"
)
PAIR = re.compile(r"(?!0\d)\d{1,3}(?:[.,]\d\d?)?\s?[-–/+:]\s?(?!0\d)\d{1,3}(?:[.,]\d\d?)?\s?%?")
CODE = re.compile(r"[A-Za-zÀ-ÿ]{1,3}[ -]?\d{0,3}(?:[-/+](?:[A-Za-zÀ-ÿ]{1,3})?\d{0,3})?[?!*.]?")
SPREADSHEET_ERROR = re.compile(
    r"#(?:N/?[AVD]|DIV/0!|NULL!|¡?REF!|NAME\?|VALUE!|¡?NUM!|WERT!|BEZUG!|ZAHL!|NOM\?|VALEUR!|NOMBRE!|¡?VALOR!"
    r"|¿NOMBRE\?|NOME\?|VALORE!|RIF!)|Err:\d{3}",
    re.IGNORECASE,
)


def identifying_content(cells: pd.Series) -> str | None:
    """Return what identifies persons in a column, in words for a message; None if nothing seems to.

    `cells` is stripped text, "" where blank. Of very many different cells some are read, of long ones a part.
    """
    counts = Counter(cell[:LONGEST_READ] for cell in cells.tolist() if cell)
    read = dict(islice(counts.items(), 0, None, max(1, ceil(len(counts) / DISTINCT_READ))))
    filled = sum(read.values())
    found = {cell: n for cell, n in read.items() if not DECIMAL.fullmatch(cell)}

    def hold(those: Iterable[str], share: float = SHARE, fewest: int = 1, *, differing: bool = False) -> bool:
        """Whether such cells make up a share of the column, and if asked, differ as those of persons do."""
        these = list(those)
        n = sum(found[cell] for cell in these)
        least = min(NEARLY_ALL * n, PER_ROOT * sqrt(n)) if differing else 1
        return len(these) >= max(fewest, least) and n >= share * filled

    if hold(filter(EMAIL.search, found), STRONG_SHARE):
        return "e-mail addresses"
    if hold(filter(UID.fullmatch, found), STRONG_SHARE):
        return "DICOM UIDs"
    if hold(_insurance_numbers(found), STRONG_SHARE) or hold(filter(SOCIAL_SECURITY.fullmatch, found)):
        return "insurance or social security numbers"
    years = {cell: year for cell in found if (year := _year_of_date(cell)) is not None}
    if hold(years, fewest=FEWEST_SURE):
        return "birth dates" if _are_of_births(years.values()) else None
    others = [cell for cell in found if cell not in years]
    if hold(filter(TELEPHONE.fullmatch, others), fewest=FEWEST_SURE):
        return "telephone numbers"
    if hold(filter(ADDRESS.search, others), fewest=FEWEST, differing=True):
        return "postal addresses"
    records = list(filter(RECORD.fullmatch, others))
    if hold(records, fewest=FEWEST, differing=True) and not _are_measured(records):
        return "record numbers"
    if hold(filter(_is_of_person, others), NAMED_SHARE, FEWEST_SURE):
        return "names of persons"
    spelled = list(filter(_is_spelled_like_name, others))
    names = [cell for cell in spelled if not _is_medical(cell)]
    if len(names) > (1 - MEDICAL_SHARE) * len(spelled) and hold(names, fewest=FEWEST, differing=True):
        return "names of persons"
    texts = [cell for cell in others if len(re.findall(r"[^\W\d_]{2,}", cell)) >= WORDS_OF_TEXT]
    if hold(texts, TEXT_SHARE, FEWEST_SURE, differing=True):
        return "free text"
    return None


def is_showable(cell: str, known: Collection[str] = ()) -> bool:
    """Whether a cell does not identify a person, so that a message may show it.

    `known` are spellings that its column may have: what is near to one is shown. Of anything else only what
    is surely harmless is: short numbers with their units, short codes, answers such as "unknown".
    """
    if len(cell) > LONGEST_SHOWN or not _is_visible(cell):
        return False
    plain = _plain(cell)
    words = _words(plain)
    spellings = {_plain(spelling) for spelling in known}
    if plain in spellings:
        return True
    if PART_OF_DATE.search(cell) or "@" in cell or not GIVEN_NAMES.isdisjoint(words):
        return False
    if QUANTITY.fullmatch(cell) or SPREADSHEET_ERROR.fullmatch(cell):
        return True
    if sum(map(str.isdigit, cell)) > MOST_DIGITS:
        return False
    if not words or PAIR.fullmatch(cell) or CODE.fullmatch(cell):
        return True
    if get_close_matches(plain, spellings, 1, NEAR) or "".join(words) in ANSWERS:
        return True
    safe = ANSWERS | MEDICAL | {word for spelling in spellings for word in _words(spelling)}
    texts = [word for word in words if not word.isdigit()]
    medical = bool(texts) and all(word in safe or MEDICAL_PART.search(word) for word in texts)
    return medical and len(cell.split()) <= MOST_WORDS


def _plain(text: str) -> str:
    """Return a text in lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _words(plain: str) -> list[str]:
    return re.findall(r"\d+|[^\W\d_]+", plain)


def _is_visible(cell: str) -> bool:
    """Whether there is no character that controls what is shown: line breaks, or those that reverse it."""
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in cell)


def _is_medical(text: str) -> bool:
    """Whether a text has a medical word, or one of an answer to a question, that is not rather an initial."""
    plain = _plain(text)
    words = {word for word in _words(plain) if len(word) > 2}
    return bool(words & ANSWERS or words & MEDICAL) or MEDICAL_PART.search(plain) is not None


def _year_of_date(cell: str) -> int | None:
    """Return the year of a cell that is a date, with or without a time; None of any other."""
    date = DATE.fullmatch(cell)
    if date is None:
        return None
    year = date["first"] or date["last"]
    if len(year) == 4:
        return int(year)
    return int(year) + (2000 if int(year) <= CENTURY else 1900)


def _are_of_births(years: Iterable[int]) -> bool:
    """Whether at least two years of dates are those of births, by how old and how far apart they are."""
    tenths = quantiles(years, n=10, method="inclusive")
    return tenths[4] < BEFORE_MRI or tenths[-1] - tenths[0] >= YEARS_APART


def _are_measured(numbers: Collection[str]) -> bool:
    """Whether long numbers are rather rounded values, or times of a day."""
    whole = [number.split(".")[0] for number in numbers]
    rounded = sum(number.isdigit() and number.endswith("0") for number in whole)
    return rounded >= ROUND_SHARE * len(whole) or all(map(CLOCK.fullmatch, whole))


def _is_of_person(cell: str) -> bool:
    """Whether a few words have a common given name, a title, or the mark between names in DICOM."""
    name = FROM_NUMBER_ON.sub("", cell)
    if NAME.fullmatch(name) is None:
        return False
    words = _words(_plain(name))
    if "^" in name or not GIVEN_NAMES.isdisjoint(words):
        return True
    titled = words[0] in TITLES and not name.startswith(("MR", "MS", "DR"))  # MR is magnetic resonance, too
    return titled and len(words) > 1 and not _is_medical(name)


def _is_spelled_like_name(cell: str) -> bool:
    """Whether a cell has one to four capitalized words, besides titles and such as "von"."""
    name = FROM_NUMBER_ON.sub("", cell)
    if NAME.fullmatch(name) is None:
        return False
    words = [word for word in re.split(r"[\s,.^'’-]+", name) if _plain(word) not in PARTICLES | TITLES | {""}]
    if len(words) == 1 and words[0].isupper() and len(words[0]) <= 3:  # rather an abbreviation
        return False
    letters = sum(map(len, words))
    return 1 <= len(words) <= MOST_WORDS and letters > 2 and all(word[0].isupper() for word in words)


def _insurance_numbers(cells: Iterable[str]) -> list[str]:
    """Return the cells with insurance or identity numbers of five countries whose check digits are right.

    Those of a country count if many that look like them are right: not by chance.
    """
    compact = {cell: re.sub(r"[ ./-]", "", cell).upper() for cell in cells if INSURANCE.fullmatch(cell)}
    right = []
    for pattern, check in CHECKS:
        alike = [cell for cell, number in compact.items() if pattern.fullmatch(number)]
        passed = [cell for cell in alike if check(compact[cell])]
        if len(passed) >= max(FEWEST_CHECKED, CHECKED_SHARE * len(alike)):
            right += passed
    return right


def _digit_sums(digits: Iterable[int], weights: Iterable[int]) -> int:
    products = [digit * weight for digit, weight in zip(digits, weights, strict=False)]
    return sum(product // 10 + product % 10 for product in products)


def _with_place(text: str) -> list[int]:
    """Return the digits of a number with a letter, which counts as its place in the alphabet, 01 to 26."""
    return [int(digit) for c in text for digit in (c if c.isdigit() else f"{ord(c) - ord('A') + 1:02d}")]


def is_kvnr(number: str) -> bool:
    """Whether the check digit of a German health insurance number (X123456789) is right."""
    return _digit_sums(_with_place(number[:-1]), [1, 2] * 5) % 10 == int(number[-1])


def is_rvnr(number: str) -> bool:
    """Whether the check digit of a German pension insurance number (12345678X123) is right."""
    return _digit_sums(_with_place(number[:-1]), (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)) % 10 == int(number[-1])


def is_nhs(number: str) -> bool:
    """Whether the check digit of an English NHS number (10 digits) is right."""
    return sum(int(digit) * weight for digit, weight in zip(number, range(10, 0, -1), strict=True)) % 11 == 0


def is_ahv(number: str) -> bool:
    """Whether the check digit of a Swiss social security number (13 digits) is right."""
    return sum(int(digit) * weight for digit, weight in zip(number, [1, 3] * 6 + [1], strict=True)) % 10 == 0


def is_nir(number: str) -> bool:
    """Whether the key of a French social security number (15 digits, 2A or 2B for Corsica) is right."""
    digits = number.replace("2A", "19").replace("2B", "18")
    return (int(digits[:-2]) + int(digits[-2:])) % 97 == 0 and 1 <= int(digits[-2:]) <= 97


def is_codice_fiscale(code: str) -> bool:
    """Whether the last letter of an Italian tax code (16 characters) is right."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    places = [int(c) if c.isdigit() else ord(c) - ord("A") for c in code[:-1]]
    total = sum(odd[place] if n % 2 == 0 else place for n, place in enumerate(places))
    return total % 26 == ord(code[-1]) - ord("A")


def is_dni(number: str) -> bool:
    """Whether the letter of a Spanish identity number (12345678X, or X1234567X) is right."""
    digits = str("XYZ".index(number[0])) + number[1:-1] if number[0] in "XYZ" else number[:-1]
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == number[-1]


INSURANCE = re.compile(r"(?:[A-Z\d][ ./-]?){8,15}[A-Z\d]", re.IGNORECASE | re.ASCII)
CHECKS: list[tuple[re.Pattern[str], Callable[[str], bool]]] = [
    (re.compile(r"[A-Z]\d{9}"), is_kvnr),
    (re.compile(r"\d\d[0-9]{2}[01]\d{3}[A-Z]\d{3}"), is_rvnr),
    (re.compile(r"\d{10}"), is_nhs),
    (re.compile(r"756\d{10}"), is_ahv),
    (re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{8}"), is_nir),
    (re.compile(r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]"), is_codice_fiscale),
    (re.compile(r"[\dXYZ]\d{7}[A-Z]"), is_dni),
]
