"""The text of a pass and what stands in it, on CPython and on MicroPython."""

from schemas.pass_text import SIGNATURE_BYTES, TEXT_MAX, PassRefused, members, read

BODY = b'[1,"alm005","k3v9x0a7m2qd","5e5e5e5e5e5e5e5e",1788145200,1]'


def refused(text: str) -> bool:
    try:
        read(text)
    except PassRefused:
        return True
    return False


def spelt(content: bytes) -> str:
    """Return base32 without padding, of whole groups of five bytes or not."""
    bits = "".join([f"{byte:08b}" for byte in content])
    bits += "0" * (-len(bits) % 5)
    return "".join(["ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5)])


def test_body_and_signature_are_what_the_text_says() -> None:
    for body in (BODY, BODY + b" ", BODY + b"  ", BODY + b"   ", BODY + b"    "):
        signature = bytes(range(SIGNATURE_BYTES))

        assert read("ESIK:" + spelt(body + signature)) == (body, signature)


def test_there_is_one_text_for_a_pass() -> None:
    text = "ESIK:" + spelt(BODY + bytes(SIGNATURE_BYTES))

    assert not refused(text)
    for other in (text.lower(), text + "=", text + "A", " " + text, text[:-1] + "B", text + "\n", "ESIK:0" + text[6:]):
        assert refused(other)


def test_what_is_too_short_or_too_long_is_refused() -> None:
    assert refused("")
    assert refused("ESIK:")
    assert refused("ESIK:" + spelt(bytes(SIGNATURE_BYTES)))
    assert refused("ESIK:" + "A" * TEXT_MAX)


def test_a_body_is_read() -> None:
    assert members(BODY) == ("alm005", "k3v9x0a7m2qd", "5e5e5e5e5e5e5e5e", 1788145200, True)
    assert members(BODY[:-1] + b',"later"]')[4]


def test_a_body_of_another_form_is_refused() -> None:
    bodies = (
        b"",
        b"{}",
        b"[2]",
        b"[1]",
        b'[1,1,"","",0,0]',
        b'[1,"a","b","c",true,0]',
        b'[2,"a","b","c",1,0]',
        b"\xff[",
        b"[" * 300,
    )
    for body in bodies:
        try:
            members(body)
        except PassRefused:
            continue
        raise AssertionError(body)
