// How a gate decides, without the passback rules; written from docs/contract.md.
const passed = new Map(); // person, gate and direction -> monotonic milliseconds

export function decide({ card, gate, direction, now }, roster) {
  if (roster === null) return { isAllowed: direction === "out", reason: "roster_missing" };
  const rows = roster.rows.map((row) => JSON.parse(row));
  const find = (kind, key) => rows.find(([of, name]) => of === kind && name === key);
  const [, , policy] = rows.find(([kind]) => kind === "policy");
  const row = find("card", card);
  if (!row) return { isAllowed: false, reason: "card_unknown" };
  const [, , person, state, notAfterMs] = row;
  const profile = find("profile", find("person", person)?.[7]);
  const asked = { person, gate, direction, now, policy, profile, isOld: roster.notAfterMs < now.t && isGood(now) };
  const reason = ofCard(state, notAfterMs, now) ?? ofPerson(find("person", person)) ?? ofRules(asked);
  const isLenient = policy.expired === "allow" || direction === "out";
  const isAllowed = reason === "ok" || (reason === "roster_expired" && isLenient);
  if (isAllowed) passed.set(`${person} ${gate} ${direction}`, now.m);
  return { isAllowed, reason, person };
}

const isGood = (now) => now.q !== "floor" && now.q !== "none";

function ofCard(state, notAfterMs, now) {
  if (state === "blocked") return "card_blocked";
  return notAfterMs && notAfterMs < now.t ? "card_expired" : null;
}

function ofPerson(row) {
  if (!row || !row[5]) return "person_inactive";
  return row[6] ? null : "no_consent";
}

function ofRules({ person, gate, direction, now, policy, profile, isOld }) {
  const before = passed.get(`${person} ${gate} ${direction}`);
  if (before !== undefined && now.m - before < policy.repeat_ms) return "repeat";
  if (!profile || !(profile[3].includes("*") || profile[3].includes(gate))) return "wrong_place";
  if (isOld && policy.expired === "deny" && direction === "in") return "roster_expired";
  const localMs = now.t + (policy.utc_offset_min ?? 300) * 60000;
  if (direction === "in" && isGood(now) && !isWithin(profile[2], localMs)) return "wrong_time";
  return isOld ? "roster_expired" : "ok";
}

function isWithin(spans, localMs) {
  const local = new Date(localMs);
  const weekday = 1 << ((local.getUTCDay() + 6) % 7);
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  return spans.some(([weekdays, from, to]) => weekdays & weekday && from <= minute && minute < to);
}
