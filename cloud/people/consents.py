"""The question whether somebody has consented, as a part of a statement that has the table `person`."""

from cloud.people.kinds import Purpose


def consented_to(purpose: Purpose) -> str:
    """Return the condition; a consent holds until it is withdrawn, and is never noted ahead of its day."""
    return (
        f"EXISTS (SELECT FROM consent WHERE consent.person_id = person.id AND purpose = '{purpose.value}'"
        " AND withdrawn_on IS NULL)"
    )
