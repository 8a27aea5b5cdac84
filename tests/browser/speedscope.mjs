/*
 * speedscope.mjs FILE EXPECTED: speedscope's own viewer imports FILE and shows EXPECTED, a JSON
 * list of { name, totals: { frame: ns } }, for its first profiles, in this order.
 */
import fs from 'node:fs';
import { expect, modules, withPage } from './browser.mjs';

const [, , file, expected] = process.argv;
const profiles = JSON.parse(fs.readFileSync(expected, 'utf8'));

/* A time as the viewer writes it. */
function shown(ns) {
	for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]])
		if (ns >= size)
			return `${(ns / size).toFixed(2)}${unit}`;
	return `${ns.toFixed(2)}ns`;
}

/* The table of the sandwich view: name -> [total, self]. */
const table = (page) => page.evaluate(() => {
	const rows = [...document.querySelectorAll('tr')].map((r) => [...r.cells].map((c) => c.innerText.trim()));
	return Object.fromEntries(rows.filter((c) => c.length === 3 && /\(/.test(c[0]))
		.map(([total, self, name]) => [name, [total.split(' ')[0], self.split(' ')[0]]]));
});

await withPage(async (page) => {
	await page.goto(`file://${modules}/node_modules/speedscope/dist/release/index.html`);
	await page.setInputFiles('input[type=file]', file);
	const title = (name) => page.waitForFunction((n) => document.body.innerText.includes(n), name, { timeout: 20000 });
	await title(profiles[0].name);
	await page.keyboard.press('3'); // the sandwich view
	for (const [i, { name, totals }] of profiles.entries()) {
		if (i)
			await page.keyboard.press('n'); // the next profile
		await title(`${name} (${i + 1}/`);
		await page.waitForFunction(() => document.querySelectorAll('tr').length > 1);
		const seen = await table(page);
		for (const [frame, ns] of Object.entries(totals)) {
			if (ns) {
				// The viewer adds up fractions: what lies between two it may round either way.
				const ways = [...new Set([-0.01, 0, 0.01].map((off) => shown(ns + off)))];
				expect(ways.includes(seen[frame]?.[0]), `total of ${frame} in ${name}`,
					ways.join(' or '), seen[frame]?.[0]);
			}
			else
				expect(!seen[frame], `${frame} in ${name}`, 'none', seen[frame]);
		}
	}
	console.log(`${profiles.length} profiles as expected`);
});
