/* The report's figures as tables, histograms, and the longest events. */

function make(tag, text, attributes = {}) {
	const e = document.createElement(tag);
	if (text !== undefined)
		e.textContent = text;
	for (const [name, value] of Object.entries(attributes))
		e.setAttribute(name, value);
	return e;
}

/* How a column's values are written, by the end of its name. */
function cell(name, value) {
	if (value === null || value === undefined)
		return { text: '–', value: -1 };
	if (typeof value === 'boolean')
		return { text: value ? 'yes' : 'no', value: Number(value), left: true };
	if (typeof value === 'string')
		return { text: value, value, left: true, title: value };
	if (name.endsWith('_ratio'))
		return { text: percent(value), value, title: String(value) };
	if (name.endsWith('_ns'))
		return { text: ns(value), value, title: `${count(value)} ns` };
	return { text: /(^|_)(tid|pid|generation)$/.test(name) ? String(value) : count(value), value, title: String(value) };
}

/* A row of the report with its histograms spread out into columns. */
function flat(row) {
	const out = {};
	for (const [name, value] of Object.entries(row)) {
		if (value && typeof value === 'object' && !Array.isArray(value)) {
			for (const part of ['count', 'p50_ns', 'p99_ns', 'max_ns'])
				if (part in value)
					out[`${name} ${part}`] = value[part];
		} else if (!Array.isArray(value)) {
			out[name] = value;
		}
	}
	return out;
}

const heading = (name) => name.replace(/_ns$/, '').replace(/_ratio$/, ' share').replaceAll('_', ' ');

function sortBy(table, column, th) {
	const down = th.getAttribute('aria-sort') !== 'descending';
	for (const other of table.tHead.rows[0].cells)
		other.removeAttribute('aria-sort');
	th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
	const body = table.tBodies[0];
	const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
	body.append(...[...body.rows].sort((a, b) => order(a.cells[column].sortValue, b.cells[column].sortValue)));
}

/* A table of the report's rows; @extra: [heading, (row, i) => element] of one more column. */
function tableOf(id, caption, rows, extra) {
	const table = make('table', undefined, { id });
	table.append(make('caption', caption));
	const head = table.createTHead().insertRow(), body = table.createTBody();
	const all = rows.map(flat), names = [...new Set(all.flatMap(Object.keys))];
	names.forEach((name, i) => {
		const th = make('th', undefined, { scope: 'col' }), button = make('button', heading(name), { type: 'button' });
		if (all.some((r) => typeof r[name] === 'string'))
			th.className = 'text';
		button.addEventListener('click', () => sortBy(table, i, th));
		th.append(button);
		head.append(th);
	});
	if (extra)
		head.append(make('th', extra[0], { scope: 'col' }));
	all.forEach((row, i) => {
		const tr = body.insertRow();
		for (const name of names) {
			const is = cell(name, row[name]), td = make('td', is.text);
			td.sortValue = is.value;
			td.dataset.column = name;
			td.dataset.value = row[name] ?? '';
			if (is.left)
				td.className = 'text';
			if (is.title)
				td.title = is.title;
			tr.append(td);
		}
		if (extra)
			tr.insertCell().append(extra[1](rows[i], i));
	});
	const box = make('div', undefined, { class: 'scroll' });
	box.append(table);
	return box;
}

const TABLES = [['gils', 'GILs'], ['threads', 'Threads'], ['blame', 'Who made whom wait'], ['gc', 'Collector, by generation'],
	['io', 'I/O calls'], ['types', 'Types of objects'], ['held_blocked', 'What holders slept in'], ['functions', 'Python functions']];

/* What older recordings do not have is not worth a line. */
const NEW = new Set(['held_blocked', 'functions']);

/* What the report's findings say, the worst first, with their remedies. */
function fillFindings(figures) {
	const findings = (figures && figures.findings) || [];
	element('findings-section').hidden = !findings.length;
	element('findings').replaceChildren(...findings.map((f) => {
		const item = make('li');
		item.dataset.id = f.id;
		item.dataset.severity = f.severity;
		item.append(make('strong', f.what), make('p', f.remedy, { class: 'muted' }));
		if (f.function)
			item.append(make('p', `mostly in ${f.function.function ?? '(unknown)'} (${f.function.file ?? '?'}:` +
				`${f.function.first_line ?? '?'}), ${percent(f.function.share)}`, { class: 'small' }));
		return item;
	}));
}

function processTables(process, index) {
	const card = make('details', undefined, { class: 'card', open: '' });
	card.append(make('summary', `Process ${process.pid}: ${process.command ?? ''}`));
	const python = process.python ?? {};
	card.append(make('p', `CPython ${python.version ?? '?'} at ${python.path ?? '?'}, measured ${ns(process.measured_ns)}` +
		`${process.exited ? ', has ended' : ''}`, { class: 'muted' }));
	for (const [key, caption] of TABLES) {
		if (process[key] === null && !NEW.has(key))
			card.append(make('p', `${caption}: not measured`, { class: 'muted' }));
		else if (process[key] && process[key].length)
			card.append(tableOf(`${key}-${index}`, caption, process[key]));
	}
	if (process.types_coverage)
		card.append(make('p', `Types: ${process.types_coverage}`, { class: 'muted small' }));
	return card;
}

function lostTables(recording, timeline) {
	const out = [], rows = (recording.figures && recording.figures.lost) || [];
	if (rows.length)
		out.push(tableOf('lost', 'Events lost, by cause', rows));
	if (recording.lost.length) {
		const shown = recording.lost.slice(0, 1000);
		const ranges = shown.map((l) => ({ cause: l.cause, count: l.lost, begin_ns: l.begin, length_ns: l.end - l.begin }));
		const more = recording.lost.length > shown.length ? `, the first ${count(shown.length)} of ${count(recording.lost.length)}` : '';
		out.push(tableOf('lost-ranges', `When events were lost${more}`, ranges, ['', (_, i) => {
			const button = make('button', 'show', { type: 'button' }), l = shown[i];
			button.addEventListener('click', () => {
				const room = Math.max(1000, l.end - l.begin);
				timeline.show(l.begin - room, l.end + room);
				timeline.scroller.scrollIntoView({ block: 'nearest' });
			});
			return button;
		}]));
	}
	return out;
}

function svg(tag, attributes, text) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
	for (const [name, value] of Object.entries(attributes))
		e.setAttribute(name, value);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

/* Eight buckets per power of two are joined into two; time goes by powers of ten. */
function histogramBars(h) {
	const bars = new Map();
	for (const [low, n] of h.buckets) {
		const key = low < 1 ? -1 : Math.floor(Math.log2(low) * 2 + 1e-9);
		bars.set(key, (bars.get(key) ?? 0) + n);
	}
	return bars;
}

function histogramCard(id, title, h) {
	const card = make('div', undefined, { class: 'card', id: `hist-${id}` });
	card.append(make('h3', title));
	if (!h || !h.count) {
		card.append(make('p', h ? 'none' : 'not measured', { class: 'muted' }));
		return card;
	}
	const bars = histogramBars(h), keys = [...bars.keys()];
	const first = Math.min(...keys), behind = Math.max(...keys) + 1, most = Math.max(...bars.values());
	const W = 420, H = 104, x = (key) => (key - first) / Math.max(1, behind - first) * W;
	const box = svg('svg', { viewBox: `0 0 ${W} 130`, role: 'img', 'aria-label': `${title}: ${count(h.count)} values, median ${ns(h.p50_ns)}, maximum ${ns(h.max_ns)}` });
	for (const [key, n] of bars) {
		const high = Math.max(1.5, n / most * (H - 8));
		const bar = svg('rect', { class: 'count', x: x(key) + 0.5, y: H - high, width: Math.max(1, x(key + 1) - x(key) - 1), height: high });
		bar.append(svg('title', {}, `${ns(2 ** (key / 2))} to ${ns(2 ** ((key + 1) / 2))}: ${count(n)}`));
		box.append(bar);
	}
	box.append(svg('line', { x1: 0, x2: W, y1: H, y2: H }));
	for (let t = 10 ** Math.ceil(Math.log10(2 ** (first / 2))); t <= 2 ** (behind / 2); t *= 10)
		box.append(svg('text', { x: Math.min(W - 36, x(Math.log2(t) * 2)), y: H + 13 }, ns(t)));
	for (const [name, v] of [['p50', h.p50_ns], ['p99', h.p99_ns]]) {
		const at = Math.max(0, Math.min(W, x(Math.log2(Math.max(1, v)) * 2)));
		box.append(svg('line', { class: 'q', x1: at, x2: at, y1: 0, y2: H }), svg('text', { x: Math.min(W - 24, at + 2), y: 8 }, name));
	}
	card.append(box);
	const facts = [['count', count(h.count)], ['sum', ns(h.sum_ns)], ['p50', ns(h.p50_ns)], ['p90', ns(h.p90_ns)], ['p99', ns(h.p99_ns)], ['max', ns(h.max_ns)]];
	const line = make('p', facts.map(([k, v]) => `${k} ${v}`).join(' · '), { class: 'small muted' });
	line.title = `sum ${count(h.sum_ns)} ns, p50 ${count(h.p50_ns)} ns, p90 ${count(h.p90_ns)} ns, p99 ${count(h.p99_ns)} ns, max ${count(h.max_ns)} ns`;
	card.append(line);
	return card;
}

function longestCard(recording, input, kind, title) {
	const card = make('div', undefined, { class: 'card' }), list = make('ol', undefined, { class: 'longest', id: `longest-${kind}` });
	card.append(make('h3', title));
	for (const id of longest(recording, kind, 12)) {
		const { events } = recording, length = events.end[id] - events.begin[id];
		const button = make('button', undefined, { type: 'button', title: `${count(length)} ns` });
		button.dataset.ns = length;
		button.append(make('span', ns(length), { class: 'ns' }), make('span', input.threadText(events.who[id]), { class: 'name' }),
			make('span', `at ${ns(events.begin[id])}`, { class: 'at' }));
		button.addEventListener('click', () => input.reveal(id));
		const item = make('li');
		item.append(button);
		list.append(item);
	}
	card.append(list.childElementCount ? list : make('p', 'none', { class: 'muted' }));
	return card;
}

function fillTables(recording, timeline, input) {
	const hists = [['hold', 'Holds of the GIL'], ['wait', 'Waits for the GIL'], ['pause', 'Collector pauses'], ['wake_to_gil', 'Wake-up until the GIL is owned']];
	element('distributions').append(...hists.map(([key, title]) => histogramCard(key, title, recording.histograms[key])));
	const kinds = [[KIND.hold, 'Holds'], [KIND.wait, 'Waits'], [KIND.gc, 'Collections'], [KIND.toGil, 'Wake-up until the GIL is owned'], [KIND.io, 'I/O waits'],
		[KIND.loop, 'Blocked event loops'], [KIND.ft, 'Mutexes and stops']];
	element('longest').append(...kinds.map(([kind, title]) => longestCard(recording, input, kind, title)));
	const box = element('tables');
	box.append(...lostTables(recording, timeline));
	if (!recording.figures)
		box.append(make('p', 'Not in this page.', { class: 'muted' }));
	else
		box.append(...recording.figures.processes.map(processTables));
}
