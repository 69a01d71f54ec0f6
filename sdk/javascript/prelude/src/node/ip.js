/** IP addresses as `net` knows them: isIP and its like, SocketAddress, BlockList. */
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from './errors.js';
import { validateInteger, validateOneOf, validateString } from './validators.js';

const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The 16 groups' value of an IPv6 address, or undefined. */
function parseV6(text) {
    const [address, zone, ...more] = text.split('%');
    if (more.length > 0 || (zone !== undefined && !/^[0-9a-zA-Z\-.:]+$/.test(zone))) return undefined;
    let body = address;
    const tail = /(?:^|:)([^:]*\.[^:]*)$/.exec(body)?.[1];
    if (tail !== undefined) {
        if (!V4.test(tail)) return undefined;
        const [a, b, c, d] = tail.split('.').map(Number);
        body = `${body.slice(0, -tail.length)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    }
    const halves = body.split('::');
    if (halves.length > 2) return undefined;
    const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
    const count = groups.reduce((sum, list) => sum + list.length, 0);
    if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
    if (!groups.flat().every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
    const all = halves.length === 1 ? groups[0] : [...groups[0], ...new Array(8 - count).fill('0'), ...groups[1]];
    return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

export const isIPv4 = function (text) {
    return V4.test(`${text}`);
};

export const isIPv6 = function (text) {
    return parseV6(`${text}`) !== undefined;
};

export const isIP = function (text) {
    if (isIPv4(text)) return 4;
    return isIPv6(text) ? 6 : 0;
};

function numberOf(address, family) {
    if (family === 'ipv4') return address.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
    return parseV6(address);
}

/** An address with port and family. */
export class SocketAddress {
    constructor(options = {}) {
        const { family = 'ipv4', port = 0, flowlabel = 0 } = options;
        validateOneOf(family, 'options.family', ['ipv4', 'ipv6']);
        const { address = family === 'ipv4' ? '127.0.0.1' : '::' } = options;
        validateString(address, 'options.address');
        if (isIP(address) !== (family === 'ipv4' ? 4 : 6)) {
            throw Object.assign(new Error('Invalid socket address'), { code: 'ERR_INVALID_ADDRESS' });
        }
        Object.assign(this, { address, port, family, flowlabel });
    }
}

function addressOf(value, family, name) {
    if (value instanceof SocketAddress) return value;
    validateString(value, name);
    return new SocketAddress({ address: value, family: `${family}`.toLowerCase() });
}

/** Rules over addresses, and whether one of them has an address. */
export class BlockList {
    #rules = [];

    #texts = [];

    #add(family, from, to, text) {
        this.#rules.push({ family, from, to });
        this.#texts.unshift(text);
    }

    addAddress(value, family = 'ipv4') {
        const one = addressOf(value, family, 'address');
        const number = numberOf(one.address, one.family);
        this.#add(one.family, number, number, `Address: ${label(one.family)} ${one.address}`);
    }

    addRange(start, end, family = 'ipv4') {
        const first = addressOf(start, family, 'start');
        const last = addressOf(end, family, 'end');
        const [from, to] = [numberOf(first.address, first.family), numberOf(last.address, last.family)];
        if (from > to) throw ERR_INVALID_ARG_VALUE('start', first, 'must come before end');
        this.#add(first.family, from, to, `Range: ${label(first.family)} ${first.address}-${last.address}`);
    }

    addSubnet(network, prefix, family = 'ipv4') {
        const net = addressOf(network, family, 'network');
        const bits = net.family === 'ipv4' ? 32 : 128;
        if (typeof prefix !== 'number') throw ERR_INVALID_ARG_TYPE('prefix', 'number', prefix);
        validateInteger(prefix, 'prefix', 0, bits);
        const size = 1n << BigInt(bits - prefix);
        const from = (numberOf(net.address, net.family) / size) * size;
        this.#add(net.family, from, from + size - 1n, `Subnet: ${label(net.family)} ${net.address}/${prefix}`);
    }

    check(value, family = 'ipv4') {
        let one;
        try {
            one = addressOf(value, family, 'address');
        } catch (error) {
            if (error.code === 'ERR_INVALID_ADDRESS') return false;
            throw error;
        }
        const number = numberOf(one.address, one.family);
        const mapped = one.family === 'ipv6' && number >> 32n === 0xffffn ? number & 0xffffffffn : undefined;
        return this.#rules.some(({ family: kind, from, to }) => {
            if (kind === one.family) return number >= from && number <= to;
            return kind === 'ipv4' && mapped !== undefined && mapped >= from && mapped <= to;
        });
    }

    get rules() {
        return [...this.#texts];
    }
}

function label(family) {
    return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
