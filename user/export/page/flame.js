/*
 * The flame graph: drawn from the data in it, zoomed, searched.  In an HTML page its search field
 * and button are there; in an SVG file they are made here.  Names are text, never markup.
 */
'use strict';

(() => {
const SVG = 'http://www.w3.org/2000/svg', HTML = 'http://www.w3.org/1999/xhtml';
const ROW = 17, CHARACTER = 7.3, LEAST = 1; // pixels
const element = (id) => document.getElementById(id);
const svg = element('flame'), data = JSON.parse(element('flame-data').textContent);
const { labels, weight } = data, top = data.top;
const n = data.nodes.length / 3;
const depth = new Uint16Array(n), label = new Uint32Array(n), total = new Float64Array(n);
const begin = new Float64Array(n), end = new Uint32Array(n), parent = new Int32Array(n);
let zoomed = 0, hits = null;

/* From the list of [depth, label, total], each followed by what hangs below it. */
function decode() {
	const path = [], free = [0];
	for (let i = 0; i < n; i++) {
		depth[i] = data.nodes[3 * i];
		label[i] = data.nodes[3 * i + 1];
		total[i] = data.nodes[3 * i + 2];
		begin[i] = free[depth[i]];
		free[depth[i]] += total[i];
		free[depth[i] + 1] = begin[i];
		for (const done of path.splice(depth[i]))
			end[done] = i;
		parent[i] = path.length ? path.at(-1) : -1;
		path.push(i);
	}
	for (const done of path)
		end[done] = n;
}

function make(name, attributes, text) {
	const e = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

function amount(v) {
	if (!data.time)
		return v.toLocaleString('en-US');
	for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['us', 1e3]])
		if (v >= size)
			return `${(v / size).toPrecision(3)} ${unit}`;
	return `${v} ns`;
}

const percent = (part, whole) => `${(whole ? 100 * part / whole : 0).toFixed(1)} %`;
const columns = (c) => (c.codePointAt(0) >= 0x1100 ? 2 : 1);

/* As much of @text as fits, told that it was cut. */
function fit(text, width) {
	const room = Math.floor((width - 6) / CHARACTER);
	let used = 0, out = '';
	if (room < 3)
		return '';
	for (const c of text) {
		if (used + columns(c) > room - 1 && out.length + c.length < text.length)
			return `${out}..`.slice(0, Math.max(room, 2));
		used += columns(c);
		out += c;
	}
	return out;
}

function describe(i) {
	const [name, place] = labels[label[i]], lines = [name];
	if (place)
		lines.push(place);
	lines.push(`${amount(total[i])} ${weight}, ${percent(total[i], total[0])} of all`);
	if (zoomed)
		lines.push(`${percent(total[i], total[zoomed])} of what is zoomed into`);
	return lines.join('\n');
}

/* A row's piece from @x, @w wide; of frame @i, or of several that are too narrow (@i -1). */
function piece(x, row, w, i, title) {
	const g = make('g', { class: 'frame' }), y = top + row * ROW;
	const colour = i < 0 ? '#d9d9d9' : labels[label[i]][2];
	g.append(make('title', {}, title),
		make('rect', { x: x.toFixed(2), y, width: Math.max(w, 0.3).toFixed(2), height: ROW - 1, fill: colour }));
	if (i < 0) {
		g.classList.add('narrow');
		return g;
	}
	g.dataset.node = i;
	if (hits && hits.has(label[i]))
		g.classList.add('hit');
	if (i < zoomed && zoomed < end[i])
		g.classList.add('above');
	const text = fit(labels[label[i]][0], w);
	if (text)
		g.append(make('text', { x: (x + 3).toFixed(2), y: y + 12 }, text));
	return g;
}

/* Its children from the first narrow one on, which are all narrow: one piece. */
function narrow(first, scale) {
	let count = 0, sum = 0;
	for (let i = first; i < end[parent[first]]; i = end[i]) {
		count++;
		sum += total[i];
	}
	return piece((begin[first] - begin[zoomed]) * scale, depth[first], sum * scale, -1,
		`${count} too narrow to be shown\n${amount(sum)} ${weight}, ${percent(sum, total[0])} of all\nzoom in to see them`);
}

function draw() {
	const alone = svg === document.documentElement, pieces = [];
	const width = Math.max(300, alone ? window.innerWidth : svg.getBoundingClientRect().width);
	const scale = total[zoomed] ? width / total[zoomed] : 0;
	for (let i = parent[zoomed] ?? -1; i >= 0; i = parent[i])
		pieces.unshift(piece(0, depth[i], width, i, describe(i)));
	for (let i = zoomed; i < end[zoomed];) {
		const w = total[i] * scale;
		if (w < LEAST && i !== zoomed) {
			pieces.push(narrow(i, scale));
			i = end[parent[i]];
		} else {
			pieces.push(piece((begin[i] - begin[zoomed]) * scale, depth[i], w, i, describe(i)));
			i++;
		}
	}
	svg.setAttribute('viewBox', `0 0 ${width} ${svg.getAttribute('height')}`);
	element('flame-frames').replaceChildren(...pieces);
}

function zoom(i) {
	zoomed = i;
	tell('');
	draw();
}

/* What matches, each time once: a match within a match adds nothing. */
function matched() {
	let sum = 0;
	for (let i = 0; i < n;) {
		const hit = hits.has(label[i]);
		sum += hit ? total[i] : 0;
		i = hit ? end[i] : i + 1;
	}
	return sum;
}

function tell(text) {
	element('flame-status').textContent = text;
}

function search(text) {
	const wanted = text.toLowerCase();
	const matches = ([name, place]) => name.toLowerCase().includes(wanted) || place.toLowerCase().includes(wanted);
	hits = wanted ? new Set(labels.flatMap((l, number) => (matches(l) ? [number] : []))) : null;
	tell(hits ? `found: ${amount(matched())}, ${percent(matched(), total[0])} of all` : '');
	draw();
}

function reset() {
	element('flame-search').value = '';
	hits = null;
	zoom(0);
}

/* In a file of its own: the field and the button that a page has. */
function tools() {
	if (element('flame-search'))
		return;
	const box = make('foreignObject', { x: 8, y: 48, width: '100%', height: 30 });
	const put = (name, id, attributes, text) => {
		const e = document.createElementNS(HTML, name);
		Object.entries({ ...attributes, id }).forEach(([k, v]) => e.setAttribute(k, v));
		e.textContent = text;
		box.append(e);
	};
	put('input', 'flame-search', { type: 'search', placeholder: 'search', 'aria-label': 'search', autocomplete: 'off' }, '');
	put('button', 'flame-reset', { title: 'all of it (Esc)' }, 'reset');
	put('span', 'flame-status', { role: 'status' }, '');
	svg.append(box);
}

function key(e) {
	if (e.key === 'Escape')
		reset();
	if (e.key === '/' && e.target !== element('flame-search')) {
		e.preventDefault();
		element('flame-search').focus();
	}
}

if (!n)
	return;
decode();
tools();
svg.setAttribute('width', '100%');
element('flame-frames').addEventListener('click', (e) => {
	const g = e.target.closest('g.frame');
	if (g && g.dataset.node !== undefined)
		zoom(Number(g.dataset.node));
});
element('flame-search').addEventListener('input', (e) => search(e.target.value));
element('flame-reset').addEventListener('click', reset);
for (const row of document.querySelectorAll('tr[data-name]')) {
	row.addEventListener('click', () => {
		element('flame-search').value = row.dataset.name;
		search(row.dataset.name);
	});
}
document.addEventListener('keydown', key);
window.addEventListener('resize', draw);
draw();
// For scripts that drive it.
window.gilscopeFlame = { data, zoom, search, reset, labels };
})();
