/**
 * Arithmetic of a step chart of a rate over time, without any drawing.
 *
 * @typedef {{date_from: string, date_to: string|null, rate: number}} Stretch
 *  `date_to` is the first day after it; empty: open
 */

const {DateTime} = luxon;

const days = (iso) =>
    Math.round(DateTime.fromISO(iso, {zone: "utc"}).toMillis() / 864e5);

/**
 * @param {Stretch[]} stretches in order of time
 * @param {string} today ISO date
 * @returns {{from: string, to: string}|null} the days that a picture shows: a bit more
 *  than the stretches and today, so that edges and open ends are seen
 */
export function shownDays(stretches, today) {
    if (!stretches.length) {
        return null;
    }
    const edges = [today];
    for (const {date_from, date_to} of stretches) {
        edges.push(date_from, date_to || date_from);
    }
    edges.sort();
    const [first, last] = [edges[0], edges.at(-1)];
    const margin = Math.max(15, Math.round((days(last) - days(first)) * 0.05));
    const shift = (iso, by) => DateTime.fromISO(iso).plus({days: by}).toISODate();
    return {from: shift(first, -margin), to: shift(last, margin)};
}

/**
 * @param {Stretch[]} stretches in order of time
 * @param {string} today ISO date
 * @param {number} width
 * @param {number} height
 * @returns {{line: string, area: string, todayX: number, steps: Object[]}|null} SVG paths
 *  of the rate, where today is, and the stretches with their place
 */
export function stepChart(stretches, today, width, height) {
    const shown = shownDays(stretches, today);
    if (!shown) {
        return null;
    }
    const [first, last] = [days(shown.from), days(shown.to)];
    const top = Math.max(...stretches.map(({rate}) => rate), 0) || 1;
    const round = (number) => Math.round(number * 10) / 10;
    const x = (iso) => round((width * (days(iso) - first)) / (last - first));
    const y = (rate) => round(height - (height * Math.max(rate, 0)) / top);

    const path = [`M0 ${height}`];
    let level = height;
    const step = (at, to) => {
        path.push(`H${at}`);
        if (to !== level) {
            path.push(`V${to}`);
            level = to;
        }
    };
    let end = null;
    const steps = [];
    for (const {date_from, date_to, rate} of stretches) {
        if (end && end < date_from) {
            step(x(end), height); // a gap
        }
        step(x(date_from), y(rate));
        end = date_to;
        const from = x(date_from);
        const to = date_to ? x(date_to) : width;
        steps.push({
            date_from,
            date_to,
            rate,
            x: from,
            width: round(to - from),
            y: y(rate),
        });
    }
    if (end) {
        step(x(end), height);
    }
    path.push(`H${width}`);
    const line = path.join("");
    return {line, area: `${line}V${height}H0Z`, todayX: x(today), steps};
}

/**
 * @param {Stretch[]} stretches
 * @param {string} day ISO date
 * @returns {number} the rate on that day
 */
export function rateOn(stretches, day) {
    const stretch = stretches.find(
        ({date_from, date_to}) => date_from <= day && (!date_to || day < date_to)
    );
    return stretch ? stretch.rate : 0;
}
