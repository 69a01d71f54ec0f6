/**
 * `util.inspect` and `util.format`: Node's own code, taken out of Node by
 * node-inspect-extracted (3.0.2 is the release that follows Node 20).
 */
import './function_text.js';
import extracted from 'node-inspect-extracted';

export const {
    inspect, format, formatWithOptions, stripVTControlCharacters,
} = extracted;

/** The symbol under which a value says how it is shown. */
export const custom = Symbol.for('nodejs.util.inspect.custom');
inspect.custom = custom;
