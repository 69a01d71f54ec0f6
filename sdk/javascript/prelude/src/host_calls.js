// Calls of the host: many may be under way at once, and the run waits for them only when it has nothing else to do.

// An action may change JSON for itself.
const { parse, stringify } = JSON;

let host;
/** Calls under way, by id: `{ settle, keeps, isTimer }`. */
let underWay = new Map();
/** Answers that came while another call was waited for. */
let early = [];
/** Calls under way that a run waits for even after its handler has ended: requests that nobody awaited. */
let kept = 0;
/** Calls under way that are no timers, and how many such calls were answered. */
let others = 0;
let answered = 0;

/** Gives this module the host. */
export function attach(given) {
    host = given;
}

const refused = (call) =>
    Object.assign(new Error(`${call.type} cannot be used while the module is loaded: use it inside of the handler`), {
        code: 'ERR_TOP_LEVEL',
    });

function take(id) {
    const answer = host.callTake(id);
    return answer === undefined ? undefined : parse(answer);
}

/** Starts a call; a promise of its answer. While a module is loaded a timer never fires and any other call rejects. */
export function start(call) {
    if (host.loading()) {
        return call.type === 'timer' ? new Promise(() => {}) : Promise.reject(refused(call));
    }
    const keeps = call.type === 'http.fetch';
    const isTimer = call.type === 'timer';
    const id = host.callStart(stringify(call));
    if (keeps) kept += 1;
    if (!isTimer) others += 1;
    return new Promise((settle) => underWay.set(id, { settle, keeps, isTimer }));
}

/** Makes a call and waits for its answer, for interfaces that are synchronous. */
export function callSync(call) {
    if (host.loading()) throw refused(call);
    const id = host.callStart(stringify(call));
    for (;;) {
        const done = host.callWait();
        if (done === id) return take(id);
        if (done === -1) throw new Error(`the host does not answer ${call.type}`);
        early.push(done);
    }
}

/** Whether a call is under way that is waited for after the handler's end. */
export const keepsRun = () => kept > 0;

/** How many calls under way are no timers, and how many such calls were answered so far. */
export const apartFromTimers = () => ({ underWay: others, answered });

/** Waits for any call and settles its promise. False when none is under way. */
export function wait() {
    if (underWay.size === 0) return false;
    const id = early.length > 0 ? early.shift() : host.callWait();
    if (id === -1) return false;
    const call = underWay.get(id);
    underWay.delete(id);
    if (call !== undefined) {
        if (call.keeps) kept -= 1;
        if (!call.isTimer) {
            others -= 1;
            answered += 1;
        }
        call.settle(take(id));
    }
    return true;
}
