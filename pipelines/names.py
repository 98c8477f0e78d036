"""The words of practices' names: how names are compared, and which of them say enough to mean somebody."""

from __future__ import annotations

import re
import unicodedata

_COMMON_WORDS = """
a advanced aesthetic all american an and associates at best bright care center central centre centro children
childrens city clinic clinica clinics comfort community complete cosmetic creative de dental dentist dentistry
dentists doctor doctors dr east elite emergency express familia family first for friendly general gentle great group
happy health healthcare implant implants in international kids local main medica medical medicine medicines medico
modern my national natural new north of office oral orthodontics our paediatric park pediatric pediatrics perfect
physicians plus practice practices premier premium primary professional quality s saint salud smile smiles south
specialists st street studio surgery surgical teeth the tooth total town urgent village walk welcome wellness west
white women womens your zahnarzt zahnarztpraxis praxis cabinet dentaire dentiste medecin clinique odontologia dentista
"""
_COMMON = frozenset(_COMMON_WORDS.split())
# Trade and kind of house in scripts that put no space between words; what is left of a name must say something.
_COMMON_UNSPACED = re.compile("歯科|齒科|牙科|医院|醫院|診所|诊所|クリニック|医療|家庭|คลินิก|ทันตกรรม|โรงพยาบาล")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ′`´＇ʹ", "'"))
# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "&": " and "})
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic. Signs of other scripts make another word.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u064b-\u065f\u0670]")


def distinctive(name: str, town: str = "") -> bool:
    """Say whether a folded name can be trusted to mean somebody: two words or more, one of them neither common nor
    of its town's name. In a script without spaces: two signs or more beside the words of the trade."""
    if UNSPACED.search(name):
        return len(_COMMON_UNSPACED.sub("", name).replace(" ", "")) >= 2 and len(name) >= 4
    return len([part for part in name.split() if part != "s"]) >= 2 and uncommon(name, town) >= 1


def folded(text: str) -> str:
    """Return the words of a text in lower case without accents, with one space between them.

    An apostrophe joins ("O'Brien"), but the s of a possessive is a word of its own ("Dental's": dental s).
    """
    # Some letters in a mathematical alphabet only have a lower case once they are taken apart.
    plain = unicodedata.normalize("NFKD", text.translate(APOSTROPHES)).casefold().translate(_LETTERS)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain).translate(APOSTROPHES))
    parted = re.sub(r"'s(?!\w)", " s", bare).replace("'", "")
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in parted)
    return " ".join(kept.split())


def uncommon(name: str, town: str) -> int:
    of_town = set(town.split())
    return sum(part not in _COMMON and part not in of_town and not part.isdecimal() for part in name.split())
