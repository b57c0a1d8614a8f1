"""Updates of a node on CPython and on MicroPython: power fails at any write, and a program that runs is there."""

# mypy: ignore-errors

import asyncio
import json
import os
from binascii import hexlify
from hashlib import sha256

from firmware.boot import TRIES_MAX, Files, State, choose
from firmware.node import update
from firmware.node.ed25519 import ORDER
from firmware.node.release_keys import KEYS_MAX, PINNED, ReleaseKeys, pinned, read_keys
from firmware.node.sha512 import digesting
from firmware.node.update import Slot, UpdateFailed, Updates
from schemas.release import CONTEXT, ReleaseRefused
from schemas.requests import SIGNATURE, answer_headers

KEY = bytes(range(32))
BOARD = "gate_esp32s3"
SEEDS = 6  # here; tests/firmware/node/test_node_update.py runs hundreds
NOW_MS = 1_790_000_000_000
# The first key of RFC 8032, 7.1: its public half, and the number that its secret half stands for.
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
SECRET = 0x4FE94D9006F020A5A3C080D96827FFFD3C010AC0F12E7A42CB33284F86837C30
OTHER = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")  # the RFC's second
BASE = b"\x58" + b"\x66" * 31


try:
    import atexit
    import shutil
    import tempfile

    ROOT = tempfile.mkdtemp() + "/board/"
    atexit.register(shutil.rmtree, ROOT[:-7], ignore_errors=True)
except ImportError:  # MicroPython
    ROOT = os.getenv("ESIK_BOARD") + "/update-story/"


class Chance:
    """Numbers by a seed, the same on both machines (Numerical Recipes' constants)."""

    def __init__(self, seed):
        self.state = seed * 2 + 1

    def below(self, top):
        self.state = (self.state * 1664525 + 1013904223) % 4294967296
        return (self.state >> 8) % top


update.BLOCK_BYTES = 512  # so that files come in several


class PowerCut(Exception):
    """The power failed."""


class Power:
    """Fails after so many writes."""

    def __init__(self, left, rng):
        self.left = left
        self.rng = rng

    def spend(self):
        """Count a write; tell whether it is the last one."""
        self.left -= 1
        return self.left < 0


class CutFiles(Files):
    """Files of a board whose power fails: the write under way is done, undone, or half done."""

    power = None

    def replace(self, path, content):
        if not self.power.spend():
            return super().replace(path, content)
        how = self.power.rng.below(3)
        if how == 2:
            super().replace(path, content)
        elif how == 1:
            with open(self.root + path + ".new", "wb") as file:
                file.write(content[: self.power.rng.below(len(content))])
        raise PowerCut


class CutSlot(Slot, CutFiles):
    """A slot of such a board."""

    def add(self, path, block):
        if not self.power.spend():
            return super().add(path, block)
        super().add(path, block[: self.power.rng.below(len(block) + 1)])
        raise PowerCut

    def begin(self, path):
        if self.power.spend():
            raise PowerCut
        super().begin(path)

    def remove(self, path):
        if self.power.spend():
            raise PowerCut
        super().remove(path)

    def replace(self, path, content):
        CutFiles.replace(self, path, content)


class Stamp:
    wall_ms = NOW_MS


class Answer:
    def __init__(self, status, length, signature=""):
        self.status = status
        self.length = length
        self.signature = signature
        self.time_ms = NOW_MS


class Cloud:
    """What an open connection leads to: gives one release, and remembers what was asked."""

    def __init__(self, manifest=b"", payload=b"", key=KEY):
        self.manifest = manifest
        self.payload = payload
        self.key = key
        self.asked = []
        self.blocks = 0
        self.opened = 1
        self.is_open = True

    async def open(self):
        self.opened += 1
        self.is_open = True

    async def close(self):
        self.is_open = False

    async def get(self, target, headers, take, length_max):
        assert self.is_open
        if "/node/" in target:
            self.blocks += 1
            first, last = headers["Range"][6:].split("-")
            block = self.payload[int(first) : int(last) + 1]
            take(block)
            return Answer(206, len(block))
        self.asked.append(target)
        status = 200 if self.manifest else 204
        assert len(self.manifest) <= length_max
        for at in range(0, len(self.manifest), 512):
            take(self.manifest[at : at + 512])
        signed = answer_headers(self.key, status, headers["Esik-Nonce"], NOW_MS, self.manifest)
        return Answer(status, len(self.manifest), signed[SIGNATURE])


def a_release(number, sizes=(1_200, 300, 0, 512), **changes):
    """Return (manifest file, payload) of a release with files of these sizes."""
    contents = [bytes([number, place]) * (size // 2) for place, size in enumerate(sizes)]
    rows = [["firmware/part%d.mpy" % at, len(each), digest(each)] for at, each in enumerate(contents)]
    body = {
        "format": 1, "counter": number, "product": "node", "board": BOARD, "version": "0.%d" % number, "journal": 1,
        "size": sum(sizes), "files": rows, "notes": {"kk": "x", "ru": "x", "en": "x"},
    }  # fmt: skip
    body.update(changes)
    return signed(json.dumps(body).encode()), b"".join(contents)


def signed(body):
    """Return a manifest file, signed as RFC 8032 has it, but with 1 for the number that should be another each time."""
    challenge = result(digesting(BASE + PUBLIC + CONTEXT + body))
    number = (1 + int.from_bytes(challenge, "little") * SECRET) % ORDER
    return hexlify(BASE + number.to_bytes(32, "little")) + b"\n" + body


def result(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def digest(content):
    return hexlify(sha256(content).digest()).decode()


def flashed(counter=6):
    """Return the files of a board as it left the bench."""
    clear(ROOT)
    make(ROOT)
    manifest, payload = a_release(counter)
    body = manifest.partition(b"\n")[2]
    slot, at = Slot(ROOT + "a/"), 0
    make(ROOT + "a")  # and no other: so the bench leaves it
    for path, size, _ in json.loads(body)["files"]:
        slot.begin(path)
        slot.add(path, payload[at : at + size])
        at += size
    slot.replace("manifest.json", body)
    with open(ROOT + "journal", "wb") as file:
        file.write(b"records")
    return Files(ROOT)


class Trusting(ReleaseKeys):
    """Keys of which it is known already: where the power fails hundreds of times, each check would be the same."""

    async def have_signed(self, _file):
        return True


def updates(files, new_slot=Slot, keys=None):
    return Updates(files, "gate-1", BOARD, KEY, keys or ReleaseKeys([PUBLIC]), bytes, Stamp, new_slot)


def is_whole(name):
    """Tell whether a slot holds every file of its manifest."""
    slot = Slot(ROOT + name + "/")
    found = json.loads(slot.read("manifest.json"))
    return all(slot.digest(path) == wanted for path, _, wanted in found["files"])


def look(files, cloud, keys=None):
    return asyncio.run(updates(files, keys=keys).look(cloud))


def refusal(files, cloud, keys=None):
    """Return why what a cloud gives is refused; empty when it is not."""
    try:
        look(files, cloud, keys)
    except ReleaseRefused as refused:
        return refused.reason
    return ""


def story(seed):
    """Update a node whose power fails again and again; return how often it started."""
    rng = Chance(seed)
    flashed()
    manifest, payload = a_release(7)
    starts = 0
    while True:
        starts += 1
        assert starts < 200, "seed %d never ends" % seed
        power = Power(1 + rng.below(13), rng)
        files = CutFiles(ROOT)
        files.power = power

        def new_slot(root, power=power):
            made = CutSlot(root)
            made.power = power
            return made

        try:
            slot = choose(files)
            assert is_whole(slot), "seed %d, start %d: slot %s" % (seed, starts, slot)
            node = updates(files, new_slot, Trusting([PUBLIC]))
            assert node.counter in (6, 7)
            if node.is_trial:
                node.mark_good()
            if node.counter == 7:
                break
            asyncio.run(node.look(Cloud(manifest, payload)))
        except PowerCut:
            pass
        assert Files(ROOT).read("journal") == b"records"
        if Files(ROOT).read("update.json") and "7" in State(Files(ROOT)).bad:
            return 0  # its power failed in three starts on trial: the release before runs
    return starts


def test_fault_37_power_that_fails_at_any_write_leaves_a_program_that_runs_and_at_last_the_new_one():
    starts = [story(seed) for seed in range(SEEDS)]

    assert max(starts) > 3


def test_a_release_is_brought_flipped_to_on_trial_and_kept_once_it_proved_itself():
    files = flashed()
    cloud = Cloud(*a_release(7))

    assert look(files, cloud)
    assert choose(files) == "b"
    assert updates(files).is_trial
    updates(files).mark_good()

    assert is_whole("b")
    assert choose(files) == "b"
    assert not updates(files).is_trial
    assert cloud.asked[0].endswith("?product=node&board=gate_esp32s3&have=6")
    assert cloud.asked[1].endswith("&have=6&trying=7")


def test_fault_37_what_runs_when_a_release_comes_cannot_prove_it_and_brings_nothing_more_before_its_trial():
    files = flashed()
    node = updates(files)
    asyncio.run(node.look(Cloud(*a_release(7))))
    asked = Cloud(*a_release(8))

    node.mark_good()

    assert (node.is_trial, node.is_begun) == (False, True)
    assert (State(files).good, State(files).trial) == ("a", "b")
    assert asyncio.run(node.look(asked)), "a restart is still wanted"
    assert not asked.asked, "the slot that runs would be written"


class FullFiles(Files):
    """Files of a board whose flash takes no more."""

    def replace(self, _path, _content):
        raise OSError(28)


def test_fault_37_a_trial_or_a_proof_that_flash_does_not_take_is_none():
    files = flashed()
    node = updates(FullFiles(ROOT))
    refused = is_refused(lambda: asyncio.run(node.look(Cloud(*a_release(7)))))
    assert (refused, node.is_begun, node.state.running, choose(files)) == (True, False, "a", "a")

    look(files, Cloud(*a_release(7)))
    node = updates(FullFiles(ROOT))
    refused = is_refused(node.mark_good)
    assert (refused, node.is_trial, node.state.trial) == (True, True, "b")


def is_refused(change):
    try:
        change()
    except OSError:
        return True
    return False


def test_fault_37_a_release_that_never_proves_itself_has_its_starts_then_the_one_before_runs_and_is_told_once():
    files = flashed()
    look(files, Cloud(*a_release(7)))

    starts = [choose(files) for _ in range(TRIES_MAX + 1)]
    node = updates(files)
    told = node.untold()
    node.note_told()
    cloud = Cloud(*a_release(7))

    assert starts == ["b"] * TRIES_MAX + ["a"]
    assert told == "7 no_ack"
    assert updates(files).untold() == ""
    assert not look(files, cloud), "what failed is not brought again"
    assert cloud.asked[0].endswith("&have=6&bad=7&why=no_ack")
    assert cloud.blocks == 0


def test_fault_37_how_the_last_start_of_a_release_ended_is_why_it_was_left():
    for ends, why in ((("crashed",) * 3, "crashed"), (("crashed", "crashed", ""), "no_ack"), (("", "", ""), "no_ack")):
        files = flashed()
        look(files, Cloud(*a_release(7)))
        for end in ends:
            assert choose(files) == "b"
            if end:
                State(files).note(end)

        assert choose(files) == "a"
        assert State(files).bad == {"7": why}


def test_fault_37_what_is_not_meant_for_this_node_is_refused_and_told():
    for changes, reason in (
        ({"board": "head_pico"}, "board"), ({"product": "agent"}, "product"), ({"counter": 6}, "counter"),
        ({"counter": 5}, "counter"), ({"journal": 9}, "journal"), ({"files": []}, "malformed"),
    ):  # fmt: skip
        files = flashed()
        cloud = Cloud(*a_release(7, **changes))
        assert refusal(files, cloud) == reason, changes
        assert cloud.blocks == 0
        assert cloud.asked[-1].endswith("&bad=%d&why=refused" % changes.get("counter", 7))
        assert choose(files) == "a"


def test_fault_37_what_no_pinned_key_has_signed_is_refused_and_told_though_the_cloud_sealed_it():
    files = flashed()
    manifest, payload = a_release(7)
    line, _, body = manifest.partition(b"\n")
    forged = a_release(7, version="0.9")[0].partition(b"\n")[2]
    for made in (
        line + b"\n" + forged, line + b"\n" + body[:-1] + b" }", spoilt(line, 0) + b"\n" + body,
        spoilt(line, 127) + b"\n" + body, b"0" * 128 + b"\n" + body, b"z" * 128 + b"\n" + body, line + b" " + body,
        line[2:] + b"\n" + body, body, b"\n" + body,
    ):  # fmt: skip
        cloud = Cloud(made, payload)
        assert refusal(files, cloud) == "signature", made[:140]
        assert (cloud.blocks, cloud.opened) == (0, 2), "it was checked with nothing connected"
        assert cloud.asked[-1].endswith("why=refused") or b"counter" not in made.partition(b"\n")[2]
    assert choose(files) == "a"
    assert State(files).counter_in("b") == 0


def test_fault_37_what_was_refused_is_told_before_an_older_one_that_failed():
    files = flashed()
    look(files, Cloud(*a_release(7)))
    for _ in range(TRIES_MAX + 1):
        choose(files)
    cloud = Cloud(a_release(9)[0].replace(b"0.9", b"0.8"))

    assert refusal(files, cloud) == "signature"
    assert [each.partition("&have=6")[2] for each in cloud.asked] == ["&bad=7&why=no_ack", "&bad=9&why=refused"]


def spoilt(line, place):
    digit = b"1" if line[place : place + 1] != b"1" else b"2"
    return line[:place] + digit + line[place + 1 :]


def test_fault_37_any_of_the_pinned_keys_may_have_signed_and_no_other():
    files = flashed()
    given = a_release(7)

    assert refusal(files, Cloud(*given), ReleaseKeys([OTHER])) == "signature"
    assert refusal(files, Cloud(*given), ReleaseKeys([b"\xff" * 32])) == "signature", "which is no point at all"
    assert refusal(files, Cloud(*given), ReleaseKeys([])) == "signature"
    assert refusal(files, Cloud(*given), ReleaseKeys([OTHER, PUBLIC])) == ""
    assert choose(files) == "b"


def test_a_board_takes_updates_only_if_whoever_flashed_it_pinned_a_key():
    files = flashed()
    for content, keys in (
        (hexlify(PUBLIC) + b"\n", [PUBLIC]),
        (hexlify(PUBLIC) + b"\r\n\n" + hexlify(OTHER), [PUBLIC, OTHER]),
    ):
        files.replace(PINNED, content)
        assert read_keys(content) == keys
        assert updates(files, keys=pinned(files)).are_taken
    os.remove(ROOT + PINNED)
    assert not updates(files, keys=pinned(files)).are_taken


def test_what_is_no_list_of_keys_pins_nobody():
    line = hexlify(PUBLIC)
    for content in (b"", b"\n", b"z" * 64, line[1:], hexlify(PUBLIC + b"\n"), (line + b"\n") * (KEYS_MAX + 1)):
        try:
            found = read_keys(content)
        except ValueError:
            found = []
        assert found == [], content


def test_fault_37_an_answer_that_the_cloud_did_not_seal_for_this_node_is_believed_in_nothing():
    files = flashed()
    cloud = Cloud(*a_release(7), key=bytes(32))
    told = ""
    try:
        look(files, cloud)
    except UpdateFailed as error:
        told = str(error)

    assert "without the cloud's signature" in told
    assert cloud.blocks == 0


def test_fault_37_files_that_are_not_what_was_promised_are_never_flipped_to():
    files = flashed()
    manifest, payload = a_release(7)

    assert refusal(files, Cloud(manifest, payload[:100] + b"?" + payload[101:])) == "digest"
    assert choose(files) == "a"
    assert State(files).counter_in("b") == 0


def test_what_was_fetched_before_a_cut_is_not_fetched_again_and_strange_files_go():
    files = flashed()
    slot = Slot(ROOT + "b/")
    slot.begin("firmware/old.mpy")
    whole = Cloud(*a_release(7))
    look(files, whole)
    files.replace("update.json", b"{}")
    slot.remove("firmware/part3.mpy")
    again = Cloud(*a_release(7))

    look(files, again)

    assert (whole.blocks, again.blocks) == (5, 1)
    assert "firmware/old.mpy" not in slot.names()


def test_a_board_that_forgot_which_slot_runs_takes_one_that_is_whole():
    files = flashed()
    for text in (b"", b"{", b"[]", b'{"good": "x"}', b'{"good": 1, "trial": "b"}'):
        files.replace("update.json", text)
        assert choose(files) == "a", text


def test_a_reason_that_nobody_knows_is_none():
    files = flashed()
    look(files, Cloud(*a_release(7)))
    found = json.loads(files.read("update.json"))
    files.replace("update.json", json.dumps(dict(found, tries=TRIES_MAX, why="?")).encode())

    assert choose(files) == "a"
    assert State(files).bad == {"7": "no_ack"}, "the cloud takes no question with another word"


def make(folder):
    try:  # noqa: SIM105  MicroPython has no contextlib
        os.mkdir(folder.rstrip("/"))
    except OSError:
        pass


def clear(folder):
    """Remove a folder with all that is in it."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if os.stat(folder + name)[0] & 0x4000:
            clear(folder + name + "/")
        else:
            os.remove(folder + name)
    os.rmdir(folder.rstrip("/"))
