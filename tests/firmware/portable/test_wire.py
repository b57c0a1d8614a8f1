"""Seals, chains, tokens and records: the wire contract gives one answer on CPython and on MicroPython."""

from binascii import hexlify, unhexlify

from schemas import codec
from schemas.chain import genesis, link
from schemas.requests import signature
from schemas.seal import derive, seal, unseal
from schemas.tokens import token

SECRET = bytes(range(32))
RECORD = b'{"k":"alarm","m":81234,"t":1790000000000,"q":"ntp","w":"fire_on","x":"\xd3\x99"}'


def test_keys_are_those_of_the_contract() -> None:
    assert hexlify(derive(SECRET, "uplink")).startswith(b"edf5022af738bb49")
    assert hexlify(derive(SECRET, "http")).startswith(b"e8843a90fe8b5b23")


def test_a_chain_begins_with_device_and_epoch() -> None:
    start = genesis("gate-1", "0123456789abcdef")

    assert hexlify(start) == b"d5311cb7acbb25566ba3f868888e4a2f"
    assert len(link(start, RECORD)) == 16


def test_what_was_sealed_is_opened() -> None:
    key = derive(SECRET, "downlink")

    assert unseal(key, seal(key, RECORD)) == RECORD


def test_a_card_has_the_token_of_the_contract() -> None:
    assert token(bytes(range(32, 64)), "u", unhexlify("04a1b2c3d4e5f6")) == "90e71e73c9d98095eb4b809b"


def test_a_request_is_signed_as_in_the_contract() -> None:
    signed = signature(derive(SECRET, "http"), "GET", "/device/v1/roster?base=12", "00ff00ff00ff00ff", "1790000000000")

    assert signed == "2b259143286527cda93c67a775b42f2bcfd85cbd9001ede316d6642de26f5c5e"


def test_a_record_is_read_as_it_was_written() -> None:
    kind, members = codec.decode(RECORD)

    assert (kind, members["detail"]) == ("alarm", "\u04d9")
    assert codec.decode(codec.encode(kind, members)) == (kind, members)
