/*
 * flame.mjs LIST: each flame graph, a picture or a page, shows the stacks it is made of; it is zoomed by
 * clicks, searched, and shows all again, by pointer and keys.  LIST has three lines for each: its
 * file, its stacks as folded lines, what is searched for.
 */
import fs from 'node:fs';
import { equal, expect, withPage } from './browser.mjs';

const list = fs.readFileSync(process.argv[2], 'utf8').trimEnd().split('\n');
let stacks, all, text;

function load(folded) {
	stacks = fs.readFileSync(folded, 'utf8').split('\n').filter(Boolean).map((line) => {
		const at = line.lastIndexOf(' ');
		return { frames: line.slice(0, at).split(';'), weight: Number(line.slice(at + 1)) };
	});
	all = stacks.reduce((sum, s) => sum + s.weight, 0);
}
const near = (a, b) => Math.abs(a - b) <= 1.5; // pixels

/* What is on the screen: one entry a frame. */
const shown = (page) => page.evaluate(() => [...document.querySelectorAll('#flame-frames g.frame')].map((g) => {
	const box = g.querySelector('rect').getBoundingClientRect();
	return { node: g.dataset.node, title: g.querySelector('title').textContent, x: box.x, y: box.y, width: box.width,
		hit: g.classList.contains('hit'), text: g.querySelector('text')?.textContent ?? '' };
}));

const field = (page) => page.evaluate(() => document.getElementById('flame-search').value);
const status = (page) => page.evaluate(() => document.getElementById('flame-status').textContent);

/* The sums by depth and name that FOLDED says, as widths. */
function expected(width) {
	const sums = new Map();
	for (const { frames, weight } of stacks) {
		frames.forEach((_, i) => {
			const path = frames.slice(0, i + 1).join(';');
			sums.set(path, (sums.get(path) ?? 0) + weight);
		});
	}
	return [...sums].map(([path, sum]) => ({ depth: path.split(';').length, width: sum / all * width }));
}

async function drawn(page) {
	const frames = await shown(page), width = frames[0].width, top = frames[0].y;
	const wanted = expected(width).filter((f) => f.width >= 1).map((f) => `${f.depth} ${Math.round(f.width)}`).sort();
	const seen = frames.filter((f) => f.node !== undefined && f.node !== '0')
		.map((f) => `${Math.round((f.y - top) / 17)} ${Math.round(f.width)}`).sort();
	equal('frames drawn', wanted.length, seen.length);
	const off = wanted.filter((w, i) => {
		const [a, b] = w.split(' ').map(Number), [c, d] = (seen[i] ?? '').split(' ').map(Number);
		return a !== c || !near(b, d);
	});
	equal('frames of another width than their stacks', '', off.join(', '));
	for (const f of frames)
		expect(f.width <= width + 1 && f.x >= frames[0].x - 1 && f.x + f.width <= frames[0].x + width + 1, 'a frame', 'within the picture', JSON.stringify(f));
}

/* A click makes a frame as wide as all; its own are below it; a click on the first shows all again. */
async function zooming(page) {
	const before = await shown(page), width = before[0].width;
	const target = before.find((f) => f.node !== undefined && f.width > 20 && f.width < width * 0.9 && f.y > before[0].y);
	expect(target, 'a frame to zoom into', 'one', before.length);
	await page.mouse.click(target.x + target.width / 2, target.y + 8);
	const zoomed = (await shown(page)).find((f) => f.node === target.node);
	expect(near(zoomed.width, width), 'width of the frame zoomed into', width, zoomed.width);
	expect(zoomed.title.includes('100.0 % of what is zoomed into'), 'its tooltip', '100.0 % of what is zoomed into', zoomed.title);
	await page.mouse.click(before[0].x + 5, before[0].y + 8);
	equal('frames after zooming out', before.length, (await shown(page)).length);
	await page.mouse.click(target.x + target.width / 2, target.y + 8);
	await page.keyboard.press('Escape');
	const again = (await shown(page)).find((f) => f.node === target.node);
	expect(near(again.width, target.width), 'its width after Escape', target.width, again.width);
}

async function searching(page) {
	const found = stacks.filter((s) => s.frames.some((f) => f.toLowerCase().includes(text.toLowerCase())));
	const sum = found.reduce((a, s) => a + s.weight, 0);
	await page.keyboard.press('/');
	await page.keyboard.type(text);
	expect(sum > 0 && (await status(page)).includes(`${(100 * sum / all).toFixed(1)} % of all`), `share of '${text}'`, `${(100 * sum / all).toFixed(1)} %`, await status(page));
	for (const f of await shown(page))
		if (f.node !== undefined)
			equal(`${f.title}: marked`, f.title.split('\n').slice(0, 2).join(' ').toLowerCase().includes(text.toLowerCase()), f.hit);
	await page.keyboard.type(' is called nothing');
	expect((await status(page)).includes('0.0 %'), 'share of nothing', '0.0 %', await status(page));
	await page.click('#flame-reset');
	equal('search field after reset', '', await field(page));
	equal('marked after reset', 0, (await shown(page)).filter((f) => f.hit).length);
}

/* A row of the page's table searches for its function. */
async function table(page) {
	const row = page.locator('#functions tbody tr').first();
	if (!await row.count())
		return;
	const name = await row.getAttribute('data-name');
	await row.click();
	equal('search field after a click on a row', name, await field(page));
	await page.keyboard.press('Escape');
}

async function graph(page, asked, file) {
	asked.length = 0;
	await page.setViewportSize({ width: 1400, height: 1000 });
	await page.goto(`file://${file}`);
	await page.waitForFunction(() => window.gilscopeFlame);
	await drawn(page);
	await zooming(page);
	await searching(page);
	await table(page);
	await page.setViewportSize({ width: 700, height: 600 });
	// Drawn anew, not only scaled by the browser.
	await page.waitForFunction(() => document.getElementById('flame').viewBox.baseVal.width <= 700, null, { timeout: 20000 });
	await drawn(page);
	equal('addresses asked for', `file://${file}`, asked.join(' '));
	equal('scripts', 2, await page.evaluate(() => document.getElementsByTagName('script').length));
	console.log(`${file.split('/').pop()}: ${stacks.length} stacks, ${(await shown(page)).length} frames drawn`);
}

await withPage(async (page, asked) => {
	for (let i = 0; i + 2 < list.length; i += 3) {
		load(list[i + 1]);
		text = list[i + 2];
		await graph(page, asked, list[i]);
	}
	expect(list.length >= 3, 'graphs', 'some', list.length);
});
