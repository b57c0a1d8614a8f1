"""Checks the vectors with the files a device carries; runs on MicroPython and on CPython, and prints what it checked.

Run as `device_vectors.main(read)`, where `read(name)` returns the text of a vector file.
"""

# MicroPython has no typing module, and this file runs there as it stands.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import json
from binascii import hexlify
from hashlib import sha256

from schemas import chain, codec, compact, release, requests, roster, roster_header, seal, tokens, topics


def main(read):
    """Check everything; return how many things were checked. Raises AssertionError."""
    counts = {
        "messages": messages(json.loads(read("messages"))),
        "refused": refused(json.loads(read("refused"))),
        "seals": seals(json.loads(read("seals"))),
        "batches": batches(json.loads(read("batches"))),
        "rosters": rosters(json.loads(read("rosters"))),
        "releases": releases(json.loads(read("releases"))),
    }
    print(json.dumps(counts))
    return counts


def messages(vectors):
    for vector in vectors:
        line = vector["line"].encode()
        same(line.hex(), vector["hex"])
        same(codec.decode(line), (vector["kind"], vector["fields"]))
        same(codec.encode(vector["kind"], vector["fields"]), line)
    return len(vectors)


def refused(vectors):
    for vector in vectors:
        try:
            codec.decode(vector["line"].encode())
        except codec.WireError as error:
            same(str(error), vector["error"])
        else:
            raise AssertionError("taken: " + vector["line"])
    return len(vectors)


def seals(vectors):
    secret = bytes.fromhex(vectors["secret"])
    for label, key in vectors["keys"].items():
        same(seal.derive(secret, label).hex(), key)
    key = bytes.fromhex(vectors["keys"][vectors["sealed"]["key"]])
    message = bytes.fromhex(vectors["sealed"]["hex"])
    same(seal.seal(key, vectors["sealed"]["body"].encode()), message)
    same(seal.unseal(key, message), vectors["sealed"]["body"].encode())
    for broken in vectors["broken"]:
        try:
            seal.unseal(key, bytes.fromhex(broken["hex"]))
        except seal.SealBroken:
            continue
        raise AssertionError("believed: " + broken["what"])
    for card in vectors["card_tokens"]:
        found = tokens.token(bytes.fromhex(card["card_key"]), card["medium"], bytes.fromhex(card["credential"]))
        same(found, card["token"])
    signed(vectors["request"], bytes.fromhex(vectors["keys"]["http"]))
    return len(vectors["keys"]) + 5 + len(vectors["broken"]) + len(vectors["card_tokens"])


def signed(vector, key):
    given = vector["headers"]
    nonce, time = given[requests.NONCE], given[requests.TIME]
    found = requests.headers(key, given[requests.DEVICE], vector["method"], vector["target"], nonce, int(time))
    same(found, given)
    post = vector["post"]
    made = requests.signature(key, "POST", vector["target"], nonce, time, post["body"].encode())
    same(made, post["signature"])
    answer = vector["answer"]
    time_ms, body = int(answer["headers"][requests.TIME]), answer["body"].encode()
    same(requests.answer_headers(key, answer["status"], nonce, time_ms, body), answer["headers"])


def batches(vectors):
    device, epoch, secret = vectors["device"], vectors["epoch"], bytes.fromhex(vectors["secret"])
    digest = chain.genesis(device, epoch)
    same(digest.hex(), vectors["genesis"])
    for record, after in zip(vectors["records"], vectors["digests"]):
        digest = chain.link(digest, record.encode())
        same(digest.hex(), after)
    uplink, downlink = seal.derive(secret, "uplink"), seal.derive(secret, "downlink")
    lines = seal.unseal(uplink, bytes.fromhex(vectors["batch"]["hex"])).split(b"\n")
    same(codec.decode(lines[0])[1]["count"], len(vectors["records"]))
    same([line.decode() for line in lines[1:]], vectors["records"])
    same(codec.decode(seal.unseal(downlink, bytes.fromhex(vectors["ack"]["hex"])))[1]["digest"], digest.hex())
    for kind, key in (("hello", uplink), ("gap", uplink), ("state", uplink), ("welcome", downlink), ("nack", downlink)):
        same(codec.decode(seal.unseal(key, bytes.fromhex(vectors[kind]["hex"])))[0], kind)
    for name, topic in vectors["topics"].items():
        same(topics.topic(vectors["shard"], vectors["school"], device, name), topic)
        same(topics.parse(topic), (vectors["shard"], vectors["school"], device, name))
    return len(lines) + 7 + len(vectors["topics"])


def rosters(vectors):
    key = bytes.fromhex(vectors["http_key"])

    def verify(signature, message):
        return seal.mac(key, message) == signature

    header, body = roster.open_file(vectors["snapshot_hmac"].encode(), verify, vectors["school"], 12, vectors["now_ms"])
    rows = roster.rows_of(header, body, 0, [])
    same([line.decode() for line in rows], vectors["rows"])
    for line in rows:
        same(roster.members_of(roster.row(*roster.members_of(line))), json.loads(line))
    changed, delta = vectors["delta"].encode().split(b"\n", 1)
    after = roster.rows_of(json.loads(changed), delta, 12, rows)
    same([line.decode() for line in after], vectors["rows_after_delta"])
    same(b"".join([line + b"\n" for line in roster.difference(rows, after)]), delta)
    compact_form(vectors, verify)
    beside(vectors, "canteen")
    beside(vectors, "desk")
    for vector in vectors["refused"]:
        try:
            found = roster.open_file(vector["file"].encode(), verify, vectors["school"], 12, vectors["now_ms"])
            roster.rows_of(found[0], found[1], 12, rows)
        except roster.RosterRefused as error:
            same(error.reason, vector["reason"])
        else:
            raise AssertionError("taken: " + vector["reason"])
    return 2 * len(rows) + 3 + len(vectors["canteen_rows"]) + len(vectors["desk_rows"]) + len(vectors["refused"])


def beside(vectors, kind):
    """Check the canteen's roster, or the desk's, but for its signature, which a microcontroller has no use for."""

    def verify(_signature, _message):
        return True

    file = vectors[kind].encode()
    header, body = roster.open_file(file, verify, vectors["school"], 12, vectors["now_ms"], kind)
    rows = roster.rows_of(header, body, 0, [])
    same([line.decode() for line in rows], vectors[kind + "_rows"])
    for line in rows:
        same(roster.members_of(roster.row(*roster.members_of(line))), json.loads(line))


def compact_form(vectors, verify):
    line, _, body = bytes.fromhex(vectors["compact_hex"]).partition(b"\n")
    header = roster_header.header_of(line)
    roster_header.refuse_unless_believed(header, verify, vectors["school"], 12, vectors["now_ms"])
    same((header["length"], header["digest"]), (len(body), roster.digest_of(body)))
    card = vectors["compact_card"]
    told = compact.unpack_card(body[-compact.CARD_BYTES :])
    same(told, (bytes.fromhex(card["token"]), card["person"], card["until_s"], card["flags"], card["profile"]))


def releases(vectors):
    manifest = release.open_manifest(vectors["manifest"].encode(), None)
    same([file.offset for file in manifest.files], vectors["offsets"])
    payload = bytes.fromhex(vectors["payload"])
    same(len(payload), manifest.size)
    for file in manifest.files:
        same(hexlify(sha256(payload[file.offset : file.offset + file.size]).digest()).decode(), file.digest)
    for vector in vectors["refused"]:
        same(_reason(release.open_manifest, vector["file"].encode(), None), vector["reason"])
    for fit in vectors["fits"]:
        held = fit["product"], fit["board"], fit["held"], fit["journal"]
        same(_reason(release.check_fits, manifest, *held), fit["reason"])
    return len(manifest.files) + len(vectors["refused"]) + len(vectors["fits"])


def _reason(work, *words):
    try:
        work(*words)
    except release.ReleaseRefused as error:
        return error.reason
    return ""


def same(found, wanted):
    """Raise AssertionError unless both are equal."""
    if found != wanted:
        raise AssertionError("found %r, wanted %r" % (found, wanted))
