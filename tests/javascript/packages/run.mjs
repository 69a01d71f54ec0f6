// Runs the cases of this folder under Node with the packages installed, and in the sandbox with their bundle, against
// the same services (`mock.mjs`); prints each difference, and ends with 1 when there was one.
//
// Usage: POSTERN_JS=target/debug/postern-js node tests/javascript/packages/run.mjs [CASE…]
// Needs npm and its registry, openssl, and sdk/javascript/engine.wasm. What is installed stays in the temporary folder.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;
const root = path.join(here, '../../..');
const work = path.join(tmpdir(), 'postern-packages');
const NOW = 1767225600000;
const NPM = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=optional', '--no-bin-links', '--loglevel=error'];

/** A program's output; it has a minute, and npm two. */
function run(program, given, options = {}) {
    return new Promise((resolve) => {
        const child = spawn(program, given, { ...options, stdio: 'pipe' });
        let [out, error] = ['', ''];
        child.stdout.on('data', (text) => (out += text));
        child.stderr.on('data', (text) => (error += text));
        child.stdin.on('error', () => {});
        const end = setTimeout(() => child.kill('SIGKILL'), program === 'npm' ? 120_000 : 60_000);
        child.on('close', (status) => {
            clearTimeout(end);
            resolve({ out, error, status });
        });
        child.stdin.end(options.input ?? '');
    });
}

function certificates() {
    const file = (name) => path.join(work, name);
    const openssl = (...given) => spawnSync('openssl', given, { cwd: work, stdio: 'ignore' });
    writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca');
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost');
    openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-out', 'leaf.pem', '-days', '2', '-extfile', 'names');
}

async function install(folder, dependencies) {
    if (existsSync(path.join(folder, 'node_modules'))) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
    const { status, error } = await run('npm', ['install', ...NPM, ...dependencies], { cwd: folder });
    if (status !== 0) throw new Error(error);
}

/** The tools as the server has them. */
async function tools() {
    const from = path.join(root, 'runtime/crates/packages/tools');
    const version = createHash('sha256').update(readFileSync(path.join(from, 'package-lock.json'))).digest('hex').slice(0, 16);
    const folder = path.join(work, `tools-${version}`);
    cpSync(from, folder, { recursive: true });
    if (!existsSync(path.join(folder, 'node_modules'))) await run('npm', ['ci', '--ignore-scripts'], { cwd: folder });
    return folder;
}

/** Objects with their keys in one order: that of an object is not part of what was asked. */
const sorted = (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value;
const text = (value) => JSON.stringify(value, sorted) ?? 'nothing';

async function compare(name, event, bundler) {
    const file = path.join(here, `${name}.js`);
    const source = readFileSync(file, 'utf8');
    const dependencies = /^\/\/ dependencies: (.*)/.exec(source)[1].split(' ');
    const folder = path.join(work, `${name}-${createHash('sha256').update(dependencies.join()).digest('hex').slice(0, 8)}`);
    await install(folder, dependencies);
    cpSync(path.join(root, 'tests/javascript/reference'), path.join(folder, 'reference'), { recursive: true });
    const required = [...source.matchAll(/require\('([^']+)'\)/g)].map(([, found]) => found);
    const input = JSON.stringify({
        folder,
        names: required.filter((found) => !builtinModules.includes(found)),
        words: source.match(/\b[A-Z]\w*/g) ?? [],
    });
    const { bundle, errors } = JSON.parse((await run('node', [path.join(bundler, 'bundle.mjs')], { input })).out);
    if (bundle === undefined) throw new Error(JSON.stringify(errors));
    writeFileSync(path.join(folder, 'bundle.js'), bundle);
    const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: path.join(work, 'ca.pem') };
    const given = JSON.stringify([{ name, source, event, entry: 'execute', now: NOW }]);
    const [node] = JSON.parse((await run('node', ['reference/run.mjs'], { cwd: folder, env, input: given })).out);
    const ran = await run(
        path.resolve(process.env.POSTERN_JS ?? 'target/debug/postern-js'),
        ['run', '--event', path.join(work, 'event.json'), '--bundle', path.join(folder, 'bundle.js'), '--now', String(NOW),
            '--allow', '127.0.0.1', '--allow', 'localhost', '--payload', JSON.stringify({ preload: required, now: NOW, seed: 7 }), file],
        { cwd: root, env: { ...process.env, SSL_CERT_FILE: path.join(work, 'ca.pem') } },
    );
    if (ran.status !== 0) return [ran.error.split('\n', 3).join(' ')];
    const ours = JSON.parse(ran.out);
    const ends = [node, ours].map(({ error }) => text(error ? { name: error.name, message: error.message } : undefined));
    const found = ends[0] === ends[1] ? [] : [`error: Node ${ends[0]}, ours ${ends[1]}`];
    const [theirs, mine] = [node.mutations ?? [], node.mutations ? ours.mutations : []];
    for (let at = 0; at < Math.max(theirs.length, mine.length); at += 1) {
        if (text(theirs[at]) !== text(mine[at])) found.push(`${at}: Node ${text(theirs[at])}, ours ${text(mine[at])}`);
    }
    return found;
}

mkdirSync(work, { recursive: true });
certificates();
const mock = spawn('node', [path.join(here, 'mock.mjs'), path.join(work, 'leaf.pem'), path.join(work, 'leaf.key')], { stdio: ['pipe', 'pipe', 'inherit'] });
const port = await new Promise((resolve) => mock.stdout.once('data', (line) => resolve(String(line).trim())));
const event = JSON.parse(readFileSync(path.join(root, 'tests/javascript/event.json'), 'utf8'));
event.secrets = { SERVICE: `https://localhost:${port}`, DOMAIN: `localhost:${port}` };
writeFileSync(path.join(work, 'event.json'), JSON.stringify(event));
const cases = readdirSync(here).filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -3));
const wanted = process.argv.slice(2);
const bundler = await tools();
let wrong = 0;
for (const name of cases.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const found = await compare(name, event, bundler).catch((error) => [String(error)]);
    wrong += found.length === 0 ? 0 : 1;
    console.log(`${found.length === 0 ? 'same' : 'DIFFERENT'} ${name}`);
    for (const line of found) console.log(`    ${line}`);
}
mock.stdin.end();
process.exitCode = wrong === 0 ? 0 : 1;
