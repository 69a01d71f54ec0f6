/** Sockets and name service, of which an action has none: it has fetch, http and https. */
import { EventEmitter } from '../events.js';
import Stream from '../stream.js';
import { BlockList, SocketAddress, isIP, isIPv4, isIPv6 } from '../ip.js';
import { absentClass, absentFunction, absentModule, absentPromises } from './make.js';

function sockets(module, names) {
    const out = {};
    for (const [name, Base] of Object.entries(names)) out[name] = absentClass(module, name, Base);
    return out;
}

/** A Socket can be made, as for a later connect; connecting is what it cannot. */
class Socket extends Stream.Duplex {
    connect() { return absentFunction('net.Socket', 'connect')(); }

    setKeepAlive() { return this; }

    setNoDelay() { return this; }

    setTimeout() { return this; }

    ref() { return this; }

    unref() { return this; }

    _read() {}
}

let timeout = 250;
let autoSelect = true;
export const net = absentModule('net', {
    functions: 'connect createConnection createServer _createServerHandle _normalizeArgs',
    more: {
        isIP, isIPv4, isIPv6, BlockList, SocketAddress, Socket, Stream: Socket,
        ...sockets('net', { Server: EventEmitter }),
        getDefaultAutoSelectFamily: () => autoSelect,
        setDefaultAutoSelectFamily(value) { autoSelect = value; },
        getDefaultAutoSelectFamilyAttemptTimeout: () => timeout,
        setDefaultAutoSelectFamilyAttemptTimeout(value) { timeout = value; },
    },
});

export const tls = absentModule('tls', {
    functions: 'connect createServer createSecurePair convertALPNProtocols',
    more: {
        ...sockets('tls', { TLSSocket: Socket, Server: EventEmitter, SecureContext: Object }),
        getCiphers: () => [],
        checkServerIdentity: () => undefined,
        createSecureContext: () => ({ context: {} }),
        CLIENT_RENEG_LIMIT: 3, CLIENT_RENEG_WINDOW: 600, DEFAULT_CIPHERS: '', DEFAULT_ECDH_CURVE: 'auto',
        DEFAULT_MIN_VERSION: 'TLSv1.2', DEFAULT_MAX_VERSION: 'TLSv1.3', rootCertificates: [],
    },
});

export const dgram = absentModule('dgram', { functions: 'createSocket', more: sockets('dgram', { Socket: EventEmitter }) });

const LOOKUPS = `lookup lookupService resolve resolve4 resolve6 resolveAny resolveCaa resolveCname resolveMx resolveNaptr
    resolveNs resolvePtr resolveSoa resolveSrv resolveTxt reverse`;
const CODES = Object.fromEntries(`NODATA FORMERR SERVFAIL NOTFOUND NOTIMP REFUSED BADQUERY BADNAME BADFAMILY BADRESP
    CONNREFUSED TIMEOUT EOF FILE NOMEM DESTRUCTION BADSTR BADFLAGS NONAME BADHINTS NOTINITIALIZED LOADIPHLPAPI
    ADDRGETNETWORKPARAMS CANCELLED`.split(/\s+/).map((name) => [name, name === 'EOF' ? 'EOF' : `E${name}`]));
let order = 'verbatim';
const settings = {
    getDefaultResultOrder: () => order,
    setDefaultResultOrder(value) { order = value; },
    setServers() {},
    getServers: () => [],
};
export const dnsPromises = {
    ...absentPromises('dns.promises', LOOKUPS), ...settings, ...CODES, Resolver: absentClass('dns.promises', 'Resolver'),
};
export const dns = absentModule('dns', {
    functions: LOOKUPS,
    classes: 'Resolver',
    more: { ...settings, ADDRCONFIG: 32, ALL: 16, V4MAPPED: 8, ...CODES, promises: dnsPromises },
});

const HEADERS = `status method authority scheme path protocol accept accept-charset accept-encoding accept-language
    accept-ranges age allow authorization cache-control connection content-disposition content-encoding content-language
    content-length content-location content-range content-type cookie date etag expect expires forwarded from host
    http2-settings if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified link
    location max-forwards origin proxy-authenticate proxy-authorization proxy-connection range referer retry-after server
    set-cookie te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate x-forwarded-for`;
const http2Constants = {
    NGHTTP2_SESSION_SERVER: 0, NGHTTP2_SESSION_CLIENT: 1, NGHTTP2_NO_ERROR: 0, NGHTTP2_PROTOCOL_ERROR: 1,
    NGHTTP2_INTERNAL_ERROR: 2, NGHTTP2_FLOW_CONTROL_ERROR: 3, NGHTTP2_STREAM_CLOSED: 5, NGHTTP2_REFUSED_STREAM: 7,
    NGHTTP2_CANCEL: 8, NGHTTP2_ENHANCE_YOUR_CALM: 11, NGHTTP2_INADEQUATE_SECURITY: 12, DEFAULT_SETTINGS_ENABLE_PUSH: 1,
    HTTP2_METHOD_GET: 'GET', HTTP2_METHOD_POST: 'POST', HTTP2_METHOD_PUT: 'PUT', HTTP2_METHOD_DELETE: 'DELETE',
    HTTP2_METHOD_HEAD: 'HEAD', HTTP2_METHOD_OPTIONS: 'OPTIONS', HTTP2_METHOD_PATCH: 'PATCH', HTTP2_METHOD_CONNECT: 'CONNECT',
    HTTP_STATUS_OK: 200, HTTP_STATUS_NOT_FOUND: 404, HTTP_STATUS_INTERNAL_SERVER_ERROR: 500,
};
HEADERS.split(/\s+/).forEach((name, at) => {
    http2Constants[`HTTP2_HEADER_${name.toUpperCase().replaceAll('-', '_')}`] = at < 6 ? `:${name}` : name;
});
export const http2 = absentModule('http2', {
    functions: `connect createServer createSecureServer getDefaultSettings getPackedSettings getUnpackedSettings
        performServerHandshake`,
    classes: 'Http2ServerRequest Http2ServerResponse',
    more: { constants: http2Constants, sensitiveHeaders: Symbol('nodejs.http2.sensitiveHeaders') },
});
