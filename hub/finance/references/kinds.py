"""Which kinds of structured reference a text is, and whether it means to be one at all."""

from __future__ import annotations

import re
from functools import partial

from hub.finance.references.checksums import KidAlgorithm, is_kid, is_ocr, is_ogm, is_qrr, is_rf, is_viite

_IGNORED = str.maketrans("", "", " \t\r\n\u00a0/+*")  # OGM is also written ***ddd/dddd/ddddd***
_RF = re.compile(r"RF[0-9]{2}[0-9A-Z]+")
_CHECK_DASH = re.compile(r"[0-9]+-")


def bare(text: str) -> str:
    """Write a reference as it is compared: in capitals, without spaces, slashes, plus signs and asterisks."""
    return text.upper() if text.isalnum() else text.translate(_IGNORED).upper()


def kinds(reference: str, kid: KidAlgorithm | None = None) -> tuple[str, ...]:
    """The kinds whose checksum the bare reference passes.

    Plain digits could be of several countries. A company that says which KID it uses prints KIDs, so then nothing
    else with so few digits counts: the Swedish MOD 10 would let in what its MOD 11 refuses.
    """
    if reference.startswith("RF"):
        return ("rf",) if is_rf(reference) else ()
    found = [("qrr", is_qrr)]
    if kid is not None:
        found.append(("kid", partial(is_kid, algorithm=kid)))
    else:
        found += [("ogm", is_ogm), ("viite", is_viite), ("ocr", is_ocr)]
        if _CHECK_DASH.fullmatch(reference):
            found.append(("kid", partial(is_kid, algorithm="mod11")))
    return tuple(name for name, passes in found if passes(reference))


def looks_structured(text: str) -> bool:
    """Whether the text can only mean a structured reference, so that a wrong checksum is a slip and no other number."""
    if text[:1].isalpha() and text[0] not in "Rr":  # as most numbers begin
        return False
    reference = bare(text)
    if reference.startswith("RF"):
        return _RF.fullmatch(reference) is not None
    if not reference[:-1].isdigit():
        return False
    if reference[-1] == "-":
        return True
    return reference[-1].isdigit() and (len(reference) == 27 or text.count("+") >= 4 or text.count("*") >= 4)
