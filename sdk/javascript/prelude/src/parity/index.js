// What V8 has and QuickJS lacks: Intl, and the methods that depend on it.

import { attach, DateTimeFormat, localized as localizedDate } from './intl/date_time.js';
import { canonical, requested } from './intl/locale.js';
import { localized as localizedNumber, NumberFormat } from './intl/number.js';
import { PluralRules } from './intl/plural.js';
import { Collator, compared, DisplayNames, ListFormat, Locale, RelativeTimeFormat, Segmenter } from './intl/text.js';

function define(target, methods) {
    for (const [name, value] of Object.entries(methods)) {
        Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
    }
}

const dates = {
    toLocaleString(locales, options) {
        return localizedDate(this, locales, options, 'any', 'all', 'toLocaleString');
    },
    toLocaleDateString(locales, options) {
        return localizedDate(this, locales, options, 'date', 'date', 'toLocaleDateString');
    },
    toLocaleTimeString(locales, options) {
        return localizedDate(this, locales, options, 'time', 'time', 'toLocaleTimeString');
    },
};

const numbers = {
    toLocaleString(locales, options) {
        return localizedNumber(this.valueOf(), locales, options);
    },
};

const bigNumbers = {
    toLocaleString(locales, options) {
        return localizedNumber(this.valueOf(), locales, options, 'BigInt.prototype.toLocaleString');
    },
};

const texts = {
    localeCompare(other, locales, options) {
        // The bundle is sloppy code, where `this` is never undefined.
        'use strict';
        if (this === undefined || this === null) {
            throw new TypeError('String.prototype.localeCompare called on null or undefined');
        }
        return compared(String(this), String(other), locales, options);
    },
};

const lists = {
    toLocaleString(locales, options) {
        return Array.from(this, (item) => (item === undefined || item === null ? '' : item.toLocaleString(locales, options))).join(',');
    },
};

function supportedValuesOf(kind, host) {
    switch (String(kind)) {
        case 'timeZone': return host.timeZone.names().filter((name) => name.includes('/')).sort();
        case 'calendar': return ['gregory'];
        case 'numberingSystem': return ['latn'];
        case 'collation': return ['default'];
        case 'currency': case 'unit': return [];
        default: throw new RangeError(`Invalid key : ${kind}`);
    }
}

/** Adds them to the globals. */
export function install(target, host) {
    attach(host);
    const Intl = {};
    define(Intl, {
        Collator, DateTimeFormat, DisplayNames, ListFormat, Locale, NumberFormat, PluralRules, RelativeTimeFormat, Segmenter,
        getCanonicalLocales: function getCanonicalLocales(locales) {
            return requested(locales).map(canonical);
        },
        supportedValuesOf: function supportedValuesOf_(kind) {
            return supportedValuesOf(kind, host);
        },
    });
    Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });
    define(target, { Intl });
    define(Date.prototype, dates);
    define(Number.prototype, numbers);
    define(BigInt.prototype, bigNumbers);
    define(String.prototype, texts);
    define(Array.prototype, lists);
    define(Object.getPrototypeOf(Uint8Array.prototype), lists);
}
