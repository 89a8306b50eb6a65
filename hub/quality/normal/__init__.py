"""Forms of names, addresses, phones and e-mails that make equal things equal; for matching alone.

What is made here is never stored as a value and never written to a system: a source's own words stay as they are.
Every function is pure; `each` runs one over a whole column and looks at each distinct text once.
"""

from hub.quality.normal.address import Street, city, postal_code, street
from hub.quality.normal.column import each
from hub.quality.normal.company import Name, company_name
from hub.quality.normal.contact import Email, email, phone
from hub.quality.normal.person import Person, person_name
from hub.quality.normal.text import fold, simplified, tokens

__all__ = [
    "Email",
    "Name",
    "Person",
    "Street",
    "city",
    "company_name",
    "each",
    "email",
    "fold",
    "person_name",
    "phone",
    "postal_code",
    "simplified",
    "street",
    "tokens",
]
