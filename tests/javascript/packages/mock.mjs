// Answers for the services that the packages of the cases speak to, over HTTPS on a port of its own. What was asked is
// part of the answer where a service allows it, so that a case shows what was sent.
//
// Usage: node mock.mjs CERTIFICATE KEY; prints its port, and ends with its standard input.

import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { gunzipSync } from 'node:zlib';

const [certificate, key] = process.argv.slice(2);
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };

function token(claims, kid = 'k1') {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid })}.${part(claims)}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(keys.privateKey, 'base64url')}`;
}

/** Headers that a package chooses, without those of the moment. */
function sent(headers) {
    const names = ['content-type', 'accept', 'authorization', 'x-case', 'content-encoding', 'x-amz-target'];
    return Object.fromEntries(names.filter((name) => headers[name]).map((name) => [name, headers[name].slice(0, 60)]));
}

const user = { user_id: 'auth0|1', email: 'ada@example.com', app_metadata: { plan: 'gold' } };
const routes = [
    [/^GET \/json/, () => ({ hello: 'world', list: [1, 2, 3] })],
    [/^GET \/text/, () => 'plain text'],
    [/^GET \/status\/(\d+)/, (_, [, status]) => [Number(status), { error: 'as asked' }]],
    [/^GET \/redirect/, () => [302, '', { location: '/json?redirected=1' }]],
    [/^GET \/slow/, () => new Promise((resolve) => setTimeout(resolve, 3000, { slow: true }))],
    [/^GET \/token/, () => ({ token: token({ sub: 'ada', iss: 'https://issuer/', aud: 'me', exp: 4102444800 }) })],
    [/^GET \/\.well-known\/jwks\.json/, () => ({ keys: [jwk] })],
    [/^POST \/oauth\/token/, ({ form }) => ({ access_token: 'at', token_type: 'Bearer', expires_in: 86400, scope: 'a', form })],
    [/^POST \/token/, () => ({ access_token: 'google-at', token_type: 'Bearer', expires_in: 3600 })],
    [/^GET \/api\/v2\/users-by-email/, () => [user]],
    [/^GET \/api\/v2\/users\/missing/, () => [404, { statusCode: 404, error: 'Not Found', message: 'The user does not exist.', errorCode: 'inexistent_user' }]],
    [/^GET \/api\/v2\/users\/[^/]*\/roles/, () => [{ id: 'rol_1', name: 'admin', description: 'd' }]],
    [/^GET \/api\/v2\/users(\?|$)/, () => [user]],
    [/^GET \/api\/v2\/users\//, () => user],
    [/^PATCH \/api\/v2\/users\//, ({ json }) => ({ ...user, ...json })],
    [/^POST \/api\/v2\/users\/[^/]*\/roles/, () => [204, '']],
    [/^GET \/api\/v2\/roles/, () => [{ id: 'rol_1', name: 'admin', description: 'd' }]],
    [/^POST \/hook/, () => 'ok'],
    [/^POST \/v1\/customers/, ({ form }) => ({ id: 'cus_1', object: 'customer', ...form })],
    [/^GET \/v1\/customers/, () => ({ object: 'list', data: [{ id: 'cus_1', object: 'customer' }], has_more: false, url: '/v1/customers' })],
    [/^POST \/graphql/, ({ json }) => json.query.includes('broken') ? { errors: [{ message: 'no such field' }] } : { data: { user: { name: 'Ada', variables: json.variables } } }],
    [/^POST \/v1\/(batch|track|identify)/, () => ({ success: true })],
    [/^POST \/api\/1\/(store|envelope)/, () => ({ id: 'e1' })],
    [/^GET \/(bucket\/)?report\.txt/, () => ['report text', { 'content-type': 'text/plain', etag: '"e"' }]],
    [/^PUT \/(bucket\/)?report\.txt/, () => [200, '', { etag: '"put"' }]],
    [/^POST \/$/, ({ headers, json, form }) => amazon(headers, json, form)],
    [/./, ({ method, url, headers, body }) => ({ method, url, headers: sent(headers), body })],
];

function amazon(headers, json, form) {
    const type = { 'content-type': 'application/x-amz-json-1.0' };
    if (headers['x-amz-target']?.endsWith('.GetItem')) {
        return [200, { Item: { id: { S: 'u1' }, n: { N: '5' }, tags: { L: [{ S: 'a' }] }, key: json.Key.id } }, type];
    }
    if (headers['x-amz-target']?.endsWith('.PutItem')) return [200, {}, type];
    if (headers['x-amz-target']?.endsWith('.Query')) {
        return [400, { __type: 'com.amazonaws#ResourceNotFoundException', message: 'Requested resource not found' }, type];
    }
    if (form?.Action === 'Publish') {
        const xml = '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>';
        return [200, xml, { 'content-type': 'text/xml' }];
    }
    return [400, { __type: 'UnknownOperationException' }, type];
}

function read(request, bytes) {
    const encoding = request.headers['content-encoding'];
    const body = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    const type = request.headers['content-type'] ?? '';
    const given = { method: request.method, url: request.url, headers: request.headers, body };
    if (type.includes('json')) given.json = JSON.parse(body || 'null');
    if (type.includes('x-www-form-urlencoded')) given.form = Object.fromEntries(new URLSearchParams(body));
    return given;
}

async function answer(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const line = `${request.method} ${request.url}`;
    const [pattern, make] = routes.find(([pattern]) => pattern.test(line));
    const made = await make(read(request, Buffer.concat(parts)), pattern.exec(line));
    const listed = Array.isArray(made) && (typeof made[0] === 'number' || typeof made[1]?.etag === 'string');
    const [status, body, headers] = !listed ? [200, made] : typeof made[0] === 'number' ? made : [200, ...made];
    const text = typeof body === 'string';
    response.writeHead(status, { 'content-type': text ? 'text/plain' : 'application/json', ...headers });
    response.end(text ? body : JSON.stringify(body));
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    answer(request, response).catch((error) => {
        response.writeHead(500);
        response.end(String(error));
    });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
