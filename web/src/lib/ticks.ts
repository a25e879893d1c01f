/** Words for the ticks of a time axis, as exact as its length asks for. */

const MINUTE = 60;
const DAY = 86_400;

/** Formats unix seconds between two times: with seconds for minutes, with hours for days, with days for more. */
export function timeTicks(first: number, last: number): (seconds: number) => string {
    const span = last - first;
    const options: Intl.DateTimeFormatOptions =
        span <= 20 * MINUTE
            ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
            : span <= DAY
              ? { hour: "2-digit", minute: "2-digit" }
              : span <= 3 * DAY
                ? { weekday: "short", hour: "2-digit", minute: "2-digit" }
                : { day: "numeric", month: "short" };
    const format = new Intl.DateTimeFormat("en-GB", options);
    return (seconds) => format.format(new Date(seconds * 1_000));
}
