const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a Gregorian date (month 1–12); years count from March, so that leap days come last. */
const toDays = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
};

const fromDays = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
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

const pad = (value: number, width: number): string => String(value).padStart(width, "0");

/** RFC 3339 in UTC with milliseconds. Pure arithmetic: the domain has no `Date`, which would also tell the time. */
export const toRfc3339 = (timeMs: number): string => {
  const whole = Math.floor(timeMs);
  const days = Math.floor(whole / DAY_MS);
  const { year, month, day } = fromDays(days);
  const rest = whole - days * DAY_MS;
  const clock = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  const time = clock.map((part) => pad(part, 2)).join(":");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}.${pad(rest % 1000, 3)}Z`;
};

const toTimeMs = (parts: readonly [number, number, number, number, number, number]): number | undefined => {
  const [year, month, day, hour, minute, second] = parts;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return undefined;
  const days = toDays(year, month, day);
  // 31 February would silently become a day in March.
  if (day < 1 || fromDays(days).day !== day) return undefined;
  return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + Math.min(second, 59) * 1000;
};

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Milliseconds since the epoch, or `undefined` for anything that is not RFC 3339. */
export const parseRfc3339 = (text: string): number | undefined => {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const at = (index: number): number => Number(match[index]);
  const base = toTimeMs([at(1), at(2), at(3), at(4), at(5), at(6)]);
  if (base === undefined) return undefined;
  const fractionMs = match[7] === undefined ? 0 : Math.floor(Number(`0.${match[7]}`) * 1000);
  if (match[8] === undefined) return base + fractionMs;
  if (at(9) > 23 || at(10) > 59) return undefined;
  const offsetMs = (at(9) * 60 + at(10)) * 60_000;
  return base + fractionMs + (match[8] === "+" ? -offsetMs : offsetMs);
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HTTP_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** The one HTTP date format that senders may produce (RFC 9110 §5.6.7, IMF-fixdate). */
export const parseHttpDate = (text: string): number | undefined => {
  const match = HTTP_DATE.exec(text);
  if (match === null) return undefined;
  const month = MONTHS.indexOf(match[2] ?? "") + 1;
  const at = (index: number): number => Number(match[index]);
  return toTimeMs([at(3), month, at(1), at(4), at(5), at(6)]);
};
