/*
 * page.mjs FILE FIGURES: the page FILE, opened, zoomed, moved, hovered and searched by pointer and
 * keys, shows what is in it, and its tables are FIGURES, the report's JSON.  LOAD_LIMIT_MS limits
 * the time until all is shown.
 */
import fs from 'node:fs';
import { equal, expect, withPage } from './browser.mjs';

const [, , file, expected] = process.argv;
const figures = JSON.parse(fs.readFileSync(expected, 'utf8'));
const limit = Number(process.env.LOAD_LIMIT_MS ?? 20000);
const grouped = (n) => n.toLocaleString('en-US');

/* Every figure of every row is in its table. */
async function tables(page) {
	const seen = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#tables table')]
		.map((t) => [t.id, [...t.tBodies[0].rows].map((r) => Object.fromEntries(
			[...r.cells].filter((c) => c.dataset.column).map((c) => [c.dataset.column, c.dataset.value])))])));
	let compared = 0;
	const check = (id, rows) => {
		equal(`rows of ${id}`, rows.length, seen[id]?.length ?? 0);
		rows.forEach((row, i) => {
			for (const [name, value] of Object.entries(row)) {
				if (Array.isArray(value))
					continue;
				const parts = value && typeof value === 'object' ?
					['count', 'p50_ns', 'p99_ns', 'max_ns'].map((p) => [`${name} ${p}`, value[p]]) : [[name, value]];
				for (const [column, figure] of parts) {
					const text = figure ?? '';
					if (seen[id]?.[i]?.[column] !== undefined) {
						equal(`${column} in row ${i} of ${id}`, String(text), seen[id][i][column]);
						compared++;
					} else {
						expect(text === '', `${column} in row ${i} of ${id}`, text, 'no such cell');
					}
				}
			}
		});
	};
	figures.processes.forEach((process, i) => {
		for (const table of ['gils', 'threads', 'blame', 'gc', 'io', 'types'])
			check(`${table}-${i}`, process[table] ?? []);
	});
	check('lost', figures.lost ?? []);
	expect(compared > 20, 'figures compared', 'more than 20', compared);
	return compared;
}

const view = (page) => page.evaluate(() => [gilscope.timeline.from, gilscope.timeline.to]);
const span = ([from, to]) => to - from;

/* Where time @t of row @i is on the screen. */
const place = (page, i, t) => page.evaluate(([row, at]) => {
	const { timeline } = gilscope, box = timeline.canvas.getBoundingClientRect();
	return [box.left + timeline.x(at), box.top + timeline.rowTop(row) + ROW / 2];
}, [i, t]);

async function tooltip(page, at) {
	await page.mouse.move(at[0] - 1, at[1]);
	await page.mouse.move(at[0], at[1]);
	return page.evaluate(() => (document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText));
}

/* The wheel zooms and keeps what is under the pointer; dragging moves; keys do both. */
async function moving(page) {
	const whole = await view(page), [x, y] = (await place(page, 0, span(whole) * 0.3)).map(Math.round);
	const under = () => page.evaluate((at) => gilscope.timeline.time(at - gilscope.timeline.canvas.getBoundingClientRect().left), x);
	await page.mouse.move(x, y);
	const before = await under();
	for (let i = 0; i < 5; i++)
		await page.mouse.wheel(0, -200);
	await page.waitForFunction((s) => gilscope.timeline.to - gilscope.timeline.from < s / 20, span(whole));
	const zoomed = await view(page), after = await under();
	expect(Math.abs(after - before) <= span(zoomed) / 1000, 'time under the pointer after zooming', before, after);
	await page.mouse.down();
	await page.mouse.move(x - 100, y, { steps: 4 });
	await page.mouse.up();
	const dragged = await view(page);
	expect(dragged[0] > zoomed[0], 'beginning of the view after dragging to the left', `more than ${zoomed[0]}`, dragged[0]);
	expect(Math.abs(span(dragged) / span(zoomed) - 1) < 1e-9, 'length of the view after dragging', span(zoomed), span(dragged));
	await page.focus('#lanes');
	await page.keyboard.press('ArrowLeft');
	expect((await view(page))[0] < dragged[0], 'beginning of the view after ArrowLeft', `less than ${dragged[0]}`, (await view(page))[0]);
	await page.keyboard.press('+');
	expect(span(await view(page)) < span(dragged), 'length of the view after +', `less than ${span(dragged)}`, span(await view(page)));
	await page.keyboard.press('Home');
	equal('view after Home', JSON.stringify(whole), JSON.stringify(await view(page)));
}

/* Zoomed in on single events of each kind, the tip tells their exact length and thread. */
async function exact(page) {
	const ids = await page.evaluate(() => {
		const { events } = gilscope.recording, first = {};
		for (let i = Math.floor(events.n / 2); i < events.n; i++)
			first[events.kind[i] & 15] ??= i;
		return [0, 1, 2, 3].filter((k) => first[k] !== undefined).map((k) => first[k]);
	});
	expect(ids.length >= 2, 'kinds of events in the page', 'at least 2', ids.length);
	for (const id of ids) {
		const e = await page.evaluate((i) => {
			const { events, threads } = gilscope.recording;
			gilscope.input.reveal(i);
			gilscope.timeline.draw();
			const row = gilscope.timeline.rows.findIndex((r) => r.thread?.number === events.who[i]);
			return { row, at: (events.begin[i] + events.end[i]) / 2, ns: events.end[i] - events.begin[i],
				kind: events.kind[i] & 15, tid: threads[events.who[i]].tid, detail: document.getElementById('detail').innerText };
		}, id);
		const length = `${grouped(e.ns)} ns`;
		expect(e.detail.includes(length) && e.detail.includes(`(tid ${e.tid})`), `detail of event ${id}`, `${length}, tid ${e.tid}`, e.detail);
		// What lies on top of an event is told instead, where there is something.
		const tip = await tooltip(page, await place(page, e.row, e.at));
		expect(tip.includes(`(tid ${e.tid})`) && (tip.includes(length) || /^(collection|off CPU)/.test(tip) || e.kind === 2),
			`tip of event ${id}`, `${length}, tid ${e.tid}`, tip);
	}
}

/* Zoomed out, the tip's sums are those of all events, worked out one by one. */
async function summed(page) {
	await page.evaluate(() => {
		gilscope.input.search('');
		gilscope.timeline.show(0, gilscope.recording.length);
		gilscope.timeline.draw();
	});
	if (!await page.evaluate(() => gilscope.timeline.crowded(gilscope.timeline.tracks.owners(gilscope.timeline.rows[0].process.number))))
		return;
	for (const share of [0.13, 0.31, 0.44]) {
		const at = await place(page, 0, (await view(page))[1] * share);
		const { held, columns } = await page.evaluate((x) => {
			const { timeline, recording: { events, threads } } = gilscope;
			const box = timeline.canvas.getBoundingClientRect(), step = (timeline.to - timeline.from) / timeline.plotWidth;
			const from = timeline.from + Math.floor(x - box.left - GUTTER) * step, process = timeline.rows[0].process.number;
			let sum = 0;
			for (let i = 0; i < events.n; i++)
				if ((events.kind[i] & 15) === 0 && threads[events.who[i]].process === process)
					sum += Math.max(0, Math.min(from + step, events.end[i]) - Math.max(from, events.begin[i]));
			return { held: sum, columns: step };
		}, Math.round(at[0]));
		const tip = await tooltip(page, [Math.round(at[0]), at[1]]);
		const told = Number((/held ([\d,]+) ns/.exec(tip)?.[1] ?? 'NaN').replaceAll(',', ''));
		if (held > 0)
			expect(Math.abs(told - held) <= 2, `held in a column of ${columns} ns`, held, tip);
	}
}

/* Search, longest events, and everything within reach of the keys. */
async function finding(page) {
	const tid = await page.evaluate(() => gilscope.recording.threads[0].tid);
	await page.fill('#search', String(tid));
	const rows = await page.evaluate(() => gilscope.timeline.rows.filter((r) => r.thread).map((r) => r.thread));
	expect(rows.length > 0 && rows.every((t) => String(t.tid).includes(tid) || t.name.includes(tid)), 'rows found', `of tid ${tid}`, JSON.stringify(rows.slice(0, 3)));
	await page.fill('#search', 'no thread is called that');
	equal('rows found', 0, await page.evaluate(() => gilscope.timeline.rows.length));
	await page.fill('#search', '');
	const most = await page.evaluate(() => {
		const { events } = gilscope.recording;
		let ns = 0;
		for (let i = 0; i < events.n; i++)
			if ((events.kind[i] & 15) === 0)
				ns = Math.max(ns, events.end[i] - events.begin[i]);
		return ns;
	});
	const first = page.locator('#longest-0 button').first();
	equal('longest hold', String(most), await first.getAttribute('data-ns'));
	await first.click();
	const detail = await page.innerText('#detail');
	expect(detail.includes(`hold ${grouped(most)} ns`), 'selected event', `hold ${grouped(most)} ns`, detail);
	expect(span(await view(page)) <= most * 5 + 2000, 'view of the longest hold', `about ${most * 4} ns`, span(await view(page)));
	await page.keyboard.press('Home');
	await page.keyboard.press('Escape');
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('n');
	expect((await page.innerText('#detail')).includes('after the start'), 'event chosen by key', 'its details', await page.innerText('#detail'));
	await page.click('h1'); // Tab goes on from there
	const reached = new Set();
	for (let i = 0; i < 12; i++) {
		await page.keyboard.press('Tab');
		reached.add(await page.evaluate(() => document.activeElement.id));
	}
	for (const id of ['search', 'zoom-in', 'lanes'])
		expect(reached.has(id), 'reached by Tab', id, [...reached].join(' '));
}

/* The findings, and the flame graph of recordings with stacks, are the report's. */
async function why(page) {
	const [findings, frames, total] = await page.evaluate(() => [
		[...document.querySelectorAll('#findings li')].map((li) => li.dataset.id).join(' '),
		document.querySelectorAll('#flame .frame').length, window.gilscopeFlame?.data.nodes[2]]);
	if (figures.findings)
		equal('findings', figures.findings.map((f) => f.id).join(' '), findings);
	const held = figures.processes.flatMap((p) => p.stacks ?? []).reduce((sum, s) => sum + s.held_ns, 0);
	expect(held ? frames > 1 : !frames, 'frames of the flame graph', held ? 'some' : 'none', frames);
	if (held)
		equal('time held in the flame graph', held, total);
}

await withPage(async (page, asked) => {
	const from = Date.now();
	await page.goto(`file://${file}`);
	await page.waitForFunction(() => document.body.dataset.ready === 'yes', null, { timeout: limit });
	const took = Date.now() - from, events = await page.evaluate(() => gilscope.recording.events.n);
	const sums = await page.evaluate(() => {
		const { events: e, histograms } = gilscope.recording;
		let held = 0;
		for (let i = 0; i < e.n; i++)
			if ((e.kind[i] & 79) === 0)
				held += e.end[i] - e.begin[i];
		return [held, histograms.hold?.sum_ns ?? 0];
	});
	equal('sum of the finished holds, of the events and of the histogram', sums[1], sums[0]);
	const compared = await tables(page);
	await moving(page);
	await exact(page);
	await summed(page);
	await finding(page);
	await why(page);
	const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	await page.emulateMedia({ colorScheme: 'dark' });
	await page.waitForTimeout(100);
	expect(light !== await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'background in the dark', 'another one', light);
	equal('what was loaded', `file://${file}`, [...new Set(asked)].join(' '));
	console.log(`${events} events shown after ${took} ms, ${compared} figures as in the report`);
});
