// Writes src/parity/intl/locales.js: the words and patterns of the locales that the sandbox knows, as the Intl of the
// Node that runs this has them (CLDR data, Unicode licence). Run it with Node 20, which actions are compared with.

import { writeFileSync } from 'node:fs';

const locales = [
    'en-US', 'en-GB', 'en-CA', 'en-AU', 'en-NZ', 'en-IE', 'en-IN', 'en-ZA', 'de', 'de-AT', 'de-CH', 'fr', 'fr-CA',
    'fr-CH', 'es', 'es-MX', 'es-419', 'it', 'pt', 'pt-PT', 'nl', 'nl-BE', 'sv', 'da', 'nb', 'fi', 'pl', 'cs', 'sk', 'hu',
    'ro', 'ru', 'uk', 'tr', 'el', 'he', 'ja', 'zh', 'zh-TW', 'ko', 'id', 'vi',
];
const currencies = (
    'USD EUR GBP JPY CNY INR CAD AUD NZD CHF SEK NOK DKK PLN CZK HUF RUB TRY BRL MXN KRW ILS ZAR SGD HKD THB ' +
    'UAH RON VND IDR PHP TWD'
).split(' ');
const when = Date.UTC(2024, 0, 5, 3, 4, 5);
const afternoon = Date.UTC(2024, 0, 5, 15, 4, 5);
const zone = { timeZone: 'UTC' };

const parts = (locale, options, at = when) => new Intl.DateTimeFormat(locale, { ...zone, ...options }).formatToParts(at);
const part = (locale, options, type, at) => parts(locale, options, at).find((one) => one.type === type)?.value ?? '';

function names(locale) {
    const months = (options) =>
        Array.from({ length: 12 }, (_, month) => part(locale, options, 'month', Date.UTC(2024, month, 5)));
    const days = (width) =>
        Array.from({ length: 7 }, (_, day) => part(locale, { weekday: width }, 'weekday', Date.UTC(2024, 0, 7 + day)));
    const made = { wl: days('long'), ws: days('short'), wn: days('narrow') };
    for (const [letter, width] of [['l', 'long'], ['s', 'short'], ['n', 'narrow']]) {
        made[`M${letter}`] = months({ month: width, day: 'numeric' });
        const alone = months({ month: width });
        if (alone.join() !== made[`M${letter}`].join()) made[`L${letter}`] = alone;
    }
    return made;
}

function token(piece, words) {
    const { type, value } = piece;
    const two = value.length === 2 ? type[0] : '';
    switch (type) {
        case 'weekday': return '{w}';
        case 'year': case 'relatedYear': return value.length === 2 ? '{yy}' : '{y}';
        case 'month':
            if (/^\d+$/.test(value)) return two ? '{MM}' : '{M}';
            for (const letter of ['l', 's', 'n']) {
                if (words[`L${letter}`]?.[0] === value && words[`M${letter}`][0] !== value) return '{L}';
            }
            return '{N}';
        case 'day': return two ? '{dd}' : '{d}';
        case 'hour': return two ? '{hh}' : '{h}';
        case 'minute': return two ? '{mm}' : '{m}';
        case 'second': return two ? '{ss}' : '{s}';
        case 'dayPeriod': return '{a}';
        case 'timeZoneName': return '{z}';
        default: return value;
    }
}

const pattern = (locale, options, words) => parts(locale, options).map((piece) => token(piece, words)).join('');

function datePatterns(locale, words) {
    const made = {};
    const widths = { n: 'numeric', s: 'short', l: 'long' };
    for (const w of ['', 'w']) {
        for (const y of ['', 'y']) {
            for (const M of ['', 'n', 's', 'l']) {
                for (const d of ['', 'd']) {
                    const key = w + y + M + d;
                    if (key === '') continue;
                    const options = {};
                    if (w) options.weekday = 'long';
                    if (y) options.year = 'numeric';
                    if (M) options.month = widths[M];
                    if (d) options.day = 'numeric';
                    made[key] = pattern(locale, options, words);
                }
            }
        }
    }
    return made;
}

function timePatterns(locale, words) {
    const made = {};
    for (const [key, fields] of Object.entries({
        h: ['hour'], hm: ['hour', 'minute'], hms: ['hour', 'minute', 'second'], ms: ['minute', 'second'],
        m: ['minute'], s: ['second'],
    })) {
        const options = Object.fromEntries(fields.map((field) => [field, 'numeric']));
        made[key] = pattern(locale, { ...options, hourCycle: 'h23' }, words);
        if (key[0] === 'h') made[`${key}a`] = pattern(locale, { ...options, hour12: true }, words);
    }
    return made;
}

/** What stands between a date and a time. */
function glue(locale, date, time) {
    const all = parts(locale, { ...date, ...time });
    const isTime = ({ type }) => ['hour', 'minute', 'second', 'dayPeriod'].includes(type);
    const first = all.findIndex(isTime);
    return first > 0 ? all[first - 1].value : ' ';
}

function glues(locale, words) {
    const made = {};
    for (const [letter, width] of [['n', 'numeric'], ['s', 'short'], ['l', 'long']]) {
        const date = { year: 'numeric', month: width, day: 'numeric' };
        const whole = pattern(locale, { ...date, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' }, words);
        const before = pattern(locale, date, words);
        const after = pattern(locale, { hour: 'numeric', minute: 'numeric', hourCycle: 'h23' }, words);
        made[letter] = whole.startsWith(before) && whole.endsWith(after)
            ? whole.slice(before.length, whole.length - after.length)
            : glue(locale, date, { hour: 'numeric', minute: 'numeric' });
    }
    made.w = glue(locale, { weekday: 'long' }, { hour: 'numeric', minute: 'numeric', second: 'numeric' });
    return made;
}

function styles(locale, words) {
    const made = {};
    for (const style of ['full', 'long', 'medium', 'short']) {
        made[`d${style}`] = pattern(locale, { dateStyle: style }, words);
        made[`t${style}`] = pattern(locale, { timeStyle: style }, words);
        const whole = pattern(locale, { dateStyle: style, timeStyle: 'short' }, words);
        const end = pattern(locale, { timeStyle: 'short' }, words);
        made[`g${style}`] = whole.startsWith(made[`d${style}`]) && whole.endsWith(end)
            ? whole.slice(made[`d${style}`].length, whole.length - end.length)
            : glue(locale, { dateStyle: style }, { timeStyle: 'short' });
    }
    return made;
}

const numberTypes = new Set(['integer', 'decimal', 'fraction', 'group']);

/** A number's text with {n} for the digits, {c} for the currency and {-} for the sign. */
function numberPattern(locale, options, value) {
    const out = [];
    for (const { type, value: text } of new Intl.NumberFormat(locale, options).formatToParts(value)) {
        if (numberTypes.has(type)) {
            if (out.at(-1) !== '{n}') out.push('{n}');
        } else if (type === 'currency') out.push('{c}');
        else if (type === 'minusSign') out.push('{-}');
        else out.push(text);
    }
    return out.join('');
}

function compact(locale, display) {
    return Array.from({ length: 12 }, (_, at) => {
        const options = { notation: 'compact', compactDisplay: display };
        const both = [1, 2].map((times) => {
            const value = times * 10 ** (at + 3);
            const made = new Intl.NumberFormat(locale, options).formatToParts(value);
            const digits = made.filter(({ type }) => type === 'integer').map((one) => one.value).join('').length;
            return digits + numberPattern(locale, options, value);
        });
        return both[0].slice(1) === both[1].slice(1) ? both[0] : both;
    });
}

function numbers(locale) {
    const of = (options, value, type) =>
        new Intl.NumberFormat(locale, options).formatToParts(value).find((one) => one.type === type)?.value;
    const currency = (extra, value) => numberPattern(locale, { style: 'currency', currency: 'USD', ...extra }, value);
    const symbols = {};
    const narrow = {};
    for (const code of currencies) {
        const symbol = of({ style: 'currency', currency: code }, 5, 'currency');
        if (symbol !== code) symbols[code] = symbol;
        const small = of({ style: 'currency', currency: code, currencyDisplay: 'narrowSymbol' }, 5, 'currency');
        if (small !== (symbol ?? code)) narrow[code] = small;
    }
    const big = new Intl.NumberFormat(locale).formatToParts(123456789).filter(({ type }) => type === 'integer');
    return {
        decimal: of({}, 1.5, 'decimal'),
        group: of({}, 1234567, 'group'),
        least: of({}, 1234, 'group') === undefined ? 2 : 1,
        second: big.at(-2).value.length,
        minus: of({}, -1, 'minusSign'),
        percent: numberPattern(locale, { style: 'percent' }, 0.5),
        plus: currency({}, 5),
        negative: currency({}, -5),
        accounting: currency({ currencySign: 'accounting' }, -5),
        code: currency({ currencyDisplay: 'code' }, 5),
        symbols,
        narrow,
        short: compact(locale, 'short'),
        long: compact(locale, 'long'),
    };
}

function relative(locale) {
    const made = {};
    for (const style of locale === 'en-US' ? ['long', 'short', 'narrow'] : ['long']) {
        const always = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style });
        const auto = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style });
        for (const unit of ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second']) {
            const text = (value) => always.format(value, unit).replace(/\d+/, '{0}');
            const spoken = {};
            for (const value of [-2, -1, 0, 1, 2]) {
                const said = auto.format(value, unit);
                if (said !== always.format(value, unit)) spoken[value] = said;
            }
            made[style[0] + unit] = [[-1, -2, -5].map(text), [1, 2, 5].map(text), spoken];
        }
    }
    return made;
}

function lists(locale) {
    const made = {};
    for (const type of ['conjunction', 'disjunction', 'unit']) {
        for (const style of ['long', 'short', 'narrow']) {
            const format = new Intl.ListFormat(locale, { type, style });
            const between = format.formatToParts(['A', 'B', 'C', 'D']).filter((one) => one.type === 'literal');
            const pair = format.format(['A', 'B']).slice(1, -1);
            made[type[0] + style[0]] = [pair, ...between.map((one) => one.value)];
        }
    }
    return made;
}

function data(locale) {
    const words = names(locale);
    return {
        ...words,
        a: [part(locale, { hour: 'numeric', hour12: true }, 'dayPeriod'),
            part(locale, { hour: 'numeric', hour12: true }, 'dayPeriod', afternoon)],
        cycle: new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions().hourCycle,
        date: datePatterns(locale, words),
        time: timePatterns(locale, words),
        glue: glues(locale, words),
        style: styles(locale, words),
        number: numbers(locale),
        relative: relative(locale),
        list: lists(locale),
    };
}

const lines = locales.map((locale) => `    ${JSON.stringify(locale)}:\n        ${quote(narrow(JSON.stringify(data(locale))))},`);

/** A text with a character beyond Latin-1 takes two bytes for each of its characters: escape them if that is shorter. */
function narrow(text) {
    const escaped = text.replace(/[^\0-\xff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return escaped.length < 2 * text.length ? escaped : text;
}

function quote(text) {
    return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const places = { en: 'en-US', no: 'nb', 'zh-CN': 'zh', 'zh-Hans': 'zh', 'zh-Hant': 'zh-TW', 'pt-BR': 'pt' };
writeFileSync(
    new URL('../src/parity/intl/locales.js', import.meta.url),
    `// Made by scripts/locales.mjs from the Unicode CLDR. Do not edit.

/** Locales whose data is that of another. */
export const aliases = ${JSON.stringify(places)};

/** Each locale's data as JSON: read only when the locale is asked for. */
export const texts = {
${lines.join('\n')}
};
`,
);
