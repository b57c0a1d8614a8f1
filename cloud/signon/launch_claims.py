"""What a launch tells a tool (LTI 1.3 Core, LTI Advantage): pure, from what was looked up."""

from dataclasses import dataclass
from typing import Any

from cloud.resources.members import Member, MemberRole
from cloud.resources.queries import Resource
from cloud.signon.scopes import CLASS, claims_of, tellable
from cloud.signon.tools import GRADES, MEMBERS, Tool

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
ROLES = {
    MemberRole.STUDENT: (f"{VOCABULARY}membership#Learner", f"{VOCABULARY}institution/person#Student"),
    MemberRole.TEACHER: (f"{VOCABULARY}membership#Instructor", f"{VOCABULARY}institution/person#Instructor"),
}
LINES, LINES_READ = f"{AGS}scope/lineitem", f"{AGS}scope/lineitem.readonly"
RESULTS, SCORES = f"{AGS}scope/result.readonly", f"{AGS}scope/score"
MEMBERS_READ = f"{NRPS}scope/contextmembership.readonly"
SCOPES_OF = {GRADES: (LINES, LINES_READ, RESULTS, SCORES), MEMBERS: (MEMBERS_READ,)}
LASTS_S = 300
PERSONAL = ("name", "given_name", "family_name")


@dataclass(frozen=True, slots=True)
class Launched:
    """Who opens what, by which tool, with which class."""

    issuer: str
    tool: Tool
    resource: Resource
    member: Member
    class_id: int
    class_name: str
    school_name: str
    subject: str
    nonce: str

    @property
    def context(self) -> str:
        return context_of(self.resource.id, self.class_id)


def context_of(resource_id: int, class_id: int) -> str:
    """Return how a tool knows a resource opened with a class: its course."""
    return f"{resource_id}-{class_id}"


def claims_of_launch(launched: Launched, now_s: int) -> dict[str, Any]:
    """Return the claims of the launch's message."""
    tool, resource = launched.tool, launched.resource
    told = claims_of(launched.member, tool.scopes)
    claims: dict[str, Any] = {
        "iss": launched.issuer, "sub": launched.subject, "aud": tool.client_id, "azp": tool.client_id,
        "iat": now_s, "exp": now_s + LASTS_S, "nonce": launched.nonce,
        **{name: told[name] for name in PERSONAL if name in told},
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": tool.deployment_id,
        f"{CLAIM}target_link_uri": resource.address,
        f"{CLAIM}resource_link": {"id": str(resource.id), "title": resource.title},
        f"{CLAIM}roles": list(ROLES[launched.member.role]),
        f"{CLAIM}context": _context(launched),
        f"{CLAIM}tool_platform": {
            "guid": launched.issuer.partition("://")[2], "product_family_code": "esik", "name": launched.school_name,
        },
        f"{CLAIM}launch_presentation": {
            "document_target": "window", "locale": resource.language, "return_url": f"{launched.issuer}/resources",
        },
    }  # fmt: skip
    return claims | _services(launched)


def _context(launched: Launched) -> dict[str, Any]:
    """Return the course; the class's name only where the school lets it be known."""
    context: dict[str, Any] = {"id": launched.context, "type": [f"{VOCABULARY}course#CourseSection"]}
    name = launched.resource.title
    if CLASS in tellable(launched.member, launched.tool.scopes):
        name = f"{name}, {launched.class_name}"
        context["label"] = launched.class_name
    return {**context, "title": name}


def _services(launched: Launched) -> dict[str, Any]:
    here, claims = f"{launched.issuer}/lti/contexts/{launched.context}", {}
    if GRADES in launched.tool.services:
        claims[f"{AGS}claim/endpoint"] = {
            "scope": list(SCOPES_OF[GRADES]), "lineitems": f"{here}/lines", "lineitem": f"{here}/lines/first",
        }  # fmt: skip
    if MEMBERS in launched.tool.services:
        claims[f"{NRPS}claim/namesroleservice"] = {
            "context_memberships_url": f"{here}/members", "service_versions": ["2.0"],
        }  # fmt: skip
    return claims
