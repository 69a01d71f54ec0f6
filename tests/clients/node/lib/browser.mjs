// A headless Chromium, and an application's pages for it to open.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { chromium } from 'playwright-core';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

// What a check waits for beside its steps is of no interest once a step has failed.
process.on('unhandledRejection', () => undefined);

/** Serves `files` (path → content) from http://localhost, which browsers take for secure, and opens a browser. */
export async function openBrowser(files) {
  const types = { js: 'text/javascript', html: 'text/html; charset=utf-8' };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const content = files[path];
    const type = types[path.endsWith('.js') ? 'js' : 'html'];
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type }).end(content);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const origin = `http://localhost:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: places.find((path) => path && existsSync(path)),
    args: ['--no-sandbox'],
  });
  return {
    origin,
    /** A browser of its own: no cookies, and nothing but localhost to reach. */
    async open() {
      // The certificate is of a CA that was made a moment ago.
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      context.setDefaultTimeout(15_000);
      await context.route((url) => url.hostname !== 'localhost', (route) => route.abort());
      const page = await context.newPage();
      if (process.env.TRACE) {
        page.on('console', (message) => console.log(`# ${message.type()} ${message.text()}`));
        page.on('request', (request) => console.log(`# ${request.method()} ${request.url().slice(0, 200)}`));
        page.on('requestfailed', (request) => console.log(`# failed ${request.url().slice(0, 200)} ${request.failure()?.errorText}`));
        page.on('response', async (response) => {
          if (response.status() >= 400) console.log(`# ${response.status()} ${response.url().slice(0, 200)} ${(await response.text().catch(() => '')).slice(0, 300)}`);
        });
      }
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** A file of a package. */
export const file = (path) => readFileSync(new URL(`../node_modules/${path}`, import.meta.url), 'utf8');

/** Types an address and a password into the login page and sends it. */
export async function typeLogin(page, username, password) {
  const secret = page.locator('input[type=password]:visible').first();
  await secret.waitFor();
  await page.locator('input[type=email]:visible, input[type=text]:visible, input[name=username]:visible').first().fill(username);
  await secret.fill(password);
  await page.locator('button[type=submit]:visible, input[type=submit]:visible').first().click();
}
