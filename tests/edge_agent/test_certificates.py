"""The certificates a device holds: only its own, never half written, the old one kept until the new one has worked."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.bundle import Bundle
from edge_agent.certificates import BEFORE, RENEWED, CertificateRefused, Certificates, Held, Urgency
from tests.edge_agent.issuing import BEGAN, DAY, Issuing, ms, serial_in


class PowerCut(BaseException):
    """The machine is off; nothing after this runs."""


@pytest.fixture(name="issuing")
def _issuing(tmp_path: Path) -> Issuing:
    return Issuing.begin(tmp_path / "ca")


@pytest.fixture(name="bundle")
def _bundle(issuing: Issuing) -> Bundle:
    return issuing.bundle()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "tls"


def current(certificates: Certificates) -> Held:
    assert certificates.current is not None
    return certificates.current


def test_the_first_certificate_is_the_bundles(bundle: Bundle, folder: Path) -> None:
    held = Certificates(bundle, folder)

    shown = held.credentials()
    assert shown is not None
    assert (shown.serial, shown.ca_pem) == (current(held).serial, bundle.ca_pem)
    assert serial_in(held.files.certificate) == shown.serial
    assert held.is_proven
    assert current(held).days_left(ms(BEGAN)) == 30


@pytest.mark.parametrize(
    ("day", "urgency"),
    [(0, Urgency.RESTS), (14, Urgency.RESTS), (18, Urgency.DUE), (19, Urgency.DUE), (20, Urgency.URGENT),
     (29, Urgency.URGENT), (30, Urgency.OVER), (400, Urgency.OVER)],
)  # fmt: skip
def test_it_is_due_at_half_its_time_and_urgent_when_a_third_is_left(
    bundle: Bundle, folder: Path, day: int, urgency: Urgency
) -> None:
    assert current(Certificates(bundle, folder)).urgency(ms(BEGAN + day * DAY)) is urgency


def test_the_devices_of_a_country_are_due_over_three_days(bundle: Bundle, folder: Path, issuing: Issuing) -> None:
    held = current(Certificates(bundle, folder))
    many = [replace(held, serial=f"{number * 0x9E3779B97F4A7C15:x}") for number in range(1, 2_001)]

    hours = range(0, 24 * 31, 2)
    due = [sum(each.urgency(held.begins_ms + hour * 3_600_000) is not Urgency.RESTS for each in many) for hour in hours]

    assert due[int(15.4 * 12)] == 0
    assert due[int(18.7 * 12)] == 2_000
    assert max(after - before for before, after in pairwise(due)) < 2_000 / 20


def test_a_renewed_one_is_shown_and_the_old_kept_until_it_has_worked(
    bundle: Bundle, folder: Path, issuing: Issuing
) -> None:
    held = Certificates(bundle, folder)
    old = current(held).serial

    new = held.take(issuing.answer(bundle, BEGAN + 15 * DAY)).serial

    assert serial_in(held.files.certificate) == current(held).serial == new
    assert not held.is_proven
    assert held.turn(ms(BEGAN + 15 * DAY))
    assert serial_in(held.files.certificate) == old
    assert held.turn(ms(BEGAN + 15 * DAY))
    assert held.worked(new)
    assert not (folder / BEFORE).exists()
    again = Certificates(bundle, folder)
    assert (current(again).serial, again.is_proven) == (new, True)
    assert {file.stat().st_mode & 0o077 for file in folder.iterdir()} == {0}


def test_a_new_one_that_nobody_welcomes_gives_way_to_the_old(bundle: Bundle, folder: Path, issuing: Issuing) -> None:
    held = Certificates(bundle, folder)
    old = current(held).serial
    held.take(issuing.answer(bundle, BEGAN + 15 * DAY))
    assert not held.is_tried(old)
    held.turn(ms(BEGAN + 15 * DAY))

    assert held.is_tried(old)
    assert not held.worked(old)
    assert current(Certificates(bundle, folder)).serial == old


def test_an_old_one_that_has_ended_is_not_gone_back_to(bundle: Bundle, folder: Path, issuing: Issuing) -> None:
    held = Certificates(bundle, folder)
    held.take(issuing.answer(bundle, BEGAN + 29 * DAY))

    assert not held.turn(ms(BEGAN + 30 * DAY))


def test_what_is_not_ours_is_refused_and_changes_nothing(
    bundle: Bundle, folder: Path, issuing: Issuing, tmp_path: Path
) -> None:
    held, later = Certificates(bundle, folder), BEGAN + 15 * DAY
    good = json.loads(issuing.answer(bundle, later))
    stranger = Issuing.begin(tmp_path / "other")
    wrong = {
        "no JSON": b"hello",
        "not a certificate": json.dumps({**good, "certificate_pem": "x" * 40}).encode(),
        "another key": issuing.answer(bundle, later, key=ec.generate_private_key(ec.SECP256R1()).public_key()),
        "another name": issuing.answer(replace(bundle, device="gate-2"), later),
        "another authority": json.dumps({**good, "ca_pem": stranger.authority.root_pem}).encode(),
        "no later": issuing.answer(bundle, BEGAN),
    }

    for what, answer in wrong.items():
        with pytest.raises(CertificateRefused):
            held.take(answer)
        assert serial_in(held.files.certificate) == current(held).serial == current(Certificates(bundle, folder)).serial
        assert not (folder / RENEWED).exists(), what


def test_a_bundle_made_anew_wins_over_what_was_renewed_before(bundle: Bundle, folder: Path, issuing: Issuing) -> None:
    Certificates(bundle, folder).take(issuing.answer(bundle, BEGAN + 15 * DAY))
    anew = issuing.bundle(at=BEGAN + 16 * DAY)

    held = Certificates(anew, folder)

    assert held.is_proven
    assert held.files.certificate.read_text() == anew.certificate_pem
    assert held.files.key.read_text() == anew.key_pem


def test_a_file_that_was_spoiled_leaves_the_bundles(bundle: Bundle, folder: Path, issuing: Issuing) -> None:
    Certificates(bundle, folder).take(issuing.answer(bundle, BEGAN + 15 * DAY))
    (folder / RENEWED).write_bytes((folder / RENEWED).read_bytes()[:-200])

    held = Certificates(bundle, folder)

    assert held.files.certificate.read_text() == bundle.certificate_pem
    assert held.is_proven


@pytest.mark.parametrize("steps", range(17))
def test_a_power_cut_at_any_step_of_the_writing_leaves_a_certificate_that_fits_its_key(
    bundle: Bundle, folder: Path, issuing: Issuing, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Every call that changes the disk is a step; a write that the cut falls into lands by half."""
    held, answer = Certificates(bundle, folder), issuing.answer(bundle, BEGAN + 15 * DAY)
    known = {current(held).serial, current(Certificates(bundle, folder)).serial}
    left = steps

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                raise PowerCut
            left -= 1
            return real(*given, **named)

        return step

    for owner, name in ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    try:
        taken = held.take(answer).serial
        held.worked(taken)
    except PowerCut:
        pass
    monkeypatch.undo()
    for half in folder.glob("*.new"):
        half.write_bytes(half.read_bytes()[: steps * 37])

    again = Certificates(bundle, folder)

    shown = again.credentials()
    assert shown is not None
    assert serial_in(again.files.certificate) == shown.serial
    new = json.loads(answer)["certificate_pem"]
    assert shown.serial in known or again.files.certificate.read_text() == new
    assert again.files.key.read_text() == bundle.key_pem
    again.take(issuing.answer(bundle, BEGAN + 16 * DAY))


def test_a_disk_that_takes_nothing_leaves_the_old_one_in_use(
    bundle: Bundle, folder: Path, issuing: Issuing, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Certificates(bundle, folder)
    old = current(held).serial

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        held.take(issuing.answer(bundle, BEGAN + 15 * DAY))

    shown = held.credentials()
    assert shown is not None
    assert shown.serial == old == serial_in(held.files.certificate)
    assert Certificates(bundle, folder).is_usable


def test_a_device_without_certificates_has_none_to_show(folder: Path, bundle: Bundle) -> None:
    held = Certificates(replace(bundle, ca_pem=None, certificate_pem=None, key_pem=None), folder)

    assert held.credentials() is None
    assert held.current is None
    assert not folder.exists()
