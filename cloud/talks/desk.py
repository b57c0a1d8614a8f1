"""All chats of a school, or of the own classes, as who moderates sees them: which there are and how lively they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.kinds import Kind

CHATS_MAX = 500
_CHATS = """
SELECT talk.id, talk.kind, talk.year, concat_ws(', ', grade || letter, nullif(group_name, '')) AS class_name,
  coalesce(taught.name_kk, '') AS name_kk, coalesce(taught.name_ru, '') AS name_ru,
  coalesce(taught.name_en, '') AS name_en, last_at, closed_at, is_read_only,
  (SELECT count(*) FROM talk_post WHERE talk_id = talk.id) AS posts
FROM talk JOIN school ON school.id = talk.school_id LEFT JOIN school_class ON school_class.id = talk.school_class_id
LEFT JOIN course ON course.id = talk.course_id LEFT JOIN school_subject AS taught ON taught.id = course.subject_id
WHERE talk.school_id = $1 AND talk.kind <> 'topic' AND ($2 OR talk.school_class_id = ANY($3::bigint[])
  AND talk.year = extract(year FROM ($4::timestamptz AT TIME ZONE zone) - interval '7 months'))
ORDER BY talk.year DESC, grade, letter, talk.kind, talk.id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat in the list of who moderates; the names of its subject by language, empty for a class's."""

    id: int
    kind: Kind
    year: int
    class_name: str
    names: Mapping[str, str]
    last_at: datetime
    closed_at: datetime | None
    is_read_only: bool
    posts: int

    def name(self, language: str) -> str:
        """Return what it is called in a language."""
        subject = self.names[language]
        return f"{subject}, {self.class_name}" if subject else self.class_name


async def chats_at(services: Services, actor: Actor, school_id: int) -> list[Chat]:
    """Return the chats that the actor moderates, of earlier years too for who moderates the school; maybe none."""
    everywhere = actor.can(Right.TALKS_MODERATE, school_id)
    classes = sorted(actor.classes(Right.TALKS_MODERATE, school_id))
    if not everywhere and not classes:
        return []
    rows = await services.database.pool.fetch(
        _CHATS, school_id, everywhere, classes, services.clock.now(), CHATS_MAX
    )  # fmt: skip
    return [
        Chat(
            row["id"], Kind(row["kind"]), row["year"], row["class_name"],
            {each: row[f"name_{each}"] for each in ("kk", "ru", "en")}, row["last_at"], row["closed_at"],
            row["is_read_only"], row["posts"],
        )
        for row in rows
    ]  # fmt: skip
