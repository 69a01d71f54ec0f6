// Intl.NumberFormat.

import { dataOf, numberOption, option, optionsOf, publish, resolve } from './locale.js';
import { category } from './plural.js';

const cents = { JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, PYG: 0, UGX: 0, XAF: 0, XOF: 0, RWF: 0, BHD: 3, KWD: 3, JOD: 3, OMR: 3, TND: 3, IQD: 0, IRR: 0 };
const names = {
    USD: ['US dollar', 'US dollars'], EUR: ['euro', 'euros'], GBP: ['British pound', 'British pounds'],
    JPY: ['Japanese yen', 'Japanese yen'], CAD: ['Canadian dollar', 'Canadian dollars'],
    AUD: ['Australian dollar', 'Australian dollars'], CHF: ['Swiss franc', 'Swiss francs'],
    CNY: ['Chinese yuan', 'Chinese yuan'], INR: ['Indian rupee', 'Indian rupees'],
};
const units = {
    byte: ['byte', 'byte', 'B'], kilobyte: ['kilobyte', 'kB', 'kB'], megabyte: ['megabyte', 'MB', 'MB'],
    gigabyte: ['gigabyte', 'GB', 'GB'], terabyte: ['terabyte', 'TB', 'TB'], second: ['second', 'sec', 's'],
    minute: ['minute', 'min', 'm'], hour: ['hour', 'hr', 'h'], day: ['day', 'day', 'd'], week: ['week', 'wk', 'w'],
    month: ['month', 'mth', 'm'], year: ['year', 'yr', 'y'], millisecond: ['millisecond', 'ms', 'ms'],
    meter: ['meter', 'm', 'm'], kilometer: ['kilometer', 'km', 'km'], mile: ['mile', 'mi', 'mi'],
    liter: ['liter', 'L', 'L'], kilogram: ['kilogram', 'kg', 'kg'], gram: ['gram', 'g', 'g'],
    celsius: ['degree Celsius', '°C', '°C'], fahrenheit: ['degree Fahrenheit', '°F', '°'], percent: ['percent', '%', '%'],
    'kilometer-per-hour': ['kilometer per hour', 'km/h', 'km/h'], 'mile-per-hour': ['mile per hour', 'mph', 'mph'],
};
const space = '\u00a0';

/** The decimal digits of a number without sign and exponent. */
function plain(value) {
    if (typeof value === 'bigint') return String(value < 0n ? -value : value);
    const text = String(Math.abs(value));
    const [mantissa, exponent] = text.split('e');
    if (exponent === undefined) return text;
    const [whole, fraction = ''] = mantissa.split('.');
    const shift = Number(exponent);
    if (shift < 0) return `0.${'0'.repeat(-shift - 1)}${whole}${fraction}`;
    return whole + fraction.padEnd(shift, '0');
}

/** Rounds the digits half away from zero after `places` digits behind the point, which may be negative. */
function roundAt(text, places) {
    const [whole, fraction = ''] = text.split('.');
    const digits = whole + fraction;
    const keep = whole.length + places;
    if (keep < 0) return '0';
    if (keep >= digits.length) return text;
    let kept = BigInt(digits.slice(0, keep) || '0');
    if (digits[keep] >= '5') kept += 1n;
    const all = kept.toString().padStart(keep, '0');
    if (places <= 0) return all === '0' ? '0' : all + '0'.repeat(-places);
    const padded = all.padStart(places + 1, '0');
    return `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

const strip = (fraction, least) => {
    let end = fraction.length;
    while (end > least && fraction[end - 1] === '0') end--;
    return fraction.slice(0, end).padEnd(least, '0');
};

/** The whole part and the fraction of a value as the rules want them. */
export function rounded(value, rules) {
    const text = plain(value);
    if (rules.maximumSignificantDigits !== undefined) {
        const bare = text.replace('.', '').replace(/^0+/, '');
        const point = text.split('.')[0].replace(/^0+/, '').length;
        const leading = point > 0 ? point : -(text.split('.')[1]?.match(/^0*/)[0].length ?? 0);
        const places = rules.maximumSignificantDigits - leading;
        const [whole, fraction = ''] = (bare === '' ? '0' : roundAt(text, places)).split('.');
        const shown = whole.replace(/^0+/, '').length || (bare === '' ? 1 : leading);
        return [whole, strip(fraction, Math.max(0, rules.minimumSignificantDigits - shown))];
    }
    const [whole, fraction = ''] = roundAt(text, rules.maximumFractionDigits).split('.');
    return [whole.padStart(rules.minimumIntegerDigits, '0'), strip(fraction, rules.minimumFractionDigits)];
}

function grouped(whole, data, grouping) {
    const { group, least, second } = data;
    const min = grouping === 'always' || grouping === true ? 1 : grouping === 'min2' ? 2 : least;
    if (grouping === false || group === undefined || whole.length < 3 + min) return [whole];
    const pieces = [whole.slice(-3)];
    for (let rest = whole.slice(0, -3); rest !== ''; rest = rest.slice(0, -second)) pieces.unshift(rest.slice(-second));
    return pieces;
}

function digitParts(value, rules, data, grouping) {
    if (typeof value === 'number' && Number.isNaN(value)) return [{ type: 'nan', value: 'NaN' }];
    if (value === Infinity || value === -Infinity) return [{ type: 'infinity', value: '∞' }];
    const [whole, fraction] = rounded(value, rules);
    const parts = [];
    for (const [at, piece] of grouped(whole, data, grouping).entries()) {
        if (at > 0) parts.push({ type: 'group', value: data.group });
        parts.push({ type: 'integer', value: piece });
    }
    if (fraction !== '') parts.push({ type: 'decimal', value: data.decimal }, { type: 'fraction', value: fraction });
    return parts;
}

function digitRules(options, least, most, compactly) {
    const rules = { minimumIntegerDigits: numberOption(options, 'minimumIntegerDigits', 1, 21, 1) };
    if (options.minimumSignificantDigits !== undefined || options.maximumSignificantDigits !== undefined) {
        rules.minimumSignificantDigits = numberOption(options, 'minimumSignificantDigits', 1, 21, 1);
        rules.maximumSignificantDigits =
            numberOption(options, 'maximumSignificantDigits', rules.minimumSignificantDigits, 21, 21);
        return rules;
    }
    const asked = options.minimumFractionDigits !== undefined || options.maximumFractionDigits !== undefined;
    if (compactly && !asked) return { ...rules, minimumFractionDigits: 0, maximumFractionDigits: 0, compactRounding: true };
    let low = numberOption(options, 'minimumFractionDigits', 0, 20, undefined);
    let high = numberOption(options, 'maximumFractionDigits', 0, 20, undefined);
    if (low === undefined) low = high === undefined ? least : Math.min(least, high);
    if (high === undefined) high = Math.max(most, low);
    else if (low > high) throw new RangeError('maximumFractionDigits value is out of range.');
    return { ...rules, minimumFractionDigits: low, maximumFractionDigits: high };
}

const state = new WeakMap();

function setUp(locales, given, owner = 'Intl.NumberFormat') {
    const options = optionsOf(given);
    const locale = resolve(locales);
    const style = option(options, 'style', ['decimal', 'percent', 'currency', 'unit'], 'decimal', owner);
    const currency = option(options, 'currency', undefined, undefined, owner)?.toUpperCase();
    if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) {
        throw new RangeError(`Invalid currency code : ${options.currency}`);
    }
    if (style === 'currency' && currency === undefined) {
        throw new TypeError('Currency code is required with currency style.');
    }
    const unit = option(options, 'unit', undefined, undefined, owner);
    if (style === 'unit' && unit === undefined) throw new TypeError('Unit is required with unit style.');
    if (unit !== undefined && units[unit] === undefined) {
        throw new RangeError(`Invalid unit argument for Intl.NumberFormat() '${unit}'`);
    }
    const notation = option(options, 'notation', ['standard', 'scientific', 'engineering', 'compact'], 'standard', owner);
    const places = style === 'currency' ? (cents[currency] ?? 2) : 0;
    const most = style === 'currency' ? places : style === 'percent' ? 0 : 3;
    const rules = digitRules(options, places, most, notation === 'compact');
    const grouping = options.useGrouping ?? (notation === 'compact' ? 'min2' : 'auto');
    return {
        locale, style, currency, unit, notation, rules, grouping: grouping === 'false' ? false : grouping,
        currencyDisplay: option(options, 'currencyDisplay', ['code', 'symbol', 'narrowSymbol', 'name'], 'symbol', owner),
        currencySign: option(options, 'currencySign', ['standard', 'accounting'], 'standard', owner),
        unitDisplay: option(options, 'unitDisplay', ['short', 'narrow', 'long'], 'short', owner),
        compactDisplay: option(options, 'compactDisplay', ['short', 'long'], 'short', owner),
        signDisplay: option(options, 'signDisplay', ['auto', 'never', 'always', 'exceptZero', 'negative'], 'auto', owner),
    };
}

function signOf(self, value, parts) {
    const negative = typeof value === 'bigint' ? value < 0n : value < 0 || Object.is(value, -0);
    const zero = !parts.some((part) => (part.type === 'integer' || part.type === 'fraction') && /[1-9]/.test(part.value))
        && !parts.some((part) => part.type === 'infinity');
    switch (self.signDisplay) {
        case 'never': return '';
        case 'always': return negative ? '-' : '+';
        case 'exceptZero': return zero ? '' : negative ? '-' : '+';
        case 'negative': return negative && !zero ? '-' : '';
        default: return negative ? '-' : '';
    }
}

/** The value for its scale, and the pattern that says the scale. */
function scaled(self, value, data) {
    const size = Math.abs(Number(value));
    let exponent = size >= 1 ? Math.floor(Math.log10(size) + 1e-12) : 0;
    const at = (power) => data[self.compactDisplay][Math.min(power, 14) - 3];
    const rulesFor = (number) => {
        if (!self.rules.compactRounding) return self.rules;
        return Math.abs(number) < 100 && !Number.isInteger(number)
            ? { minimumIntegerDigits: 1, minimumSignificantDigits: 1, maximumSignificantDigits: 2 }
            : { ...self.rules, maximumFractionDigits: 0 };
    };
    if (exponent < 3 || !Number.isFinite(size)) return { value, rules: rulesFor(Number(value)), pattern: '{n}' };
    for (;;) {
        const entry = at(exponent);
        const one = Array.isArray(entry) ? entry[0] : entry;
        const digits = Number(one.match(/^\d+/)[0]) + Math.max(0, exponent - 14);
        const shift = exponent + 1 - digits;
        const small = Number(value) / 10 ** shift;
        const rules = rulesFor(small);
        const [whole] = rounded(small, rules);
        if (whole.length > digits && exponent < 14) {
            exponent++;
            continue;
        }
        const chosen = Array.isArray(entry) && rounded(small, rules).join('') !== '1' ? entry[1] : one;
        return { value: small, rules, pattern: chosen.replace(/^\d+/, '') };
    }
}

function currencyText(self, data) {
    const { currency, currencyDisplay } = self;
    if (currencyDisplay === 'code') return currency;
    if (currencyDisplay === 'narrowSymbol') return data.narrow[currency] ?? data.symbols[currency] ?? currency;
    return data.symbols[currency] ?? currency;
}

function wrap(self, value, digits, inner, sign, data) {
    const parts = [];
    const push = (type, text) => text !== '' && parts.push({ type, value: text });
    const pushSign = () => sign !== '' && push(sign === '-' ? 'minusSign' : 'plusSign', sign === '-' ? data.minus : '+');
    const pushNumber = () => {
        for (const piece of inner.split(/(\{n\})/)) {
            if (piece === '{n}') parts.push(...digits);
            else push(piece.trim() === '' ? 'literal' : 'compact', piece);
        }
    };
    let pattern = '{n}';
    let symbol = '';
    if (self.style === 'percent') pattern = data.percent;
    if (self.style === 'currency') {
        symbol = currencyText(self, data);
        const bare = self.currencyDisplay === 'code' && Number.isFinite(Number(value));
        pattern = bare ? data.code : data.plus;
        if (sign === '-') pattern = self.currencySign === 'accounting' ? data.accounting : data.negative;
        if (self.currencyDisplay === 'code' && sign === '-') pattern = `{-}${data.code}`;
        // A symbol that ends with a letter keeps away from the digits.
        if (/\p{L}$/u.test(symbol) && Number.isFinite(Number(value))) pattern = pattern.replace('{c}{n}', `{c}${space}{n}`);
        if (self.currencyDisplay === 'name') {
            const name = names[self.currency];
            symbol = name === undefined ? self.currency : name[digits.length === 1 && digits[0].value === '1' ? 0 : 1];
            pattern = '{n} {c}';
        }
    }
    if (self.style === 'unit') {
        const text = units[self.unit][['long', 'short', 'narrow'].indexOf(self.unitDisplay)];
        const one = category('en', value, digits) === 'one';
        const words = self.unitDisplay === 'long' || /^(day|wk|mth|yr|byte)$/.test(text);
        const plural = text.startsWith('degree') ? text.replace('degree', 'degrees') : text.replace(/^(\S+)/, '$1s');
        symbol = words && !one && self.unitDisplay !== 'narrow' && self.unit !== 'percent' && text !== 'byte' ? plural : text;
        if (self.unit === 'byte' && self.unitDisplay === 'short') symbol = 'byte';
        pattern = self.unitDisplay === 'narrow' || text.startsWith('°') || text === '%' ? '{n}{c}' : '{n} {c}';
    }
    if (sign !== '' && !pattern.includes('{-}') && !(sign === '-' && self.currencySign === 'accounting' && symbol !== '')) {
        pattern = `{-}${pattern}`;
    }
    for (const piece of pattern.split(/(\{.\})/)) {
        if (piece === '{n}') pushNumber();
        else if (piece === '{-}') pushSign();
        else if (piece === '{c}') push(self.style === 'unit' ? 'unit' : 'currency', symbol);
        else push(self.style === 'percent' && piece.includes('%') ? 'percentSign' : 'literal', piece);
    }
    return parts;
}

function numeric(value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'object' && value !== null) return numeric(value[Symbol.toPrimitive]?.('number') ?? value.valueOf());
    return Number(value);
}

function partsOf(self, given) {
    const data = dataOf(self.locale).number;
    let value = numeric(given);
    if (self.style === 'percent') value = typeof value === 'bigint' ? value * 100n : percent(value);
    let { rules } = self;
    let inner = '{n}';
    if (self.notation === 'compact') ({ value, rules, pattern: inner } = scaled(self, value, data));
    if (self.notation === 'scientific' || self.notation === 'engineering') return scientific(self, Number(value), data);
    const digits = digitParts(value, rules, data, self.grouping);
    return wrap(self, value, digits, inner, signOf(self, value, digits), data);
}

/** A hundred times the value in decimal digits: 1.1 is 110, not 110.00000000000001. */
function percent(value) {
    if (!Number.isFinite(value) || value === 0) return value;
    const [mantissa, exponent = '0'] = String(value).split('e');
    return Number(`${mantissa}e${Number(exponent) + 2}`);
}

function scientific(self, value, data) {
    let exponent = value === 0 || !Number.isFinite(value) ? 0 : Math.floor(Math.log10(Math.abs(value)));
    if (self.notation === 'engineering') exponent = Math.floor(exponent / 3) * 3;
    const size = Math.abs(value);
    let digits = digitParts(size / 10 ** exponent, self.rules, data, false);
    if (self.notation === 'scientific' && digits[0].value === '10') digits = digitParts(size / 10 ** ++exponent, self.rules, data, false);
    if (!Number.isFinite(value)) return value < 0 ? [{ type: 'minusSign', value: data.minus }, ...digits] : digits;
    const parts = [...digits, { type: 'exponentSeparator', value: 'E' }];
    if (exponent < 0) parts.push({ type: 'exponentMinusSign', value: data.minus });
    parts.push({ type: 'exponentInteger', value: String(Math.abs(exponent)) });
    return value < 0 || Object.is(value, -0) ? [{ type: 'minusSign', value: data.minus }, ...parts] : parts;
}

const own = (object, method) => {
    const self = state.get(object);
    if (self === undefined) {
        throw new TypeError(`Method Intl.NumberFormat.prototype.${method} called on incompatible receiver ${object}`);
    }
    return self;
};

/** The class. */
export const NumberFormat = publish(
    function NumberFormat(locales, options) {
        const made = new.target === undefined ? Object.create(NumberFormat.prototype) : this;
        state.set(made, setUp(locales, options));
        return made;
    },
    'NumberFormat',
);

Object.defineProperties(NumberFormat.prototype, {
    format: {
        get() {
            const self = own(this, 'format');
            return (self.bound ??= (value) => partsOf(self, value).map((part) => part.value).join(''));
        },
        configurable: true,
    },
    formatToParts: {
        value: function formatToParts(value) {
            return partsOf(own(this, 'formatToParts'), value);
        },
        configurable: true, writable: true,
    },
    formatRange: {
        value: function formatRange(from, to) {
            const text = (value) => this.format(value);
            return text(from) === text(to) ? `~${text(from)}` : `${text(from)}–${text(to)}`;
        },
        configurable: true, writable: true,
    },
    resolvedOptions: {
        value: function resolvedOptions() {
            const self = own(this, 'resolvedOptions');
            const { rules, locale, style } = self;
            const shown = { locale, numberingSystem: 'latn', style };
            if (style === 'currency') {
                const { currency, currencyDisplay, currencySign } = self;
                Object.assign(shown, { currency, currencyDisplay, currencySign });
            }
            if (style === 'unit') Object.assign(shown, { unit: self.unit, unitDisplay: self.unitDisplay });
            const { compactRounding, ...digits } = rules;
            Object.assign(shown, digits, { useGrouping: self.grouping, notation: self.notation });
            if (self.notation === 'compact') shown.compactDisplay = self.compactDisplay;
            return Object.assign(shown, {
                signDisplay: self.signDisplay, roundingIncrement: 1, roundingMode: 'halfExpand',
                roundingPriority: compactRounding ? 'morePrecision' : 'auto', trailingZeroDisplay: 'auto',
            });
        },
        configurable: true, writable: true,
    },
});

/** What `toLocaleString` of numbers gives. */
export function localized(value, locales, options, owner = 'Number.prototype.toLocaleString') {
    return partsOf(setUp(locales, options, owner), value).map((part) => part.value).join('');
}
