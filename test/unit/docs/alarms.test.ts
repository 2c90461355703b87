import { describe, expect, test } from "vitest";
import { LOG_EVENTS, type LogEvent } from "../../../shared/telemetry/events.ts";
import { toMeasurements } from "../../../shared/telemetry/metrics.ts";
import { firstColumnCodes, sectionOf } from "../../support/markdown.ts";
import { readPage } from "./pages.ts";

const PAGE = readPage("docs/operations.md");
const TABLE = sectionOf(PAGE, "alarms");

/** Sluice at work: nobody has to look. A line that is new belongs here or into the page's table. */
const ROUTINE: readonly LogEvent[] = [
  "attempt",
  "catalog-loaded",
  "confirmed",
  "decision",
  "delivery-rearmed",
  "delivery-withdrawn",
  "event-accepted",
  "intake-accepted",
  "intake-alone",
  "intake-handshake",
  "intake-uncounted",
  "push-unmatched",
  "redelivery-asked",
  "trusted-root-refreshed",
  "work-retried",
];

const isLogEvent = (text: string): text is LogEvent => Object.hasOwn(LOG_EVENTS, text);

describe("what to raise an alarm on", () => {
  test("every line of the log is an alarm or routine, and none is both", () => {
    const all = [...firstColumnCodes(TABLE), ...ROUTINE];
    expect(all.toSorted()).toEqual(Object.keys(LOG_EVENTS).toSorted());
  });

  const rows = TABLE.split("\n").flatMap((line) => {
    const [, event = "", when, , , metric = ""] = line
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", ""));
    return isLogEvent(event) ? [{ event, when, metric }] : [];
  });

  test.each(rows)("$event has the metric that counts it", ({ event, when, metric }) => {
    expect(["each", "repeated"]).toContain(when);
    const [counted] = toMeasurements(event, {});
    expect(metric).toBe(counted?.name ?? "");
  });
});
