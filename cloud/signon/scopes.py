"""What a client or tool may be told of somebody: what it asks for, what the school lets it know, what is consented to.

Rule: of a student without a consent on record nothing leaves but a pseudonym and that it is a student.
"""

from collections.abc import Iterable

from cloud.core.i18n import N_
from cloud.resources.members import Member, MemberRole

OPENID, OFFLINE = "openid", "offline_access"
PROFILE, CLASS, ROLE = "profile", "class", "role"
SCOPES = {PROFILE: N_("name"), CLASS: N_("class"), ROLE: N_("whether a student or a teacher")}
NAMING = frozenset({PROFILE, CLASS})  # tell who somebody is
CLAIMS = ("sub", "name", "given_name", "family_name", "class_name", "grade", "role")


def allowed(asked: Iterable[str], let: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that are granted: those of the protocol, and of the others what the school lets it know."""
    mine = set(asked)
    known = [each for each in SCOPES if each in mine and each in set(let)]
    return (OPENID, *known, *([OFFLINE] if OFFLINE in mine else []))


def tellable(member: Member, scopes: Iterable[str]) -> tuple[str, ...]:
    """Return which of the scopes may be told of somebody today."""
    return tuple(each for each in scopes if each in SCOPES and (member.may_be_named or each not in NAMING))


def claims_of(member: Member, scopes: Iterable[str]) -> dict[str, object]:
    """Return what is told of somebody, but for the subject."""
    told = tellable(member, scopes)
    claims: dict[str, object] = {}
    if PROFILE in told:
        claims["name"] = member.name
        if member.given_name:
            claims |= {"given_name": member.given_name, "family_name": member.surname}
    if CLASS in told and member.role is MemberRole.STUDENT and member.class_name:
        claims |= {"class_name": member.class_name, "grade": member.grade}
    if ROLE in told:
        claims["role"] = member.role.value
    return claims
