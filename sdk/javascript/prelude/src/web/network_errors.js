/**
 * Failures of the network, as Node names them: what the host says becomes the error that Node's sockets would have
 * given, so that what looks at `code` goes the way it would have gone.
 */

const TLS = [
    [/expired/i, 'CERT_HAS_EXPIRED', 'certificate has expired'],
    [/not valid for name|NotValidForName/i, 'ERR_TLS_CERT_ALTNAME_INVALID', undefined],
    [/UnknownIssuer/i, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
];

function plain(message, fields) {
    return Object.assign(new Error(message), fields);
}

function tlsError(message, url) {
    for (const [pattern, code, text] of TLS) {
        if (!pattern.test(message)) continue;
        const names = `Hostname/IP does not match certificate's altnames: Host: ${url.hostname}.`;
        return plain(text ?? names, { code });
    }
    return plain(message, { code: 'EPROTO' });
}

/** The error that is the same for `fetch` and `http`, if there is one. */
function common({ code, message }, url) {
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const address = url.hostname.replace(/^\[|\]$/g, '');
    switch (code) {
        case 'dns':
            return plain(`getaddrinfo ENOTFOUND ${address}`, {
                errno: -3008,
                code: 'ENOTFOUND',
                syscall: 'getaddrinfo',
                hostname: address,
            });
        case 'connect':
            return plain(`connect ECONNREFUSED ${address}:${port}`, {
                errno: -111,
                code: 'ECONNREFUSED',
                syscall: 'connect',
                address,
                port,
            });
        case 'tls':
            return tlsError(message, url);
        case 'egress_denied':
            return plain(message, { code: 'EACCES', syscall: 'connect', address, port });
        case 'too_large':
            return plain(message, { code: 'ERR_ANSWER_TOO_LARGE' });
        case 'timeout':
        case 'protocol':
            return undefined;
        default:
            return plain(message ?? `${code}`, { code: 'ERR_BAD_CALL' });
    }
}

/** An error of undici's, which has a name of its own. */
function named(name, message, code) {
    const error = new Error(message);
    Object.assign(error, { name, code });
    return error;
}

/**
 * The cause of a `fetch failed`.
 * @param {{code: string, message: string}} failure - as the host names it
 * @param {URL} url - the request's
 * @returns {Error}
 */
export function fetchCause(failure, url) {
    const error = common(failure, url);
    if (error) return error;
    if (failure.code === 'timeout') {
        return named('HeadersTimeoutError', 'Headers Timeout Error', 'UND_ERR_HEADERS_TIMEOUT');
    }
    if (/redirects$/.test(failure.message)) return new Error('redirect count exceeded');
    if (/is a redirect$/.test(failure.message)) return new Error('unexpected redirect');
    return named('SocketError', 'other side closed', 'UND_ERR_SOCKET');
}

/**
 * The error of a request of `http`.
 * @param {{code: string, message: string}} failure - as the host names it
 * @param {URL} url - the request's
 * @returns {Error}
 */
export function requestError(failure, url) {
    const error = common(failure, url);
    if (error) return error;
    if (failure.code === 'timeout') {
        const address = url.hostname;
        const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
        const fields = { errno: -110, code: 'ETIMEDOUT', syscall: 'connect', address, port };
        return plain(`connect ETIMEDOUT ${address}:${port}`, fields);
    }
    return plain('socket hang up', { code: 'ECONNRESET' });
}
