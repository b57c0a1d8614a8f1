// Reads a calendar as programs do, with npm's ical.js, and prints what it understood as JSON.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], "utf8")));
const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    summary: event.summary,
    location: event.location,
    description: event.description,
    starts: event.startDate.toJSDate().toISOString(),
    ends: event.endDate.toJSDate().toISOString(),
    zone: event.startDate.zone.tzid,
    status: component.getFirstPropertyValue("status"),
  };
});
console.log(JSON.stringify({ version: calendar.getFirstPropertyValue("version"), name: calendar.getFirstPropertyValue("x-wr-calname"), events }));
