/* The recording, from the page's data scripts into columns; and how its figures are written. */
'use strict';

const KIND = { hold: 0, wait: 1, gc: 2, io: 3, toGil: 4, offCpu: 5, contended: 6, call: 7, loop: 8, step: 9, ft: 10 };
const KINDS = 11;
const KIND_TEXT = ['hold', 'wait', 'collection', 'I/O wait', 'wake-up to GIL', 'off CPU with the GIL',
	'contended', 'I/O call', 'event loop blocked', 'long task step', 'mutex or stop'];
// bpf/ft.h, enum gs_ft_time
const FT_TEXT = ['stops the world', 'has stopped the world', 'asleep for a mutex', 'stopped by another'];
const FLAG = { special: 16, mid: 32, open: 64 };

const element = (id) => document.getElementById(id);

function json(id) {
	return JSON.parse(element(id).textContent);
}

/* Columns that grow.  begin, end: ns since the recording began; extra: what put_details() wrote. */
class Columns {
	constructor() {
		this.n = 0;
		this.begin = new Float64Array(65536);
		this.end = new Float64Array(65536);
		this.who = new Uint32Array(65536);
		this.kind = new Uint8Array(65536); // and flags
		this.extra = new Uint32Array(65536); // a tid, a call, or where in `more`
		this.more = new Float64Array(4096); // four of them each
		this.nmore = 0;
	}

	grow() {
		for (const name of ['begin', 'end', 'who', 'kind', 'extra'])
			this[name] = Columns.larger(this[name]);
	}

	static larger(array) {
		const to = new array.constructor(array.length * 2);
		to.set(array);
		return to;
	}

	addMore(a, b, c, d) {
		if (this.nmore * 4 === this.more.length)
			this.more = Columns.larger(this.more);
		this.more.set([a, b, c, d], this.nmore * 4);
		return this.nmore++;
	}
}

const BASE64 = (() => {
	const table = new Uint8Array(128);
	[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].forEach((c, i) => {
		table[c.charCodeAt(0)] = i;
	});
	return table;
})();

function bytesOf(text) {
	const pad = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
	const out = new Uint8Array(text.length / 4 * 3);
	for (let i = 0, to = 0; i < text.length; i += 4) {
		const v = BASE64[text.charCodeAt(i)] << 18 | BASE64[text.charCodeAt(i + 1)] << 12 |
			BASE64[text.charCodeAt(i + 2)] << 6 | BASE64[text.charCodeAt(i + 3)];
		out[to++] = v >> 16;
		out[to++] = v >> 8;
		out[to++] = v;
	}
	return out.subarray(0, out.length - pad);
}

/* Append the events of one script; @last: end of the event before.  Returns that of the last one. */
function decode(bytes, to, last) {
	let at = 0;
	const varint = () => {
		let byte = bytes[at++];
		if (byte < 128)
			return byte;
		let value = byte & 127, weight = 128;
		do {
			byte = bytes[at++];
			value += (byte & 127) * weight;
			weight *= 128;
		} while (byte >= 128);
		return value;
	};
	const zigzag = () => {
		const v = varint();
		return v % 2 ? -(v + 1) / 2 : v / 2;
	};
	while (at < bytes.length) {
		const head = bytes[at++], n = to.n++;
		if (n === to.begin.length)
			to.grow();
		to.kind[n] = head;
		to.who[n] = varint();
		last += zigzag();
		to.end[n] = last;
		to.begin[n] = last - varint();
		switch (head & 15) {
		case KIND.wait:
		case KIND.toGil:
			to.extra[n] = varint();
			break;
		case KIND.gc:
			to.extra[n] = to.addMore(varint(), varint(), varint(), 0);
			break;
		case KIND.io:
			to.extra[n] = to.addMore(varint(), zigzag(), varint(), varint());
			break;
		case KIND.call:
			to.extra[n] = to.addMore(varint(), zigzag(), 0, 0);
			break;
		case KIND.ft:
			to.extra[n] = to.addMore(varint(), varint(), 0, 0);
			break;
		}
	}
	return last;
}

/* Everything told: { info, threads, processes, lost, events, figures, histograms, length }. */
function loadRecording() {
	const r = { info: json('info'), threads: [], processes: [], lost: [], events: new Columns(), length: 1 };
	for (const script of document.querySelectorAll('script.who')) {
		for (const w of JSON.parse(script.textContent)) {
			if (w.lost !== undefined)
				r.lost.push(w);
			else if (w.thread !== undefined)
				r.threads[w.thread] = { number: w.thread, process: w.process, tid: w.tid, name: w.name };
			else
				r.processes[w.process] = { number: w.process, pid: w.pid, command: w.command };
		}
	}
	let last = 0;
	for (const script of document.querySelectorAll('script.events')) {
		last = decode(bytesOf(script.textContent), r.events, last);
		script.remove(); // it is in the columns now
	}
	for (let i = 0; i < r.events.n; i++)
		if (r.events.end[i] > r.length)
			r.length = r.events.end[i];
	for (const l of r.lost)
		r.length = Math.max(r.length, l.end);
	r.figures = json('figures');
	r.histograms = json('histograms');
	if (r.figures)
		r.length = Math.max(r.length, r.figures.duration_ns);
	return r;
}

/* Figures for people.  What is not known is "–". */
function ns(v) {
	if (v === null || v === undefined || Number.isNaN(v))
		return '–';
	const sign = v < 0 ? '−' : '';
	v = Math.abs(v);
	for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]])
		if (v >= size)
			return `${sign}${(v / size).toPrecision(v / size >= 1000 ? 5 : 4).replace(/\.?0+$/, '')} ${unit}`;
	return `${sign}${Math.round(v * 10) / 10} ns`;
}

function count(v) {
	return v === null || v === undefined ? '–' : v.toLocaleString('en-US');
}

function percent(v) {
	return v === null || v === undefined || !Number.isFinite(v) ? '–' : `${(v * 100).toFixed(v < 0.1 ? 2 : 1)} %`;
}

/* @v ns in full: "1.234567890 s" */
function exactSeconds(v) {
	const whole = Math.floor(v / 1e9);
	return `${whole}.${String(Math.round(v - whole * 1e9)).padStart(9, '0')} s`;
}

/* The real time @v ns after the recording began, to the nanosecond. */
function realTime(info, v) {
	const unix = BigInt(info.started_unix_ns) + BigInt(Math.round(v));
	const date = new Date(Number(unix / 1000000n));
	if (Number.isNaN(date.getTime()))
		return '';
	return date.toISOString().replace(/\.\d+Z$/, `.${String(unix % 1000000000n).padStart(9, '0')} UTC`);
}
