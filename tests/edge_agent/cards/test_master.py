"""The master key of cards: one file, one passphrase, and what is made of it for schools."""

import json
from pathlib import Path

import pytest

from edge_agent.cards.keys import CardKeysRefused, KeyRing, application_of, read_ring, write_ring
from edge_agent.cards.master import Master, changing, make, save, unlock, write_private

UID = bytes.fromhex("04A1B2C3D4E5F6")
SECRET = bytes(range(32))


def test_a_new_master_key_is_kept_from_others_and_opens_by_its_passphrase(tmp_path: Path) -> None:
    passphrase = make(tmp_path / "keys" / "cards.master")
    file = tmp_path / "keys" / "cards.master"

    assert file.stat().st_mode & 0o777 == 0o600
    assert len(passphrase) >= 40
    assert passphrase not in file.read_text()
    assert unlock(file, passphrase).key.hex() not in file.read_text()
    assert len(unlock(file, passphrase).key) == 32


def test_no_two_master_keys_are_alike_and_none_is_written_over(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a"), make(tmp_path / "b")

    assert unlock(tmp_path / "a", first).key != unlock(tmp_path / "b", second).key
    with pytest.raises(CardKeysRefused, match="one already"):
        make(tmp_path / "a")


def test_what_is_no_master_key_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    file = tmp_path / "cards.master"
    passphrase = make(file)
    with pytest.raises(CardKeysRefused, match="passphrase") as wrong:
        unlock(file, passphrase + "x")
    assert passphrase not in str(wrong.value)

    told = json.loads(file.read_text())
    write_private(file, json.dumps(told | {"sealed": "00" + told["sealed"][2:]}).encode())
    with pytest.raises(CardKeysRefused, match="damaged"):
        unlock(file, passphrase)
    write_private(file, b"{}")
    with pytest.raises(CardKeysRefused, match="no master key"):
        unlock(file, passphrase)
    file.chmod(0o640)
    with pytest.raises(CardKeysRefused, match="chmod 600"):
        unlock(file, passphrase)
    with pytest.raises(CardKeysRefused, match="cannot be read"):
        unlock(tmp_path / "nothing", passphrase)


def test_a_rotation_is_kept_and_a_look_changes_no_file(tmp_path: Path) -> None:
    file = tmp_path / "cards.master"
    passphrase = make(file)
    with changing(file, passphrase) as master:
        assert master.rotate("school1") == 2
    before = file.read_bytes()
    with changing(file, passphrase) as master:
        assert master.version_of("school1") == 2

    assert file.read_bytes() == before


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "cards.master"
    passphrase = make(file)

    def rotate_and_fail() -> None:
        with changing(file, passphrase) as master:
            master.rotate("school1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        rotate_and_fail()

    assert unlock(file, passphrase).schools == {}


def test_versions_end_at_what_a_card_can_say() -> None:
    master = Master(SECRET, {"school1": 255})

    with pytest.raises(CardKeysRefused, match="used up"):
        master.rotate("school1")


def test_schools_versions_and_purposes_share_no_key() -> None:
    master = Master(SECRET)
    keys = [
        key
        for school in ("school1", "school2")
        for version in (1, 2)
        for made in [master.school_keys(school, version)]
        for key in (made.gate, made.finder, made.link, made.gate_key(UID), made.link_key(UID),
                    master.own_key(school, version, UID, b"admin"), master.own_key(school, version, UID, b"spare"))
    ]  # fmt: skip

    assert len(set(keys)) == len(keys) == 28


def test_the_same_master_key_makes_the_same_keys_on_every_machine() -> None:
    made = Master(SECRET).school_keys("school1", 1)

    assert made.gate.hex() == "e8452c227cc8aa3b1f647027b45426a7"
    assert made.gate_key(UID).hex() == "117046738958ac3e0f1571b5f4a49bec"
    assert application_of("school1").hex() == "4bba40"


def test_agents_are_given_the_newest_versions_and_never_the_key_that_changes_cards(tmp_path: Path) -> None:
    master = Master(SECRET, {"school1": 5})

    for kept, versions in ((0, [5]), (1, [5, 4]), (9, [5, 4, 3, 2])):
        ring = master.ring("school1", kept)
        write_private(tmp_path / "keys.json", write_ring(ring))
        assert [keys.version for keys in ring.versions] == versions
        assert read_ring(tmp_path / "keys.json") == ring
    told = (tmp_path / "keys.json").read_text()
    assert master.key.hex() not in told
    assert master._derived("school1", 5, "admin").hex() not in told


def test_keys_never_show_in_text() -> None:
    master = Master(SECRET)
    ring = master.ring("school1")

    assert SECRET.hex() not in repr(master)
    assert str(SECRET) not in repr(master)
    for keys in ring.versions:
        for key in (keys.gate, keys.finder, keys.link):
            assert str(key) not in repr(ring)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: told | {"more": 1}, "no file of card keys"),
        (lambda told: told | {"keys": []}, "no file of card keys"),
        (lambda told: told | {"school": "../x"}, "no file of card keys"),
        (lambda told: told | {"keys": told["keys"][::-1]}, "not in order"),
        (lambda told: told | {"keys": told["keys"][:1] * 2}, "not in order"),
        (lambda told: told | {"keys": [told["keys"][0] | {"gate": "00"}]}, "no file of card keys"),
        (lambda told: told | {"keys": [told["keys"][0] | {"version": 0}]}, "no file of card keys"),
    ],
)
def test_an_agents_file_that_is_wrong_is_refused(tmp_path: Path, change, reason: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    told = json.loads(write_ring(Master(SECRET, {"school1": 2}).ring("school1")))
    write_private(tmp_path / "keys.json", json.dumps(change(told)).encode())

    with pytest.raises(CardKeysRefused, match=reason) as refused:
        read_ring(tmp_path / "keys.json")
    assert told["keys"][0]["gate"] not in str(refused.value)


def test_a_file_that_others_may_read_or_that_is_endless_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    write_private(file, write_ring(Master(SECRET).ring("school1")))
    file.chmod(0o644)
    with pytest.raises(CardKeysRefused, match="chmod 600"):
        read_ring(file)
    write_private(file, b" " * 20_000)
    with pytest.raises(CardKeysRefused, match="too large"):
        read_ring(file)


def test_a_version_that_is_not_held_is_none() -> None:
    ring = KeyRing("school1", (Master(SECRET).school_keys("school1", 3),))

    assert ring.of_version(2) is None
    assert ring.of_version(3) is not None


def test_saving_leaves_no_second_file(tmp_path: Path) -> None:
    save(tmp_path / "m", "p", Master(SECRET))
    save(tmp_path / "m", "p", Master(SECRET))

    assert [file.name for file in tmp_path.iterdir()] == ["m"]
