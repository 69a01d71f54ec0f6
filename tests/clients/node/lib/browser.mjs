// A headless Chromium, and an application's pages for it to open.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

// What a check waits for beside its steps is of no interest once a step has failed.
process.on('unhandledRejection', () => undefined);

/** A key and a certificate for localhost, made now. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pages-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-subj', '/CN=localhost', ...made], { stdio: 'ignore' });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

/**
 * Serves `files` (path → content) and opens a browser. The pages are at another port of the server's host: another
 * origin, but the same site, so that the browser sends the server's cookies from a frame.
 */
export async function openBrowser(files) {
  const types = { js: 'text/javascript', html: 'text/html; charset=utf-8' };
  const server = createServer(certificate(), (request, response) => {
    const path = new URL(request.url, 'https://localhost').pathname;
    const content = files[path];
    const type = types[path.endsWith('.js') ? 'js' : 'html'];
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type }).end(content);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const origin = `https://localhost:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: places.find((path) => path && existsSync(path)),
    // Nothing but localhost is there.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost'],
  });
  return {
    origin,
    /** A browser of its own, without cookies. */
    async open() {
      // The certificates are of authorities that were made a moment ago.
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      if (process.env.TRACE) trace(page);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

function trace(page) {
  page.on('console', (message) => console.log(`# ${message.type()} ${message.text()}`));
  page.on('request', (request) => console.log(`# ${request.method()} ${request.url().slice(0, 200)}`));
  page.on('response', async (response) => {
    if (response.status() < 400) return;
    const text = await response.text().catch(() => '');
    console.log(`# ${response.status()} ${response.url().slice(0, 200)} ${text.slice(0, 300)}`);
  });
}

/** A file of a package. */
export const file = (path) => readFileSync(new URL(`../node_modules/${path}`, import.meta.url), 'utf8');

/** Types an address and a password into the login page and sends it. */
export async function typeLogin(page, username, password) {
  const secret = page.locator('input[type=password]:visible').first();
  await secret.waitFor();
  await page.locator('input[type=email]:visible, input[type=text]:visible').first().fill(username);
  await secret.fill(password);
  await page.locator('button[type=submit]:visible, input[type=submit]:visible').first().click();
}
