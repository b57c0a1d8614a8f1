"""A tool's courses: a resource opened with one class, and who is in it (Names and Role Provisioning Services 2.0)."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cloud.core.services import Services
from cloud.resources.members import MemberRole, students_of
from cloud.signon.errors import Declined
from cloud.signon.launch_claims import PERSONAL, ROLES, context_of
from cloud.signon.scopes import CLASS, claims_of
from cloud.signon.subjects import subjects_for, teachers_met
from cloud.signon.tools import Tool

ID = re.compile(r"(\d{1,15})-(\d{1,15})")
_FOUND = """
SELECT resource.title, grade || letter AS class_name FROM resource
JOIN school_class c ON c.id = $3 AND c.school_id = resource.school_id AND c.is_active
WHERE resource.id = $1 AND tool_id = $2 AND published_at IS NOT NULL AND retired_at IS NULL AND EXISTS (
    SELECT FROM resource_audience a WHERE a.resource_id = resource.id AND (a.grade = c.grade OR school_class_id = c.id))
"""


@dataclass(frozen=True, slots=True)
class Context:
    """A resource opened with a class, as one tool knows it."""

    resource_id: int
    class_id: int
    title: str
    class_name: str

    @property
    def id(self) -> str:
        return context_of(self.resource_id, self.class_id)


async def context_for(services: Services, tool: Tool, text: str) -> Context:
    """Return a course of a tool's own. Raises Declined for any other."""
    match = ID.fullmatch(text)
    resource_id, class_id = (int(match[1]), int(match[2])) if match else (0, 0)
    row = await services.database.pool.fetchrow(_FOUND, resource_id, tool.id, class_id)
    if row is None:
        raise Declined("not_found", "no course of this tool", HTTPStatus.NOT_FOUND)
    return Context(resource_id, class_id, row["title"], row["class_name"])


async def members_of(services: Services, tool: Tool, context: Context, address: str) -> dict[str, Any]:
    """Return the membership container: the class, and those teachers that the tool has met."""
    students = await students_of(services, context.class_id)
    known = await subjects_for(services, tool.key, [student.key for student in students])
    listed: list[dict[str, Any]] = []
    for student in students:
        told = claims_of(student, tool.scopes)
        personal = {name: told[name] for name in PERSONAL if name in told}
        role = ROLES[MemberRole.STUDENT][0]
        listed.append({"status": "Active", "user_id": known[student.key], "roles": [role], **personal})
    teachers = await teachers_met(services, tool.key)
    listed += [
        {"status": "Active", "user_id": subject, "roles": [ROLES[MemberRole.TEACHER][0]]}
        for subject in teachers.values()
    ]
    about = {"id": context.id, "title": context.title}
    if CLASS in tool.scopes:
        about["label"] = context.class_name
    return {"id": address, "context": about, "members": listed}
