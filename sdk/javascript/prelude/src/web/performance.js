/** `performance`. The clock of a run stands still, so nothing takes any time. */

import { host } from './host.js';

/** How old a run says it is, milliseconds: never 0, which some take for "not started". */
const AGE = 50;

/** An entry of the timeline. */
export class PerformanceEntry {
    constructor(name, entryType, startTime, duration, detail) {
        Object.assign(this, { name, entryType, startTime, duration, detail });
    }

    toJSON() {
        return { ...this };
    }
}

/** The clock for measuring. */
export class Performance {
    #entries = [];

    get timeOrigin() {
        return host.now() - AGE;
    }

    now() {
        return AGE;
    }

    mark(name, options = {}) {
        const entry = new PerformanceEntry(`${name}`, 'mark', options?.startTime ?? AGE, 0, options?.detail ?? null);
        this.#entries.push(entry);
        return entry;
    }

    measure(name) {
        const entry = new PerformanceEntry(`${name}`, 'measure', AGE, 0, null);
        this.#entries.push(entry);
        return entry;
    }

    clearMarks(name = undefined) {
        this.#clear('mark', name);
    }

    clearMeasures(name = undefined) {
        this.#clear('measure', name);
    }

    #clear(type, name) {
        this.#entries = this.#entries.filter(
            (entry) => entry.entryType !== type || (name ?? entry.name) !== entry.name,
        );
    }

    getEntries() {
        return [...this.#entries];
    }

    getEntriesByName(name, type = undefined) {
        return this.#entries.filter(
            (entry) => entry.name === `${name}` && (type ?? entry.entryType) === entry.entryType,
        );
    }

    getEntriesByType(type) {
        return this.#entries.filter((entry) => entry.entryType === type);
    }

    timerify(work) {
        return work;
    }

    eventLoopUtilization() {
        return { idle: 0, active: 0, utilization: 0 };
    }

    toJSON() {
        const { timeOrigin } = this;
        return { nodeTiming: {}, timeOrigin, eventLoopUtilization: this.eventLoopUtilization() };
    }

    get [Symbol.toStringTag]() {
        return 'Performance';
    }
}
