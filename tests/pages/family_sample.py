"""What the sample's family has answered: a paper with its scan, a court's limit, and a certificate of removal."""

import io
from datetime import datetime, timedelta

from PIL import Image

from cloud.consents.answering import note_paper
from cloud.consents.scans import checked_scan
from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.people.consents import Answer
from cloud.people.family import note_limit
from cloud.people.kinds import FamilyRight, Purpose, Says, Way
from tests.pages import own_sample

_ERASURE = """
INSERT INTO erasure (school_id, person_id, begun_at, done_at) SELECT school_id, id, $2, $2 FROM person WHERE id = $1
RETURNING id
"""


async def write(services: Services, child_id: int, absent_id: int, now: datetime) -> int:
    """Write the papers of a child and the limit of another one's father, and return the scan's id."""
    office, pool = Actor.system("sample"), services.database.pool
    paper = io.BytesIO()
    Image.new("RGB", (300, 400), "#fff").save(paper, "JPEG")
    given = Answer(
        person_id=child_id, purpose=Purpose.RESOURCE, says=Says.YES, on=now.date() - timedelta(days=2), way=Way.PAPER,
        source="14-өтініш",
    )  # fmt: skip
    await note_paper(services, office, given, await checked_scan(paper.getvalue()))
    father_id = await pool.fetchval("SELECT id FROM guardian WHERE ref = '000000father'")
    await note_limit(services, office, father_id, absent_id, [FamilyRight.CONSENT], "сот шешімі 5")
    erasure_id = await pool.fetchval(_ERASURE, child_id, now)
    for step, count in (("photo", 1), ("contacts", 2)):
        await pool.execute(
            "INSERT INTO erasure_step (erasure_id, step, count, done_at) VALUES ($1, $2, $3, $4)",
            erasure_id, step, count, now,
        )  # fmt: skip
    await own_sample.write(services, child_id)
    return int(await pool.fetchval("SELECT max(id) FROM consent_scan"))
