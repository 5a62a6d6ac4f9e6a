"""Headings that tell of a column that identifies a person, in five languages; labels that name a reader."""

import re
import unicodedata

# Without accents, in lower case; singular, since a heading is. Left out are words that mean something else
# in a study of bones: IPP (a proton pump inhibitor), PT, CP, CF, NAC, fall, nie, mobile.
TERMS = {
    "English": (
        "name, surname, forename, firstname, lastname, fullname, initials, dob, d o b, yob, birthdate, "
        "birthday, birthyear, birth date, birth day, birth year, birth month, birth dt, of birth, born on, "
        "bday, mrn, accession number, accession no, instance uid, epic id, date of death, "
        "mr number, mr no, mrnumber, medical record, record number, record no, record id, hospital number, "
        "hospital no, chart number, chart no, unit number, ssn, social security, nhs number, nhs no, "
        "national id, passport, account number, sub id, subid, insurance number, insurance no, insurance id, "
        "insurance policy, insurance company, insurance provider, health insurance, health plan, "
        "policy number, phone, telephone, mobile number, fax, email, e mail, mail, address, street, "
        "postcode, zip"
    ),
    "German": (
        "namen, nachname, vorname, familienname, geburtsname, patientenname, initialen, geb, geburtsdatum, "
        "geburtsdat, todesdatum, auftragsnummer, rontgennummer, fallkennung, "
        "geburtstag, geburtsjahr, geburtsort, der geburt, geboren, jahrgang, gebdatum, gebdat, gebjahr, "
        "adresse, anschrift, wohnort, strasse, plz, postleitzahl, telefon, telefonnummer, telefonnr, tel, "
        "handy, handynummer, mobilnummer, aktenzeichen, aktennummer, aktennr, krankenakte, fall nr, fallnr, "
        "fall nummer, fallnummer, fall id, fallid, aufnahmenummer, aufnahmenr, aufnahme nr, versicherung, "
        "versicherungsnummer, versicherungsnr, versicherungs nr, versicherter, versichertennummer, "
        "versichertennr, versicherten nr, versicherten id, krankenversicherung, krankenversicherungsnummer, "
        "krankenversichertennummer, krankenkasse, kasse, kvnr, kv nr, sozialversicherung, "
        "sozialversicherungsnummer, svnr, sv nr, ahv, ahvnr, reisepass, ausweis, personalausweis"
    ),
    "French": (
        "nom, prenom, initiales, naissance, naiss, ddn, ne le, nee le, ne e le, courriel, dossier, no ipp, "
        "num ipp, numero ipp, nip, nda, nir, securite sociale, num secu, no secu, no ss, carte vitale, "
        "assurance maladie, no assurance, numero assurance, d assure, mutuelle, rue, code postal, passeport"
    ),
    "Spanish": (
        "nombre, apellido, apellidos, iniciales, nacimiento, fecha nac, fec nac, f nac, fnac, direccion, "
        "domicilio, calle, codigo postal, telefono, telf, tfno, correo, dni, nif, nss, nhc, no hc, "
        "num hc, nro hc, cip, curp, cedula, historia clinica, no historia, num historia, numero historia, "
        "seguridad social, tarjeta sanitaria, seguro medico, seguro social, num seguro, aseguradora, "
        "afiliacion, pasaporte"
    ),
    "Italian": (
        "nome, cognome, iniziali, nascita, data nasc, nato il, nata il, indirizzo, cellulare, "
        "codice fiscale, cod fiscale, cod fisc, cartella clinica, num cartella, no cartella, nosologico, "
        "tessera sanitaria, assicurazione, posta elettronica, passaporto"
    ),
}
# These identify as the whole heading only: "patient age" and "site id" do not.
ALONE = (
    "id, ids, id no, id nr, id number, id nummer, id code, pid, ident, identifier, identifiant, "
    "identificador, identificativo, kennung, patient, patientin, patient in, pat, paciente, paziente, "
    "subject, participant, proband, case no, pt no, birth, geburt, insurance"
)
NUMBER = "ids?|ident|identifier|nr|nro|num|number|numero|nummer|code|codigo|codice|key|kennung"
PERSON = "patient(?:en|in)?|pat|paciente|paziente|subject|participant|proband(?:en)?|sujet|sujeto|soggetto"
NUMBER_OF_PERSON = (
    rf"(?:{PERSON}|subj|pt|pac|paz|case|caso|cas) ?(?:{NUMBER})",
    rf"(?:{PERSON}) ?no",
    # Not "number", nor the plural: "number of patients" is a count.
    r"(?:id|ident|identifiant|nr|no|nro|num|numero|code|codigo|codice)(?: del?| du| d)? ?"
    r"(?:patient|pat|paciente|paziente|paz|subject|sujet|sujeto|soggetto|caso|cas)",
)
IDENTIFYING = re.compile(
    rf"\b(?:{'|'.join([*', '.join(TERMS.values()).split(', '), *NUMBER_OF_PERSON])})\b"
    rf"|^(?:{ALONE.replace(', ', '|')})$"
)
# "Geburts-Datum" is "Geburtsdatum", however it is split.
JOINED_TERMS = {term.replace(" ", "") for term in ", ".join(TERMS.values()).split(", ") if len(term) > 5}
NAMED_THING = re.compile(
    r"\b(?:brand|center|centre|cohort|department|device|drug|event|form|hospital|institution|"
    r"instrument|label|level|manufacturer|medication|model|protocol|region|roi|scanner|segment|sequence|"
    r"series|site|vendor) name\b"
)
COUNTED = re.compile(r"\bnombre (?:de|d|des)\b")  # a number in French, where Spanish has a name
READER = (
    "reader|rater|observer|radiologist|judge|assessor|examiner|untersucher|befunder|leser|auswerter|lecteur|"
    "observateur|lector|observador|lettore|osservatore"
)


def looks_identifying(heading: str) -> bool:
    """Whether a heading has, as whole words, a name for something that identifies a person.

    Case, accents, punctuation, digits and the joints of camelCase do not matter. Names and ids of sites,
    scanners or images are not a person's.
    """
    words = COUNTED.sub(" ", NAMED_THING.sub(" ", _words(heading)))
    return IDENTIFYING.search(words) is not None or words.replace(" ", "") in JOINED_TERMS


def names_reader(heading: str) -> bool:
    """Whether a heading has a word for the one who reads images."""
    return re.search(rf"\b(?:{READER})\b", _words(heading)) is not None


def is_code(label: str) -> bool:
    """Whether a reader's label, as in column names, tells no name: a, r1, 12, reader_2, observer_a."""
    return re.fullmatch(rf"[a-z]?\d{{1,3}}|[a-z]|(?:{READER})_?(?:[a-z]|\d{{1,3}})", label) is not None


def _words(heading: str) -> str:
    """Return a heading's words in lower case, without accents, punctuation and digits."""
    spelled = re.sub(r"\b[Nn]\.?\s?[°º]", "no ", re.sub(r"['’]s\b", "", heading))
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", spelled)
    plain = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_\d]+", " ", plain.casefold()).split())
