"""An agent that enrols refuses addresses that nobody can ask; the rest is tested at the real cloud."""

from pathlib import Path
from random import Random

import pytest

from edge_agent.clock import SystemClock
from edge_agent.enrolling import Enrolling, Place
from firmware.tools.enrolling import EnrolmentRefused
from schemas.enrolment import Code


@pytest.mark.parametrize("url", ["https://host:port", "https://[::zz]", "https://\u200b", f"https://ä{'b' * 80}"])
async def test_an_address_that_is_none_is_refused_like_one_that_does_not_answer(tmp_path: Path, url: str) -> None:
    code = Code(url, "ab" * 16, "almaty5", ("main",), "almaty5-main", bytes(16))
    place = Place(tmp_path / "bundle.json", tmp_path, "0.1.0", "test")

    with pytest.raises(EnrolmentRefused, match="cannot be asked: InvalidURL") as refused:
        await Enrolling(code, place, SystemClock(), Random(1)).enrol()

    assert refused.value.reason == "unreachable"
