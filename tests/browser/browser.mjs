/* What the browser tests share: headless Chromium, complaints about what went wrong, comparisons. */
import { createRequire } from 'node:module';
import path from 'node:path';

/* MODULES: where install.sh put the packages. */
export const modules = path.resolve(process.env.MODULES ?? 'build/browser');
const { chromium } = createRequire(`${modules}/`)('playwright-core');

let failures = 0;

export function expect(ok, what, wanted, seen) {
	if (ok)
		return;
	failures++;
	if (failures <= 20)
		console.log(`    ${what}: expected ${wanted}, seen ${seen}`);
}

export const equal = (what, wanted, seen) => expect(Object.is(wanted, seen), what, wanted, seen);

/*
 * Run @test with a page and the addresses it asked for; exit with 1 if anything was not as expected,
 * if the page reported an error, or opened a dialog.
 */
export async function withPage(test) {
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
	try {
		const page = await browser.newPage({ viewport: { width: 1400, height: 1000 }, colorScheme: 'light' });
		const asked = [];
		page.on('request', (r) => asked.push(r.url()));
		page.on('pageerror', (e) => expect(false, 'errors of the page', 'none', e.stack));
		page.on('console', (m) => expect(m.type() !== 'error', 'errors on the console', 'none', m.text()));
		page.on('dialog', (d) => {
			expect(false, 'dialogs', 'none: names are text', d.message());
			d.dismiss();
		});
		await test(page, asked);
	} catch (e) {
		expect(false, 'the script', 'to run through', e.stack);
	} finally {
		await browser.close();
	}
	process.exit(failures ? 1 : 0);
}
