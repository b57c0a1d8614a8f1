"""The judge: what a window of messages means for the records, and what each device is answered. Pure.

Rule: a record that came under a right seal is stored, or kept in quarantine, or answered with the watermark so that it
comes again; it is never dropped. An answer that lets a device trim speaks only of what its plan commits.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from cloud.ingest.answers import Answers
from cloud.ingest.instants import corrected_ms
from cloud.ingest.messages import Batched, Greeted, Message, Missing, Refused, Sender, Stated
from cloud.ingest.plan import Alarm, Healthy, Loss, NewRecord, Plan, Quarantined, Sighting, Told, clean
from cloud.ingest.reading import CONSUMED, Reader, Unreadable, read_record
from cloud.ingest.repeats import chain_of, covered, filled, told_apart
from cloud.ingest.state import BOOTS_MAX, Boots, Key, Mark, State
from schemas.chain import DIGEST_BYTES, genesis, link
from schemas.structs import Alarm as ToldAlarm
from schemas.structs import AnyRecord, Command, Health, Open, WelcomeMark

LIVE_LAG_MS = 30_000
GAPS_MAX = 1_000


def judge(messages: Iterable[Message], state: State, now_ms: int, reader: Reader = read_record) -> Plan:
    """Return what to write and to answer. `state` holds the marks of every epoch and the boots of every device named.

    A plan that is not ready names what the judge lacked; look that up and judge again.
    """
    sitting = _Sitting(state, now_ms, reader)
    for message in messages:
        sitting.hear(message)
    return sitting.close()


class _Sitting:
    """One window in the order it came; what it has found so far stands over what the state knows."""

    def __init__(self, state: State, now_ms: int, reader: Reader) -> None:
        self._state = state
        self._now_ms = now_ms
        self._reader = reader
        self._plan = Plan()
        self._answers = Answers(now_ms)

    def hear(self, message: Message) -> None:
        match message:
            case Batched():
                self._batch(message)
            case Missing():
                self._missing(message)
            case Greeted():
                self._greeted(message)
            case Stated():
                self._stated(message)
            case Refused():
                self._refused(message)

    def close(self) -> Plan:
        if self._plan.is_ready:
            self._plan.replies = self._answers.sealed(self._mark)
        return self._plan

    def _mark(self, key: Key) -> Mark:
        return self._plan.marks.get(key) or self._state.marks[key]

    def _move(self, sender: Sender, key: Key, mark: Mark) -> None:
        self._plan.marks[key] = mark
        self._plan.shards[sender.name] = sender.shard

    # Records

    def _batch(self, message: Batched) -> None:
        header, sender = message.header, message.sender
        key = (sender.name, header.epoch)
        mark = self._mark(key)
        self._plan.heard[sender.device_id] = message.at_ms
        self._notice_clone(message.sender.name, header.boot, header.monotonic_ms, message)
        if header.first_seq > mark.upto + 1:
            self._answers.out_of_order(sender, message.answers, key)
        elif header.first_seq + header.count - 1 <= mark.upto:
            self._repeated(message, key, mark)
        else:
            self._continued(message, key, mark)

    def _continued(self, message: Batched, key: Key, mark: Mark) -> None:
        """Take a batch that has something new, after proving what it repeats by the chain."""
        header = message.header
        repeated = mark.upto + 1 - header.first_seq
        digest = bytes.fromhex(header.previous_digest)
        for line in message.lines[:repeated]:
            digest = link(digest, line)
        if digest != mark.digest and repeated:
            self._contested(message, key, mark, chain_of(header.previous_digest, message.lines))
            return
        if digest != mark.digest:
            self._forked(message, key)
            return
        if repeated and mark.lacks(header.first_seq, mark.upto):
            mark = self._fill(message, key, mark, message.lines[:repeated])
        self._extend(message, key, mark, message.lines[repeated:])
        self._answers.committed(message.sender, message.answers, key)
        self._plan.acked[message.sender.device_id] = (message.at_ms, key[1])

    def _extend(self, message: Batched, key: Key, mark: Mark, lines: Sequence[bytes]) -> None:
        digest, seq, boot = mark.digest, mark.upto, mark.boot or message.header.boot
        for line in lines:
            digest, seq = link(digest, line), seq + 1
            opened = self._take(message, key, boot, seq, digest, line)
            if opened is not None:
                boot = opened.boot
        self._move(message.sender, key, Mark(seq, digest, boot, mark.gaps))
        self._plan.digests[key[0], key[1], seq] = digest

    def _take(self, message: Batched, key: Key, boot: str, seq: int, digest: bytes, line: bytes) -> Open | None:
        """Give a new record its position, or keep it in quarantine; return it if it opens the epoch."""
        try:
            record, kind = self._reader(line)
        except Unreadable as error:
            self._quarantine(message, key, seq, digest, line, error.reason)
            return None
        opened = record if isinstance(record, Open) else None
        if opened is not None:
            boot = opened.boot
            self._notice_other_end(message, opened)
        sender = message.sender
        at_ms, was_impossible = corrected_ms(
            wall_ms=record.wall_ms,
            clock=record.clock,
            monotonic_ms=record.monotonic_ms,
            offset_ms=self._boots(sender.name).offsets.get(boot),
            received_ms=message.at_ms,
        )
        if was_impossible:
            self._alarm(sender.name, sender.school, "clock_wrong", f"{record.clock} told {record.wall_ms}")
        self._heed(message, boot, record, at_ms)
        shard = sender.shard
        position = (self._plan.heads.get(shard) or self._state.heads[shard]) + 1
        self._plan.heads[shard] = position
        self._plan.records.append(
            NewRecord(
                shard, position, sender.school_id, sender.name, key[1], seq, message.at_ms, at_ms, kind, digest, line
            )
        )
        return opened

    def _quarantine(self, message: Batched, key: Key, seq: int, digest: bytes, line: bytes, reason: str) -> None:
        sender = message.sender
        self._plan.quarantined.append(
            Quarantined(sender.shard, sender.school_id, sender.name, key[1], seq, message.at_ms, reason, digest, line)
        )
        self._alarm(sender.name, sender.school, f"record_{reason}", f"epoch {key[1]}, record {seq}")

    # Records that were here before

    def _repeated(self, message: Batched, key: Key, mark: Mark) -> None:
        """Take a batch of old numbers: a duplicate, or what fills a gap, or another story under the same numbers."""
        header = message.header
        first, last = header.first_seq, header.first_seq + header.count - 1
        chain = chain_of(header.previous_digest, message.lines)
        known = mark.digest if last == mark.upto else self._digest(key, last)
        if known == chain[-1] and not mark.lacks(first, last):
            self._plan.duplicates += header.count
            self._answers.committed(message.sender, message.answers, key)
            return
        self._contested(message, key, mark, chain)

    def _contested(self, message: Batched, key: Key, mark: Mark, chain: Sequence[bytes]) -> None:
        """Compare a batch with all that is known of its numbers, and of the one before it."""
        first = message.header.first_seq
        stretch = (key[0], key[1], first - 1, min(mark.upto, first + len(chain) - 1))
        if stretch not in self._state.looked_up:
            self._plan.wants_digests.add(stretch)
            return
        known = {seq: self._digest(key, seq) for seq in range(first - 1, first + len(chain))}
        known.update(self._just_taken(key))
        known[mark.upto] = mark.digest
        if first == 1:
            known[0] = genesis(*key)
        strange = told_apart(first - 1, [bytes.fromhex(message.header.previous_digest), *chain], known)
        if not strange:
            self._fill(message, key, mark, message.lines)
            self._answers.committed(message.sender, message.answers, key)
            return
        for seq in strange:
            if seq >= first:
                self._quarantine(message, key, seq, chain[seq - first], message.lines[seq - first], "conflict")
        self._answers.kept(message.sender, message.answers, key, first + len(chain) - 1, chain[-1])

    def _fill(self, message: Batched, key: Key, mark: Mark, lines: Sequence[bytes]) -> Mark:
        """Store the records that lie in gaps: a real record that turns up later wins."""
        first = message.header.first_seq
        chain = chain_of(message.header.previous_digest, lines)
        places = [seq for seq in range(first, first + len(lines)) if covered(seq, mark.gaps)]
        for seq in places:
            self._take(message, key, mark.boot or message.header.boot, seq, chain[seq - first], lines[seq - first])
            self._plan.digests[key[0], key[1], seq] = chain[seq - first]
        self._plan.duplicates += len(lines) - len(places)
        if places:
            mark = Mark(mark.upto, mark.digest, mark.boot, filled(mark.gaps, places))
            self._move(message.sender, key, mark)
        return mark

    def _forked(self, message: Batched, key: Key) -> None:
        """Keep a batch that follows on our numbers but not on our chain, and leave it with the device, too."""
        chain = chain_of(message.header.previous_digest, message.lines)
        for offset, (line, digest) in enumerate(zip(message.lines, chain, strict=True)):
            self._quarantine(message, key, message.header.first_seq + offset, digest, line, "chain")
        self._answers.chain_broken(message.sender, message.answers, key)

    def _digest(self, key: Key, seq: int) -> bytes | None:
        place = (key[0], key[1], seq)
        return self._plan.digests.get(place) or self._state.digests.get(place)

    def _just_taken(self, key: Key) -> dict[int, bytes]:
        """Return the digests of what this window takes of an epoch, which no table holds yet."""
        taken = {row.seq: row.digest for row in self._plan.records if (row.device, row.epoch) == key}
        for row in self._plan.quarantined:
            if (row.device, row.epoch) == key and row.reason in CONSUMED:
                taken[row.seq] = row.digest
        return taken

    # Gaps

    def _missing(self, message: Missing) -> None:
        gap, sender = message.gap, message.sender
        key = (sender.name, gap.epoch)
        mark = self._mark(key)
        self._plan.heard[sender.device_id] = message.at_ms
        if gap.first_seq > mark.upto + 1:
            self._answers.out_of_order(sender, message.answers, key)
            return
        self._answers.committed(sender, message.answers, key)
        if gap.last_seq <= mark.upto:
            return
        first, digest = mark.upto + 1, bytes.fromhex(gap.digest_after)
        gaps = (*mark.gaps, (first, gap.last_seq))[-GAPS_MAX:]
        self._move(sender, key, Mark(gap.last_seq, digest, mark.boot, gaps))
        self._plan.digests[key[0], key[1], gap.last_seq] = digest
        self._plan.losses.append(
            Loss(
                sender.shard, sender.school_id, sender.name, gap.epoch, first, gap.last_seq, message.at_ms,
                gap.reason, digest,
            )
        )  # fmt: skip
        self._alarm(sender.name, sender.school, "records_lost", f"epoch {gap.epoch}, {first} to {gap.last_seq}")

    def _notice_other_end(self, message: Batched, opened: Open) -> None:
        """Alarm when the epoch before this one ended later than what we have of it; or earlier: an old copy is back."""
        if not opened.previous_epoch or not opened.previous_head:
            return
        key = (message.sender.name, opened.previous_epoch)
        if key not in self._plan.marks and key not in self._state.marks:
            self._plan.wants_marks.add(key)
            return
        upto = self._mark(key).upto
        if upto < opened.previous_head:
            detail = f"epoch {opened.previous_epoch}, {upto + 1} to {opened.previous_head}"
            self._alarm(message.sender.name, message.sender.school, "tail_missing", detail)
        elif upto > opened.previous_head:
            detail = f"epoch {opened.previous_epoch}, {upto} known here, {opened.previous_head} to the device"
            self._alarm(message.sender.name, message.sender.school, "rollback", detail)

    # Greetings, presence and health

    def _greeted(self, message: Greeted) -> None:
        hello, sender = message.hello, message.sender
        self._notice_clone(sender.name, hello.boot, hello.monotonic_ms, message)
        self._learn_boot(sender, hello.boot, message.at_ms - hello.monotonic_ms)
        held = [(epoch, self._mark((sender.name, epoch.epoch))) for epoch in hello.epochs]
        marks = [WelcomeMark(epoch=epoch.epoch, upto=mark.upto, digest=mark.digest.hex()) for epoch, mark in held]
        self._answers.welcome(message, marks, self._state.rosters.get(sender.school, 0))
        self._see(
            sender,
            Sighting(
                device_id=sender.device_id,
                at_ms=message.at_ms,
                boot=hello.boot,
                is_online=True,
                firmware=clean(hello.firmware),
                roster=hello.roster,
                clock=hello.clock,
                unsent=sum(max(0, epoch.head - max(mark.upto, epoch.tail - 1)) for epoch, mark in held),
            ),
        )

    def _stated(self, message: Stated) -> None:
        sender, state = message.sender, message.state
        current = self._boots(sender.name).current
        if not state.online and current and state.boot != current:
            return  # The last will of a boot that has been followed by another says nothing about this one.
        boot = state.boot if state.online else None
        self._see(sender, Sighting(device_id=sender.device_id, at_ms=message.at_ms, boot=boot, is_online=state.online))

    def _heed(self, message: Batched, boot: str, record: AnyRecord, at_ms: int) -> None:
        """Take note of what a device tells of itself, as it was at an instant."""
        sender = message.sender
        match record:
            case Health():
                self._healthy(message, boot, record)
                self._plan.healths.append(_health(sender, record, at_ms))
            case Command():
                told = Told(record.id, sender.device_id, record.outcome, at_ms, message.at_ms)
                self._plan.told.append(told)
            case ToldAlarm():
                detail = " ".join(word for word in (record.gate, record.detail) if word)
                self._alarm(sender.name, sender.school, record.reason, detail, at_ms)
            case _:
                pass

    def _healthy(self, message: Batched, boot: str, health: Health) -> None:
        """Take a device's word on its health, unless it waited so long that the hello since then says more."""
        header, sender = message.header, message.sender
        if boot != header.boot or header.monotonic_ms - health.monotonic_ms > LIVE_LAG_MS:
            return
        self._see(
            sender,
            Sighting(
                device_id=sender.device_id,
                at_ms=message.at_ms,
                firmware=clean(health.firmware),
                roster=health.roster,
                clock=health.clock,
                unsent=health.unsent,
            ),
        )

    def _see(self, sender: Sender, sighting: Sighting) -> None:
        known = self._plan.sightings.get(sender.name)
        self._plan.sightings[sender.name] = sighting if known is None else known.followed_by(sighting)

    def _boots(self, device: str) -> Boots:
        return self._plan.boots.get(device) or self._state.boots.get(device) or Boots()

    def _learn_boot(self, sender: Sender, boot: str, offset_ms: int) -> None:
        """Keep the smallest offset of a boot: the one whose hello was least delayed."""
        known = self._boots(sender.name)
        offset_ms = min(offset_ms, known.offsets.get(boot, offset_ms))
        if known.current == boot and known.offsets.get(boot) == offset_ms:
            return
        others = [(name, offset) for name, offset in known.offsets.items() if name != boot]
        self._plan.boots[sender.name] = Boots(boot, dict([*others[1 - BOOTS_MAX :], (boot, offset_ms)]))
        self._plan.shards[sender.name] = sender.shard

    def _notice_clone(self, device: str, boot: str, monotonic_ms: int, message: Batched | Greeted) -> None:
        """Alarm when a boot that another one has followed is still alive: two machines use one identity.

        A message of the old boot that was only late on its way lags behind that boot's offset and says nothing.
        """
        known = self._boots(device)
        if boot == known.current or boot not in known.offsets:
            return
        if message.at_ms - monotonic_ms - known.offsets[boot] < LIVE_LAG_MS:
            self._alarm(device, message.sender.school, "clone", f"boots {boot} and {known.current} are both alive")

    # Refusals

    def _refused(self, refused: Refused) -> None:
        self._alarm(refused.device, refused.school, refused.alarm, refused.detail)
        sender = refused.sender
        if sender is None:
            return
        self._answers.refused(refused)
        if refused.kept is not None:
            digest = sha256(refused.kept).digest()[:DIGEST_BYTES]
            self._plan.quarantined.append(
                Quarantined(
                    sender.shard, sender.school_id, sender.name, refused.epoch or "", 0, refused.at_ms, "frame", digest,
                    refused.kept,
                )
            )  # fmt: skip

    def _alarm(self, device: str, school: str, code: str, detail: str, at_ms: int | None = None) -> None:
        at_ms = self._now_ms if at_ms is None else at_ms
        known = self._plan.alarms.get((device, code))
        if known is None:
            self._plan.alarms[device, code] = Alarm(clean(device), clean(school), code, clean(detail), at_ms)
        else:
            known.count += 1
            known.at_ms = max(known.at_ms, at_ms)


def _health(sender: Sender, record: Health, at_ms: int) -> Healthy:
    return Healthy(
        sender.device_id, at_ms, record.uptime_s, record.unsent, record.disk_free_mb, record.temperature_c,
        record.wear_pct, record.signal_dbm,
    )  # fmt: skip
