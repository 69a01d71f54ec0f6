// Our Intl beside that of the Node that runs this (20: what actions are compared with).

import assert from 'node:assert/strict';
import test from 'node:test';

import { attach, DateTimeFormat, localized as localizedDate } from '../../src/parity/intl/date_time.js';
import { localized as localizedNumber, NumberFormat } from '../../src/parity/intl/number.js';
import { PluralRules } from '../../src/parity/intl/plural.js';
import { Collator, compared, ListFormat, RelativeTimeFormat, Segmenter } from '../../src/parity/intl/text.js';

function wall(zone, time) {
    const parts = new Intl.DateTimeFormat('en-US', {
        timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric',
        minute: 'numeric', second: 'numeric',
    }).formatToParts(time);
    const get = (type) => Number(parts.find((part) => part.type === type).value);
    return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
}

attach({
    timeZone: {
        find(name) {
            try {
                return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
            } catch {
                return undefined;
            }
        },
        offset: (zone, time) => (wall(zone, time) - Math.floor(time / 1000) * 1000) / 1000,
        abbreviation: (zone, time) => {
            for (const locale of ['en-US', 'en-GB']) {
                const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(time);
                const name = parts.find((part) => part.type === 'timeZoneName').value;
                if (!name.includes('+') && !name.includes('-')) return name;
            }
            return '';
        },
    },
});

const attempt = (work) => {
    try {
        return work();
    } catch (error) {
        return `${error.name}: ${error.message}`;
    }
};

/** Rows that differ, so that one failure shows them all. */
function compare(rows) {
    const different = rows.filter(({ ours, theirs }) => ours !== theirs);
    assert.deepEqual(different, []);
}

const times = [Date.UTC(2024, 0, 5, 3, 4, 5, 67), Date.UTC(2024, 6, 31, 15, 44, 55), Date.UTC(1999, 11, 31, 23, 59, 59), Date.UTC(2024, 2, 10, 0, 0, 0)];
const dateOptions = [
    undefined, {}, { timeZone: 'America/New_York' }, { timeZone: 'Europe/Berlin' }, { timeZone: 'Asia/Tokyo' },
    { timeZone: 'UTC' }, { timeZone: 'Nowhere/Land' }, { dateStyle: 'full' }, { dateStyle: 'long' }, { dateStyle: 'medium' },
    { dateStyle: 'short' }, { timeStyle: 'short' }, { timeStyle: 'medium' }, { timeStyle: 'long' }, { timeStyle: 'full' },
    { dateStyle: 'full', timeStyle: 'short' }, { dateStyle: 'medium', timeStyle: 'medium' },
    { dateStyle: 'short', timeStyle: 'short', timeZone: 'America/Los_Angeles' },
    { dateStyle: 'full', timeStyle: 'long', timeZone: 'America/Chicago' },
    { year: 'numeric', month: 'long', day: 'numeric' }, { year: 'numeric', month: 'short', day: '2-digit' },
    { year: 'numeric', month: '2-digit', day: '2-digit' }, { weekday: 'long' }, { weekday: 'short' }, { month: 'long' },
    { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }, { month: 'short', day: 'numeric' },
    { year: '2-digit', month: 'numeric', day: 'numeric' }, { hour: '2-digit', minute: '2-digit' },
    { hour: 'numeric', minute: '2-digit', hour12: true }, { hour: '2-digit', minute: '2-digit', hour12: false },
    { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, { hour: 'numeric' }, { hour: 'numeric', hour12: false },
    { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
    { year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: 'numeric' },
    { weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' },
    { hour: 'numeric', timeZone: 'America/New_York', timeZoneName: 'short' }, { year: 'numeric' }, { day: 'numeric' },
    { month: 'numeric' }, { minute: '2-digit' }, { weekday: 'narrow', month: 'narrow' }, { hour12: false }, { timeZoneName: 'short' },
    { month: 'banana' }, { dateStyle: 'full', year: 'numeric' }, { timeZone: '+05:30' }, { fractionalSecondDigits: 3, second: 'numeric' },
    { year: 'numeric', month: 'numeric' }, { month: 'long', year: 'numeric' }, { hour: 'numeric', minute: 'numeric', timeZone: 'Asia/Kolkata', timeZoneName: 'long' },
    { timeZone: 'Europe/London', timeZoneName: 'short', hour: 'numeric' }, { timeZone: 'America/New_York', timeZoneName: 'longOffset' },
];
const locales = [undefined, 'en-US', 'en-GB', 'de-DE', 'fr-FR', 'es', 'en-CA', 'sv-SE', 'pt-BR', 'ja-JP', 'it', 'nl', 'pl', 'ru'];
const exact = new Set([undefined, 'en-US', 'en-CA']);

function dateRows(of) {
    const rows = [];
    for (const locale of of) {
        for (const options of dateOptions) {
            for (const time of times) {
                const given = options === undefined ? options : { timeZone: 'UTC', ...options };
                const label = `${locale} ${JSON.stringify(options)} ${new Date(time).toISOString()}`;
                const both = (name, ours, theirs) =>
                    rows.push({ label: `${name} ${label}`, ours: attempt(ours), theirs: attempt(theirs) });
                if (given === undefined) continue;
                both('format', () => new DateTimeFormat(locale, given).format(time), () => new Intl.DateTimeFormat(locale, given).format(time));
                const date = new Date(time);
                both('string', () => localizedDate(date, locale, given, 'any', 'all', 'toLocaleString'), () => date.toLocaleString(locale, given));
                both('date', () => localizedDate(date, locale, given, 'date', 'date', 'toLocaleDateString'), () => date.toLocaleDateString(locale, given));
                both('time', () => localizedDate(date, locale, given, 'time', 'time', 'toLocaleTimeString'), () => date.toLocaleTimeString(locale, given));
            }
        }
    }
    return rows;
}

test('dates in the locales that are exact', () => compare(dateRows([...exact])));

test('dates in other locales, nine in ten', () => {
    const rows = dateRows(locales.filter((locale) => !exact.has(locale)));
    const same = rows.filter(({ ours, theirs }) => ours === theirs).length;
    if (process.env.SHOW) console.log(rows.filter(({ ours, theirs }) => ours !== theirs));
    assert.ok(same / rows.length > 0.9, `${same} of ${rows.length}`);
});

test('options of dates are told as they are used', () => {
    for (const options of [{}, { timeZone: 'UTC' }, { hour: 'numeric' }, { dateStyle: 'full' }, { year: 'numeric', month: 'long' }]) {
        const { ...ours } = new DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).resolvedOptions();
        const theirs = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).resolvedOptions();
        assert.deepEqual(ours, theirs, JSON.stringify(options));
    }
});

test('numbers', () => {
    const values = [0, 1, -1, 1234.5678, 1234567.891, 0.1, 0.005, 1.005, 2.5, 1e21, 1e-7, NaN, Infinity, -0, 999999, 1500, 12345n, -1234.5, 0.999];
    const options = [
        undefined, {}, { style: 'currency', currency: 'USD' }, { style: 'currency', currency: 'EUR' }, { style: 'currency', currency: 'JPY' },
        { style: 'currency', currency: 'CHF' }, { style: 'currency' }, { style: 'currency', currency: 'x' }, { style: 'percent' },
        { style: 'percent', maximumFractionDigits: 1 }, { minimumFractionDigits: 2 }, { maximumFractionDigits: 0 },
        { minimumFractionDigits: 2, maximumFractionDigits: 2 }, { minimumFractionDigits: 5 }, { maximumSignificantDigits: 3 },
        { minimumSignificantDigits: 4 }, { useGrouping: false }, { minimumIntegerDigits: 3 }, { notation: 'compact' },
        { notation: 'compact', compactDisplay: 'long' }, { style: 'currency', currency: 'USD', currencyDisplay: 'code' },
        { style: 'currency', currency: 'USD', currencyDisplay: 'name' }, { style: 'currency', currency: 'USD', minimumFractionDigits: 0 },
        { style: 'currency', currency: 'USD', currencySign: 'accounting' }, { signDisplay: 'always' }, { signDisplay: 'never' },
        { signDisplay: 'exceptZero' }, { style: 'unit', unit: 'kilometer' }, { style: 'unit', unit: 'day', unitDisplay: 'long' },
        { style: 'banana' }, { maximumFractionDigits: 101 }, { notation: 'scientific' },
    ];
    const rows = [];
    for (const locale of [undefined, 'en-US', 'en-GB', 'de-DE', 'fr', 'es', 'en-IN', 'sv']) {
        for (const given of options) {
            for (const value of values) {
                rows.push({
                    label: `${locale} ${JSON.stringify(given)} ${String(value)}`,
                    ours: attempt(() => localizedNumber(value, locale, given, `${typeof value === 'bigint' ? 'BigInt' : 'Number'}.prototype.toLocaleString`)),
                    theirs: attempt(() => value.toLocaleString(locale, given)),
                });
            }
        }
    }
    const english = rows.filter(({ label }) => /^(undefined|en-US|en-GB)/.test(label));
    if (process.env.SHOW) console.log(rows.filter(({ ours, theirs }) => ours !== theirs));
    compare(english);
    const same = rows.filter(({ ours, theirs }) => ours === theirs).length;
    assert.ok(same / rows.length > 0.9, `${same} of ${rows.length}`);
    const parts = (type, value) => new type('en-US', { style: 'currency', currency: 'USD' }).formatToParts(value);
    assert.deepEqual(parts(NumberFormat, -1234.5), parts(Intl.NumberFormat, -1234.5));
});

test('plurals', () => {
    const rows = [];
    for (const locale of ['en', 'de', 'fr', 'es', 'it', 'pt', 'ru', 'uk', 'pl', 'cs', 'ja', 'zh', 'ro', 'he', 'sv', 'nl', 'da', 'tr', 'hu']) {
        for (const type of ['cardinal', 'ordinal']) {
            for (const value of [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 20, 21, 22, 23, 25, 100, 101, 111, 112, 1000000, 0.5, 1.5]) {
                if (type === 'ordinal' && locale !== 'en') continue;
                rows.push({
                    label: `${locale} ${type} ${value}`,
                    ours: new PluralRules(locale, { type }).select(value),
                    theirs: new Intl.PluralRules(locale, { type }).select(value),
                });
            }
        }
    }
    compare(rows);
});

test('comparison', () => {
    const texts = ['a', 'A', 'b', 'B', 'á', 'Á', 'ä', 'z', 'Z', '', ' ', '1', '10', '2', 'a1', 'a10', 'a2', '_', '-', 'résumé', 'resume', 'Resume', 'Résumé', 'co-op', 'coop', 'ñ', 'n', 'o', 'ß', 'ss', 'é', 'e', 'f', '@', '#', 'abc', 'abd', 'ab c', 'α', 'я', 'あ'];
    const rows = [];
    for (const [locale, options] of [[], ['en'], ['en', { sensitivity: 'base' }], ['en', { sensitivity: 'accent' }], ['en', { numeric: true }], ['en', { caseFirst: 'upper' }], ['de'], ['en', { ignorePunctuation: true }]]) {
        for (const one of texts) {
            for (const other of texts) {
                rows.push({
                    label: `${JSON.stringify(options)} ${one} ${other}`,
                    ours: compared(one, other, locale, options),
                    theirs: one.localeCompare(other, locale, options),
                });
            }
        }
    }
    if (process.env.SHOW) console.log(rows.filter(({ ours, theirs }) => ours !== theirs));
    const same = rows.filter(({ ours, theirs }) => ours === theirs).length;
    assert.ok(same / rows.length > 0.98, `${same} of ${rows.length}`);
    const sorted = (compare) => [...texts].sort(compare);
    assert.deepEqual(sorted(new Collator('en').compare), sorted(new Intl.Collator('en').compare));
});

test('lists, spans of time and segments', () => {
    const rows = [];
    const row = (label, ours, theirs) => rows.push({ label, ours: attempt(ours), theirs: attempt(theirs) });
    for (const locale of ['en', 'de', 'fr', 'es', 'ja']) {
        for (const type of ['conjunction', 'disjunction', 'unit']) {
            for (const list of [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']]) {
                row(`${locale} ${type} ${list}`, () => new ListFormat(locale, { type }).format(list), () => new Intl.ListFormat(locale, { type }).format(list));
            }
        }
        for (const numeric of ['always', 'auto']) {
            for (const unit of ['day', 'hours', 'month', 'year', 'banana']) {
                for (const value of [-5, -2, -1, 0, 1, 2, 5, 1.5, -1234]) {
                    row(`${locale} ${numeric} ${value} ${unit}`, () => new RelativeTimeFormat(locale, { numeric }).format(value, unit), () => new Intl.RelativeTimeFormat(locale, { numeric }).format(value, unit));
                }
            }
        }
    }
    for (const granularity of ['grapheme', 'word', 'sentence']) {
        for (const text of ['Hello, world! It\'s 3.5 o\'clock.', '👨‍👩‍👧 é 🇩🇪🇫🇷', 'One. Two? Three!']) {
            const pieces = (type) => [...new type('en', { granularity }).segment(text)].map((one) => one.segment).join('|');
            row(`${granularity} ${text}`, () => pieces(Segmenter), () => pieces(Intl.Segmenter));
        }
    }
    compare(rows);
});
