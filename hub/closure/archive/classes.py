"""Whose a record is, and to which class of retention it belongs: each pair of the two has a key of its own."""

from __future__ import annotations

from collections.abc import Mapping

CLASSES: Mapping[str, str] = {
    "customer": "master",
    "contact": "master",
    "product": "goods",
    "deal": "sales",
    "contract": "contracts",
    "order": "commercial",
    "invoice": "accounting",
    "payment": "accounting",
    "message": "correspondence",
    "ticket": "correspondence",
}
CONTROL = ("", "control")  # whose the archive's own figures and journal are: the line's itself


def class_of(model: str) -> str:
    """The retention class of a model's records."""
    return CLASSES[model]


def customer_of(id: str, model: str, customer: str | None) -> str:
    """The golden id of the customer a record is about; one that is about none stands for itself, goods for the line."""
    if model == "product":
        return ""
    return id if model == "customer" or not customer else customer
