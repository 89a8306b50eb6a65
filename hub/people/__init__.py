"""People who sign: their passwords, their tokens, and the roles they hold for a business line."""

from hub.people.credentials import authenticate, by_token, issue, revoke_tokens, set_password
from hub.people.people import Person, add, people, person, remove
from hub.people.roles import ROLES, Role, grant, holds, revoke, roles

__all__ = [
    "ROLES",
    "Person",
    "Role",
    "add",
    "authenticate",
    "by_token",
    "grant",
    "holds",
    "issue",
    "people",
    "person",
    "remove",
    "revoke",
    "revoke_tokens",
    "roles",
    "set_password",
]
