"""Headings that tell of a column that identifies a person, in five languages."""

import re
import unicodedata

# Without accents, in lower case; singular, since a heading is.
TERMS = {
    "English": (
        "name, surname, forename, firstname, lastname, fullname, initials, dob, birthdate, birthday, "
        "birth date, of birth, mrn, record number, record no, hospital number, ssn, social security, "
        "nhs number, insurance number, phone, telephone, mobile number, fax, email, e mail, mail, address, "
        "street, postcode, zip"
    ),
    "German": (
        "nachname, vorname, familienname, geburtsname, geburtsdatum, geburtstag, geb datum, gebdatum, "
        "adresse, anschrift, strasse, plz, postleitzahl, telefon, telefonnummer, handy, handynummer, "
        "patientennummer, fallnummer, aktenzeichen, versichertennummer, krankenversicherungsnummer, "
        "sozialversicherungsnummer"
    ),
    "French": "nom, prenom, naissance, courriel, dossier, nir, securite sociale",
    "Spanish": (
        "nombre, apellido, apellidos, nacimiento, direccion, domicilio, telefono, correo, dni, nss, nhc, "
        "historia clinica, seguridad social"
    ),
    "Italian": (
        "nome, cognome, nascita, indirizzo, cellulare, codice fiscale, cartella clinica, posta elettronica"
    ),
}
IDENTIFYING = re.compile(rf"\b(?:{'|'.join(', '.join(TERMS.values()).split(', '))})\b")


def looks_identifying(heading: str) -> bool:
    """Whether a heading has, as whole words, a name for something that identifies a person.

    Case, accents, punctuation, digits and the joints of camelCase do not matter.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    plain = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    words = re.sub(r"[\W_\d]+", " ", plain.casefold())
    return IDENTIFYING.search(words) is not None
