// Intl.DateTimeFormat.

import { dataOf, numberOption, option, optionsOf, publish, resolve } from './locale.js';

const dateFields = ['weekday', 'year', 'month', 'day'];
const timeFields = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'];
const words = {
    weekday: ['narrow', 'short', 'long'], era: ['narrow', 'short', 'long'], year: ['2-digit', 'numeric'],
    month: ['2-digit', 'numeric', 'narrow', 'short', 'long'], day: ['2-digit', 'numeric'],
    dayPeriod: ['narrow', 'short', 'long'], hour: ['2-digit', 'numeric'], minute: ['2-digit', 'numeric'],
    second: ['2-digit', 'numeric'],
    timeZoneName: ['short', 'long', 'shortOffset', 'longOffset', 'shortGeneric', 'longGeneric'],
};
const american = {
    EST: 'Eastern Standard', EDT: 'Eastern Daylight', CST: 'Central Standard', CDT: 'Central Daylight',
    MST: 'Mountain Standard', MDT: 'Mountain Daylight', PST: 'Pacific Standard', PDT: 'Pacific Daylight',
    AKST: 'Alaska Standard', AKDT: 'Alaska Daylight', HST: 'Hawaii-Aleutian Standard',
};
const elsewhere = {
    CET: 'Central European Standard', CEST: 'Central European Summer', EET: 'Eastern European Standard',
    EEST: 'Eastern European Summer', WET: 'Western European Standard', WEST: 'Western European Summer',
    GMT: 'Greenwich Mean', BST: 'British Summer', JST: 'Japan Standard', KST: 'Korean Standard',
    MSK: 'Moscow Standard', SAST: 'South Africa Standard', WIB: 'Western Indonesia', HKT: 'Hong Kong Standard',
    PKT: 'Pakistan Standard', NZST: 'New Zealand Standard', NZDT: 'New Zealand Daylight',
    AEST: 'Australian Eastern Standard', AEDT: 'Australian Eastern Daylight', ACST: 'Australian Central Standard',
    ACDT: 'Australian Central Daylight', AWST: 'Australian Western Standard', AST: 'Atlantic Standard',
    ADT: 'Atlantic Daylight', NST: 'Newfoundland Standard', NDT: 'Newfoundland Daylight',
};
const byName = {
    'Asia/Kolkata': 'India Standard', 'Asia/Calcutta': 'India Standard', 'Asia/Shanghai': 'China Standard',
    'Europe/Dublin': 'Greenwich Mean', 'America/Sao_Paulo': 'Brasilia Standard', 'Asia/Singapore': 'Singapore Standard',
    'Asia/Dubai': 'Gulf Standard', 'America/Argentina/Buenos_Aires': 'Argentina Standard',
};
const utcNames = new Set(['UTC', 'ETC/UTC', 'ETC/GMT', 'GMT', 'ETC/UCT', 'UCT', 'ZULU', 'ETC/ZULU', 'UNIVERSAL', 'ETC/UNIVERSAL']);

let zones;

/** Gives this module the host's time zones. */
export function attach(host) {
    zones = host.timeZone;
}

function zoneOf(given) {
    if (given === undefined) return 'UTC';
    const name = String(given);
    if (utcNames.has(name.toUpperCase())) return 'UTC';
    const found = /^[A-Za-z][\w+\-/]*$/.test(name) ? zones.find(name) : undefined;
    if (found === undefined) throw new RangeError(`Invalid time zone specified: ${name}`);
    return found === 'Asia/Kolkata' ? 'Asia/Calcutta' : found;
}

function offsetOf(zone, time) {
    if (zone === 'UTC') return 0;
    return zones.offset(zone, time);
}

function cycleOf(options, data, hour12, owner) {
    if (hour12 !== undefined) return hour12 ? 'h12' : data.cycle === 'h12' ? 'h24' : 'h23';
    return option(options, 'hourCycle', ['h11', 'h12', 'h23', 'h24'], data.cycle, owner);
}

/** What the arguments say. `required` and `defaults` as in the standard: date, time, any or all. */
function setUp(locales, given, required, defaults, owner = 'Intl.DateTimeFormat') {
    const options = optionsOf(given);
    const tag = String(Array.isArray(locales) ? locales[0] : locales);
    const locale = resolve(locales);
    const data = dataOf(locale);
    const self = { locale, zone: zoneOf(options.timeZone) };
    for (const name of [...dateFields, 'era', ...timeFields, 'timeZoneName']) {
        if (name === 'fractionalSecondDigits') self[name] = numberOption(options, name, 1, 3, undefined);
        else self[name] = option(options, name, words[name], undefined, owner);
    }
    self.dateStyle = option(options, 'dateStyle', ['full', 'long', 'medium', 'short'], undefined, owner);
    self.timeStyle = option(options, 'timeStyle', ['full', 'long', 'medium', 'short'], undefined, owner);
    const styled = self.dateStyle !== undefined || self.timeStyle !== undefined;
    const explicit = [...dateFields, 'era', ...timeFields, 'timeZoneName'].find((name) => self[name] !== undefined);
    if (styled && required === 'date' && self.timeStyle !== undefined) throw new TypeError('Invalid option : timeStyle');
    if (styled && required === 'time' && self.dateStyle !== undefined) throw new TypeError('Invalid option : dateStyle');
    if (styled && explicit !== undefined) {
        throw new TypeError(`Can't set option ${explicit} when ${self.dateStyle === undefined ? 'timeStyle' : 'dateStyle'} is used`);
    }
    if (!styled) addDefaults(self, required, defaults);
    const hour12 = options.hour12 === undefined ? undefined : Boolean(options.hour12);
    const extension = /-u(?:-\w+)*?-hc-(h1[12]|h2[34])/.exec(tag);
    if (self.hour !== undefined || self.timeStyle !== undefined) {
        self.cycle = cycleOf(options, extension ? { cycle: extension[1] } : data, hour12, owner);
    }
    return self;
}

function addDefaults(self, required, defaults) {
    const has = (names) => names.some((name) => self[name] !== undefined);
    let missing = true;
    if (required === 'date' || required === 'any') missing &&= !has(dateFields);
    if (required === 'time' || required === 'any') missing &&= !has(timeFields);
    if (!missing) return;
    if (defaults === 'date' || defaults === 'all') self.year = self.month = self.day = 'numeric';
    if (defaults === 'time' || defaults === 'all') self.hour = self.minute = self.second = 'numeric';
}

const textual = (month) => month === 'long' || month === 'short' || month === 'narrow';

function datePattern(self, data) {
    const { weekday, year, month, day } = self;
    const letter = month === undefined ? '' : textual(month) ? (month === 'long' ? 'l' : 's') : 'n';
    const key = (weekday ? 'w' : '') + (year ? 'y' : '') + letter + (day ? 'd' : '');
    return { pattern: data.date[key], glue: data.glue[key === 'w' ? key : letter || 'n'] };
}

function timePattern(self, data) {
    const { hour, minute, second } = self;
    const half = self.cycle === 'h12' || self.cycle === 'h11';
    const key = (hour ? 'h' : '') + (minute ? 'm' : hour && second ? 'm' : '') + (second ? 's' : '');
    let pattern = data.time[key + (hour && half ? 'a' : '')];
    if (pattern === undefined) return self.fractionalSecondDigits === undefined ? undefined : '{f}';
    if (self.fractionalSecondDigits !== undefined) pattern = pattern.replace(/\{ss?\}/, `$&${data.number.decimal}{f}`);
    return pattern;
}

/** The whole pattern, and with what widths its fields are written. */
function patternOf(self, data) {
    if (self.dateStyle !== undefined || self.timeStyle !== undefined) return styled(self, data);
    const date = datePattern(self, data);
    let time = timePattern(self, data);
    if (self.timeZoneName !== undefined) time = time === undefined ? '{z}' : `${time} {z}`;
    const width = self;
    if (date.pattern === undefined) return { pattern: time ?? '', width };
    if (time === undefined) return { pattern: date.pattern, width };
    const glue = time === '{z}' ? ', ' : date.glue;
    return { pattern: date.pattern + glue + time, width };
}

function styled(self, data) {
    const month = { full: 'long', long: 'long', medium: 'short', short: 'numeric' }[self.dateStyle];
    const width = {
        weekday: 'long', month, timeZoneName: self.timeStyle === 'full' ? 'long' : 'short', year: 'numeric', day: 'numeric',
    };
    let time = self.timeStyle === undefined ? undefined : data.style[`t${self.timeStyle}`];
    if (time !== undefined) {
        const half = self.cycle === 'h12' || self.cycle === 'h11';
        if (half !== time.includes('{a}')) {
            const zone = time.includes('{z}') ? ' {z}' : '';
            time = data.time[(self.timeStyle === 'short' ? 'hm' : 'hms') + (half ? 'a' : '')] + zone;
        }
    }
    if (self.dateStyle === undefined) return { pattern: time, width };
    const date = data.style[`d${self.dateStyle}`];
    return { pattern: time === undefined ? date : date + data.style[`g${self.dateStyle}`] + time, width };
}

function offsetText(seconds, long, prefix) {
    if (seconds === 0) return prefix;
    const minutes = Math.floor(Math.abs(seconds) / 60);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    const tail = long || rest !== 0 ? `:${String(rest).padStart(2, '0')}` : '';
    return `${prefix}${seconds < 0 ? '-' : '+'}${long ? String(hours).padStart(2, '0') : hours}${tail}`;
}

function zoneName(self, time, width) {
    const { zone, locale } = self;
    const seconds = offsetOf(zone, time);
    const prefix = locale.startsWith('fr') ? 'UTC' : 'GMT';
    const long = width.startsWith('long');
    if (width.endsWith('Offset')) return offsetText(seconds, long, prefix);
    if (zone === 'UTC') return long && locale.startsWith('en') ? 'Coordinated Universal Time' : 'UTC';
    const short = zones.abbreviation(zone, time);
    const us = american[short] !== undefined && /^(America|US|Pacific)\//.test(zone);
    if (long && locale.startsWith('en')) {
        const name = us ? american[short] : zone === 'Europe/Dublin' && short === 'IST' ? 'Irish Standard' : byName[zone] ?? elsewhere[short];
        if (name !== undefined) return `${name} Time`.replace(/^(.*) (?:Standard|Daylight|Summer) Time$/, width === 'longGeneric' ? '$1 Time' : '$&');
    } else if (!long && us && /^en-(US|CA)/.test(locale)) {
        return width === 'shortGeneric' ? short.replace(/^(AK|.)[SD]T$/, '$1T') : short;
    } else if (!long && /^en-(GB|IE)/.test(locale) && /^Europe\//.test(zone) && elsewhere[short] !== undefined) {
        return short;
    }
    if (short === 'GMT') return 'GMT';
    return offsetText(seconds, long, prefix);
}

const two = (value) => String(value).padStart(2, '0');

function hourText(token, hour, width, cycle) {
    let shown = hour;
    if (cycle === 'h12') shown = hour % 12 === 0 ? 12 : hour % 12;
    if (cycle === 'h11') shown = hour % 12;
    if (cycle === 'h24' && hour === 0) shown = 24;
    return token === 'hh' || width.hour === '2-digit' ? two(shown) : String(shown);
}

function monthText(token, month, width, data) {
    if (token === 'MM') return two(month + 1);
    if (token === 'M') return width.month === '2-digit' ? two(month + 1) : String(month + 1);
    const letter = width.month === 'narrow' ? 'n' : width.month === 'short' ? 's' : 'l';
    return ((token === 'L' ? data[`L${letter}`] : undefined) ?? data[`M${letter}`])[month];
}

function field(token, at, self, width, data, time) {
    switch (token) {
        case 'w': {
            const letter = width.weekday === 'narrow' ? 'n' : width.weekday === 'short' ? 's' : 'l';
            return ['weekday', data[`w${letter}`][at.getUTCDay()]];
        }
        case 'y': case 'yy': {
            const year = at.getUTCFullYear();
            return ['year', token === 'yy' || width.year === '2-digit' ? two(((year % 100) + 100) % 100) : String(year)];
        }
        case 'M': case 'MM': case 'N': case 'L': return ['month', monthText(token, at.getUTCMonth(), width, data)];
        case 'd': return ['day', width.day === '2-digit' ? two(at.getUTCDate()) : String(at.getUTCDate())];
        case 'dd': return ['day', two(at.getUTCDate())];
        case 'h': case 'hh': return ['hour', hourText(token, at.getUTCHours(), width, self.cycle)];
        case 'm': return ['minute', String(at.getUTCMinutes())];
        case 'mm': return ['minute', two(at.getUTCMinutes())];
        case 's': return ['second', String(at.getUTCSeconds())];
        case 'ss': return ['second', two(at.getUTCSeconds())];
        case 'f': return ['fractionalSecond', String(at.getUTCMilliseconds()).padStart(3, '0').slice(0, self.fractionalSecondDigits)];
        case 'a': return ['dayPeriod', data.a[at.getUTCHours() < 12 ? 0 : 1]];
        default: return ['timeZoneName', zoneName(self, time, width.timeZoneName)];
    }
}

function timeOf(value) {
    const time = value === undefined ? Date.now() : Number(value);
    if (!(Math.abs(time) <= 8.64e15)) throw new RangeError('Invalid time value');
    return Math.trunc(time);
}

function partsOf(self, time) {
    const data = dataOf(self.locale);
    const at = new Date(time + offsetOf(self.zone, time) * 1000);
    const { pattern, width } = patternOf(self, data);
    const parts = [];
    for (const piece of pattern.split(/(\{\w+\})/)) {
        if (piece === '') continue;
        if (piece[0] !== '{') {
            parts.push({ type: 'literal', value: piece });
            continue;
        }
        const [type, value] = field(piece.slice(1, -1), at, self, width, data, time);
        parts.push({ type, value });
    }
    return parts;
}

// As V8: the narrow space that CLDR puts before AM and PM stays in parts only.
const text = (self, time) => partsOf(self, time).map((part) => part.value).join('').replaceAll('\u202f', ' ');

const state = new WeakMap();

function own(object, method) {
    const self = state.get(object);
    if (self === undefined) {
        throw new TypeError(`Method Intl.DateTimeFormat.prototype.${method} called on incompatible receiver ${object}`);
    }
    return self;
}

/** The class. */
export const DateTimeFormat = publish(
    function DateTimeFormat(locales, options) {
        const made = new.target === undefined ? Object.create(DateTimeFormat.prototype) : this;
        state.set(made, setUp(locales, options, 'any', 'date'));
        return made;
    },
    'DateTimeFormat',
);

function shown(self) {
    const made = { locale: self.locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: self.zone };
    if (self.cycle !== undefined) Object.assign(made, { hourCycle: self.cycle, hour12: self.cycle === 'h12' || self.cycle === 'h11' });
    const { pattern = '', width } = patternOf(self, dataOf(self.locale));
    for (const name of ['weekday', 'era', 'year', 'month', 'day', 'dayPeriod', 'hour', 'minute', 'second']) {
        if (self[name] === undefined) continue;
        const wide = pattern.includes(`{${{ month: 'MM', day: 'dd', hour: 'hh', minute: 'mm', second: 'ss' }[name]}}`);
        made[name] = wide ? '2-digit' : width[name];
    }
    for (const name of ['fractionalSecondDigits', 'timeZoneName', 'dateStyle', 'timeStyle']) {
        if (self[name] !== undefined) made[name] = self[name];
    }
    return made;
}

const methods = {
    formatToParts(value) {
        return partsOf(own(this, 'formatToParts'), timeOf(value));
    },
    formatRange(from, to) {
        const self = own(this, 'formatRange');
        const [start, end] = [text(self, timeOf(from)), text(self, timeOf(to))];
        return start === end ? start : `${start} – ${end}`;
    },
    formatRangeToParts(from, to) {
        const self = own(this, 'formatRangeToParts');
        const mark = (time, source) => partsOf(self, timeOf(time)).map((part) => ({ ...part, source }));
        return [...mark(from, 'startRange'), { type: 'literal', value: ' – ', source: 'shared' }, ...mark(to, 'endRange')];
    },
    resolvedOptions() {
        return shown(own(this, 'resolvedOptions'));
    },
};

for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(DateTimeFormat.prototype, name, { value, configurable: true, writable: true });
}
Object.defineProperty(DateTimeFormat.prototype, 'format', {
    get() {
        const self = own(this, 'format');
        return (self.bound ??= (value) => text(self, timeOf(value)));
    },
    configurable: true,
});

/** What `toLocaleString` and its like of dates give. */
export function localized(date, locales, options, required, defaults, method) {
    const self = setUp(locales, options, required, defaults, `Date.prototype.${method}`);
    const time = Date.prototype.getTime.call(date);
    return Number.isNaN(time) ? 'Invalid Date' : text(self, time);
}
