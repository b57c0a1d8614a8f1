"""What gateways tell is read only where its digest fits the operator's secret."""

import hashlib
import json
from typing import Any

import pytest

from cloud.core.sms_callbacks import Report, Verdict, Written, of_mobizon, of_smsc

SECRET = "a-secret-of-the-operator"
PHONE, NUMBER, TO = "77015550001", "+77015550001", "77010000000"


def smsc(*signed: str, secret: str = SECRET, **form: str) -> dict[str, str]:
    digest = hashlib.md5(":".join((*signed, secret)).encode()).hexdigest()  # noqa: S324 (the gateway's)
    return form | {"md5": digest}


def text(words: str = "БҮГІН", secret: str = SECRET, **more: str) -> dict[str, str]:
    return smsc(PHONE, words, TO, secret=secret, phone=PHONE, mes=words, to=TO, **more)


def report(status: str, secret: str = SECRET) -> dict[str, str]:
    return smsc("17", PHONE, status, secret=secret, id="17", phone=PHONE, status=status, time="x", err="0")


def mobizon(status: str = "DELIVRD", secret: str = SECRET, kind: str = "sms-delivery-report", **more: Any) -> bytes:
    event = {"eventId": 26, "attempt": 1, "eventCreateTs": "2026-01-15 11:42:28", "eventType": kind}
    sign = hashlib.sha1(f"26|1|2026-01-15 11:42:28|{secret}".encode()).hexdigest()  # noqa: S324 (the gateway's)
    data = {"messageId": 169_275_418, "status": status, "to": PHONE, "segNum": 3}
    return json.dumps(event | {"sign": sign, "data": data} | more).encode()


def test_a_text_that_came_in_is_read_with_what_tells_it_from_others() -> None:
    assert of_smsc(text(id="5"), SECRET) == Written("smsc\n5", NUMBER, "БҮГІН")
    assert of_smsc(text(time="1.09.2026 08:00"), SECRET) != of_smsc(text(time="1.09.2026 08:01"), SECRET)
    assert of_smsc(text(), SECRET) == Written("", NUMBER, "БҮГІН")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("1", Verdict.DELIVERED), ("2", Verdict.DELIVERED), ("4", Verdict.DELIVERED),
        ("3", Verdict.UNDELIVERED), ("20", Verdict.UNDELIVERED), ("22", Verdict.UNDELIVERED),
        ("-2", Verdict.UNDELIVERED), ("25", Verdict.UNDELIVERED),
        ("0", Verdict.UNDER_WAY), ("-1", Verdict.UNDER_WAY), ("99", Verdict.UNDER_WAY), ("١", Verdict.UNDER_WAY),
    ],
)  # fmt: skip
def test_a_report_of_smsc_is_final_or_says_nothing(status: str, verdict: Verdict) -> None:
    assert of_smsc(report(status), SECRET) == Report("17", NUMBER, verdict)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("DELIVRD", Verdict.DELIVERED), ("UNDELIV", Verdict.UNDELIVERED), ("REJECTD", Verdict.UNDELIVERED),
        ("EXPIRED", Verdict.UNDELIVERED), ("DELETED", Verdict.UNDELIVERED), ("PDLIVRD", Verdict.UNDER_WAY),
    ],
)  # fmt: skip
def test_a_report_of_mobizon_is_final_or_says_nothing(status: str, verdict: Verdict) -> None:
    assert of_mobizon(mobizon(status), SECRET) == Report("169275418", NUMBER, verdict)


@pytest.mark.parametrize(
    "form",
    [
        text(secret="another-secret-of-somebody"),
        text() | {"mes": "БҮГІН Айгерім"},
        text() | {"phone": "77015550002"},
        report("1", secret="another-secret-of-somebody"),
        report("3") | {"status": "1"},
        report("1") | {"md5": ""},
        {},
    ],
)
def test_a_form_whose_digest_does_not_fit_tells_nothing(form: dict[str, str]) -> None:
    assert of_smsc(form, SECRET) is None


@pytest.mark.parametrize(
    "body",
    [
        mobizon(secret="another-secret-of-somebody"),
        mobizon(eventId=27),
        mobizon(sign=""),
        mobizon(sign="ү"),
        mobizon(kind="form-submission"),
        mobizon(data={"messageId": 1, "status": "DELIVRD", "to": "Anna"}),
        mobizon(data=[]),
        b"",
        b"\xff{}",
        b"[1]",
    ],
)
def test_an_event_that_is_forged_or_of_another_kind_tells_nothing(body: bytes) -> None:
    assert of_mobizon(body, SECRET) is None


@pytest.mark.parametrize("phone", ["8 701", "Esik", "7701555000112345678", ""])
def test_a_sender_that_is_no_number_is_not_heard(phone: str) -> None:
    assert of_smsc(smsc(phone, "x", TO, phone=phone, mes="x", to=TO), SECRET) is None


def test_a_number_with_the_trunk_digit_is_the_same_number() -> None:
    told = of_smsc(smsc("87015550001", "x", TO, phone="87015550001", mes="x", to=TO), SECRET)

    assert isinstance(told, Written)
    assert told.number == NUMBER
