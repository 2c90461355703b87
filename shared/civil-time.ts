/** A date and a time of day of one place, as texts have them. */
export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milliseconds: number;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a Gregorian date; years count from March, so that leap days come last. */
const toDays = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

const fromDays = (days: number): Pick<CivilTime, "year" | "month" | "day"> => {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
};

/**
 * A UTC time in milliseconds since 1970; undefined when there is no such day or time, a leap second among them. Pure
 * arithmetic, like all of this file: the domain has no `Date`, which would also tell the time.
 */
export const toEpochMs = (time: CivilTime): number | undefined => {
  const { year, month, day, hour, minute, second, milliseconds } = time;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const days = toDays(year, month, day);
  // 31 February would silently become a day in March.
  if (day < 1 || fromDays(days).day !== day) return undefined;
  return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + milliseconds;
};

const pad = (value: number, width: number): string => String(value).padStart(width, "0");

/** RFC 3339 in UTC with milliseconds. */
export const toRfc3339 = (timeMs: number): string => {
  const whole = Math.floor(timeMs);
  const days = Math.floor(whole / DAY_MS);
  const { year, month, day } = fromDays(days);
  const rest = whole - days * DAY_MS;
  const clock = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  const time = clock.map((part) => pad(part, 2)).join(":");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}.${pad(rest % 1000, 3)}Z`;
};

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Undefined for anything that is not RFC 3339. A leap second is the second before it. */
export const parseRfc3339 = (text: string): number | undefined => {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const at = (index: number): number => Number(match[index]);
  const second = at(6);
  const base = toEpochMs({
    year: at(1),
    month: at(2),
    day: at(3),
    hour: at(4),
    minute: at(5),
    second: second === 60 ? 59 : second,
    milliseconds: Number(`${match[7] ?? ""}000`.slice(0, 3)),
  });
  if (base === undefined || match[8] === undefined) return base;
  if (at(9) > 23 || at(10) > 59) return undefined;
  const offsetMs = (at(9) * 60 + at(10)) * 60_000;
  return match[8] === "+" ? base - offsetMs : base + offsetMs;
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HTTP_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** The one HTTP date format that senders may produce (RFC 9110 §5.6.7, IMF-fixdate). */
export const parseHttpDate = (text: string): number | undefined => {
  const match = HTTP_DATE.exec(text);
  if (match === null) return undefined;
  const at = (index: number): number => Number(match[index]);
  return toEpochMs({
    year: at(3),
    month: MONTHS.indexOf(match[2] ?? "") + 1,
    day: at(1),
    hour: at(4),
    minute: at(5),
    second: at(6),
    milliseconds: 0,
  });
};
