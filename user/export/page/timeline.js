/*
 * The timeline: a row per GIL and per thread, drawn for the stretch of time in view.
 *
 * Where a row has more events in view than can be told apart, each column of pixels shows the exact
 * share of its time that was held, waited and so on, as heights; else each event is drawn as it is.
 */

const GUTTER = 210; // pixels for the names
const AXIS = 26, ROW = 30, GAP = 3;
const SHORTEST_VIEW = 100; // ns
const SUMMED = [KIND.hold, KIND.wait, KIND.io, KIND.gc, KIND.ft]; // of a thread; too many of one, and all are summed
const PALETTE = ['#0f766e', '#2563eb', '#b45309', '#7c3aed', '#15803d', '#be185d', '#0369a1', '#a16207',
	'#4d7c0f', '#9333ea'];

class Timeline {
	constructor(recording, tracks) {
		this.recording = recording;
		this.tracks = tracks;
		this.canvas = element('lanes');
		this.scroller = element('scroller');
		this.overview = element('overview');
		this.from = 0;
		this.to = recording.length;
		this.selected = null; // { row, id }
		this.cursor = 0; // row
		this.makeRows('');
		this.theme();
	}

	/* The rows whose thread's name or tid has @search in it; GILs of their processes. */
	makeRows(search) {
		const want = search.trim().toLowerCase(), { threads, processes } = this.recording;
		this.rows = [];
		for (const process of processes) {
			const found = threads.filter((t) => t && t.process === process.number &&
				(!want || t.name.toLowerCase().includes(want) || String(t.tid).includes(want)));
			if (!found.length && (want || !this.tracks.owners(process.number).length))
				continue;
			this.rows.push({ process });
			for (const thread of found)
				this.rows.push({ process, thread });
		}
		this.found = this.rows.filter((r) => r.thread).length;
		this.cursor = Math.min(this.cursor, Math.max(0, this.rows.length - 1));
		element('spacer').style.height = `${AXIS + this.rows.length * ROW + 4}px`;
	}

	/* The threads that held most within a time, the first one most: [number, track, ns]. */
	mainOwners(process, from, to) {
		return this.recording.threads.filter((t) => t.process === process)
			.map((t) => [t.number, this.tracks.of(t.number, KIND.hold)])
			.map(([number, track]) => [number, track, track.length ? track.covered(from, to) : 0])
			.filter(([, , sum]) => sum > 0)
			.sort((a, b) => b[2] - a[2])
			.slice(0, 8);
	}

	theme() {
		const style = getComputedStyle(document.documentElement);
		this.ink = {};
		for (const name of ['bg', 'card', 'ink', 'soft', 'line', 'grid', 'wait', 'io', 'gc', 'gcink', 'off', 'lost', 'togil', 'focus', 'idle', 'hold'])
			this.ink[name] = style.getPropertyValue(`--${name}`).trim();
		this.hatch = this.pattern(this.ink.wait, 1);
		this.lostHatch = this.pattern(this.ink.lost, -1);
	}

	/* Diagonal lines: told from solid areas without colour. */
	pattern(colour, slope) {
		const tile = document.createElement('canvas');
		tile.width = tile.height = 6;
		const c = tile.getContext('2d');
		c.strokeStyle = colour;
		c.lineWidth = 1.6;
		for (let i = -6; i <= 12; i += 6) {
			c.beginPath();
			c.moveTo(i - 3, slope > 0 ? 9 : -3);
			c.lineTo(i + 9, slope > 0 ? -3 : 9);
			c.stroke();
		}
		return c.createPattern(tile, 'repeat');
	}

	colour(thread) {
		return PALETTE[thread % PALETTE.length];
	}

	get plotWidth() {
		return Math.max(50, this.width - GUTTER);
	}

	x(t) {
		return GUTTER + (t - this.from) / (this.to - this.from) * this.plotWidth;
	}

	time(x) {
		return this.from + (x - GUTTER) / this.plotWidth * (this.to - this.from);
	}

	rowTop(i) {
		return AXIS + i * ROW - this.scroller.scrollTop;
	}

	rowAt(y) {
		const i = Math.floor((y - AXIS + this.scroller.scrollTop) / ROW);
		return y >= AXIS && i >= 0 && i < this.rows.length ? i : -1;
	}

	/* Show from @from to @to, kept within the recording. */
	show(from, to) {
		const length = this.recording.length;
		let span = Math.min(length, Math.max(SHORTEST_VIEW, to - from));
		from = Math.max(0, Math.min(length - span, from + (to - from - span) / 2));
		this.from = from;
		this.to = from + span;
		this.redraw();
	}

	/* Times longer @factor around @t, which stays where it is. */
	zoom(factor, t) {
		const span = Math.min(this.recording.length, Math.max(SHORTEST_VIEW, (this.to - this.from) * factor));
		const share = (t - this.from) / (this.to - this.from);
		this.show(t - span * share, t + span * (1 - share));
	}

	pan(part) {
		const by = (this.to - this.from) * part;
		this.show(this.from + by, this.to + by);
	}

	redraw() {
		if (this.wanted)
			return;
		this.wanted = true;
		requestAnimationFrame(() => {
			this.wanted = false;
			this.draw();
		});
	}

	/* A canvas of the right resolution; its context. */
	prepare(canvas, width, height) {
		const ratio = window.devicePixelRatio || 1;
		if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
			canvas.width = Math.round(width * ratio);
			canvas.height = Math.round(height * ratio);
			canvas.style.height = `${height}px`;
		}
		const c = canvas.getContext('2d');
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		return c;
	}

	draw() {
		this.width = this.scroller.clientWidth;
		const all = AXIS + this.rows.length * ROW + 4;
		const limit = Math.max(240, Math.floor(window.innerHeight * 0.62));
		this.height = Math.min(all, limit);
		const c = this.prepare(this.canvas, this.width, this.height);
		c.fillStyle = this.ink.card;
		c.fillRect(0, 0, this.width, this.height);
		this.summed = this.shown = 0;
		const first = Math.max(0, this.rowAt(AXIS));
		for (let i = first; i < this.rows.length && this.rowTop(i) < this.height; i++)
			this.drawRow(c, i);
		this.drawLost(c);
		this.drawAxis(c);
		this.drawSelected(c);
		this.drawOverview();
		const perPixel = (this.to - this.from) / this.plotWidth;
		element('mode').textContent = `${ns(this.to - this.from)} in view · ` +
			(this.summed ? `${this.shown ? 'dense rows: ' : ''}exact shares per ${ns(perPixel)}` : 'every event drawn');
	}

	drawRow(c, i) {
		const row = this.rows[i], top = this.rowTop(i) + GAP, h = ROW - GAP * 2;
		c.fillStyle = this.ink.idle;
		c.fillRect(GUTTER, top, this.plotWidth, h);
		c.save();
		c.beginPath();
		c.rect(GUTTER, top, this.plotWidth, h);
		c.clip();
		if (row.thread)
			this.drawThread(c, row.thread.number, top, h);
		else
			this.drawOwners(c, row, top, h);
		c.restore();
		this.drawName(c, i, row, top, h);
	}

	drawName(c, i, row, top, h) {
		const name = row.thread ? row.thread.name || '(no name)' : `GIL · ${row.process.command || 'process'}`;
		const id = row.thread ? row.thread.tid : row.process.pid;
		c.save();
		c.beginPath();
		c.rect(0, top - GAP, GUTTER - 6, ROW);
		c.clip();
		if (i === this.cursor && document.activeElement === this.canvas) {
			c.fillStyle = this.ink.focus;
			c.fillRect(0, top, 3, h);
		}
		if (row.thread) {
			c.fillStyle = this.colour(row.thread.number);
			c.fillRect(8, top + 4, 6, h - 8);
		}
		c.textBaseline = 'middle';
		c.font = `${row.thread ? '' : '600 '}12px system-ui, sans-serif`;
		const idWidth = c.measureText(String(id)).width;
		c.fillStyle = this.ink.soft;
		c.textAlign = 'right';
		c.fillText(String(id), GUTTER - 12, top + h / 2);
		c.beginPath();
		c.rect(0, top - GAP, GUTTER - 20 - idWidth, ROW);
		c.clip();
		c.fillStyle = this.ink.ink;
		c.textAlign = 'left';
		c.fillText(name, row.thread ? 20 : 8, top + h / 2);
		c.restore();
	}

	/* Whether the events in view are too many to be told apart. */
	crowded(track) {
		const [first, behind] = track.range(this.from, this.to);
		if (behind - first < 4)
			return false;
		const pixels = this.x(Math.min(this.to, track.end[behind - 1])) - this.x(Math.max(this.from, track.begin[first]));
		return behind - first > pixels / 3;
	}

	/* Whether a row of these is drawn as sums. */
	dense(tracks) {
		const dense = tracks.some((track) => this.crowded(track));
		if (dense)
			this.summed++;
		else
			this.shown++;
		return dense;
	}

	/* Where event @i begins, and its width: a pixel at least, if that reaches into no other one. */
	extent(track, i) {
		const left = Math.max(GUTTER - 2, this.x(track.begin[i]));
		const right = Math.min(GUTTER + this.plotWidth + 2, this.x(track.end[i]));
		const alone = i + 1 >= track.length || this.x(track.begin[i + 1]) >= left + 1;
		return [left, alone ? Math.max(1, right - left) : right - left];
	}

	/* Rectangles of the events in view. */
	eventRects(c, track, y, h) {
		const [first, behind] = track.range(this.from, this.to);
		c.beginPath();
		for (let i = first; i < behind; i++) {
			const [left, width] = this.extent(track, i);
			c.rect(left, y, width, h);
		}
	}

	/* The share of each column of pixels that @track covers. */
	shares(track) {
		const n = Math.ceil(this.plotWidth), step = (this.to - this.from) / this.plotWidth;
		const out = new Float32Array(n);
		if (!track.length)
			return out;
		let before = track.until(this.from);
		for (let i = 0; i < n; i++) {
			const until = track.until(this.from + (i + 1) * step);
			out[i] = Math.min(1, (until - before) / step);
			before = until;
		}
		return out;
	}

	/* Columns as high as @shares, on top of @base, which they are added to. */
	stack(c, shares, base, top, h) {
		c.beginPath();
		for (let i = 0; i < shares.length; i++) {
			if (shares[i] <= 0)
				continue;
			const height = Math.max(0.6, shares[i] * h), low = Math.min(1, base[i]) * h;
			c.rect(GUTTER + i, top + h - low - height, 1, height);
			base[i] += shares[i];
		}
	}

	drawThread(c, thread, top, h) {
		const of = (kind) => this.tracks.of(thread, kind);
		const [hold, wait, io, gc, ft] = SUMMED.map(of);
		if (this.dense([hold, wait, io, gc, ft])) {
			const base = new Float32Array(Math.ceil(this.plotWidth));
			for (const [track, style] of [[hold, this.colour(thread)], [wait, this.hatch], [ft, this.hatch]]) {
				this.stack(c, this.shares(track), base, top, h);
				c.fillStyle = style;
				c.fill();
			}
			this.stack(c, this.shares(gc), new Float32Array(base.length), top, 6);
			c.fillStyle = this.ink.gc;
			c.fill();
			this.drawLoops(c, of, top + h);
			return;
		}
		this.eventRects(c, hold, top, h);
		c.fillStyle = this.colour(thread);
		c.fill();
		this.eventRects(c, wait, top + h * 0.45, h * 0.55);
		c.fillStyle = this.hatch;
		c.fill();
		this.eventRects(c, ft, top + h * 0.45, h * 0.55);
		c.fillStyle = this.hatch;
		c.fill();
		this.eventRects(c, io, top + h / 2 - 1, 2);
		c.fillStyle = this.ink.io;
		c.fill();
		this.eventRects(c, of(KIND.toGil), top + h - 3, 3);
		c.fillStyle = this.ink.togil;
		c.fill();
		this.eventRects(c, of(KIND.offCpu), top + h - 7, 2);
		c.fillStyle = this.ink.card;
		c.fill();
		this.eventRects(c, of(KIND.call), top + h / 2 - 4, 8);
		c.fillStyle = this.ink.io;
		c.fill();
		this.eventRects(c, gc, top + 1, 7);
		c.fillStyle = this.ink.gc;
		c.fill();
		c.strokeStyle = this.ink.gcink;
		c.lineWidth = 1;
		c.stroke();
		this.drawLoops(c, of, top + h);
	}

	/* What blocked an event loop, below all else: few, and long. */
	drawLoops(c, of, bottom) {
		this.eventRects(c, of(KIND.loop), bottom - 2, 2);
		c.fillStyle = this.ink.lost;
		c.fill();
		this.eventRects(c, of(KIND.step), bottom - 4, 1);
		c.fillStyle = this.ink.lost;
		c.fill();
	}

	/* Who owned the GIL: every hold in its thread's colour, named where there is room. */
	drawOwners(c, row, top, h) {
		const owners = this.tracks.owners(row.process.number), { events, threads } = this.recording;
		if (this.dense([owners])) {
			const base = new Float32Array(Math.ceil(this.plotWidth));
			for (const [number, track] of this.mainOwners(row.process.number, this.from, this.to)) {
				this.stack(c, this.shares(track), base, top, h);
				c.fillStyle = this.colour(number);
				c.fill();
			}
			const rest = this.shares(owners).map((v, i) => Math.max(0, v - base[i] - 1e-6));
			this.stack(c, rest, base, top, h);
			c.fillStyle = this.ink.soft;
			c.fill();
			return;
		}
		const [first, behind] = owners.range(this.from, this.to);
		c.font = '11px system-ui, sans-serif';
		c.textBaseline = 'middle';
		c.textAlign = 'left';
		for (let i = first; i < behind; i++) {
			const [left, width] = this.extent(owners, i);
			const thread = events.who[owners.ids[i]];
			c.fillStyle = this.colour(thread);
			c.fillRect(left, top, width, h);
			if (width < 26)
				continue;
			c.save();
			c.beginPath();
			c.rect(left, top, width - 3, h);
			c.clip();
			c.fillStyle = '#ffffff';
			c.fillText(threads[thread].name, left + 4, top + h / 2);
			c.restore();
		}
	}

	/* Where events are missing: hatched through all rows, and marked at the axis. */
	drawLost(c) {
		for (const lost of this.recording.lost) {
			if (lost.end < this.from || lost.begin > this.to)
				continue;
			const left = Math.max(GUTTER, this.x(lost.begin));
			const right = Math.min(this.width, this.x(lost.end));
			c.globalAlpha = 0.45;
			c.fillStyle = this.lostHatch;
			c.fillRect(left, AXIS, Math.max(2, right - left), this.height);
			c.globalAlpha = 1;
			c.fillStyle = this.ink.lost;
			c.fillRect(left, AXIS - 4, Math.max(2, right - left), 4);
		}
	}

	drawAxis(c) {
		c.fillStyle = this.ink.card;
		c.fillRect(0, 0, this.width, AXIS - 4);
		c.fillStyle = this.ink.soft;
		c.strokeStyle = this.ink.line;
		c.font = '11px system-ui, sans-serif';
		c.textBaseline = 'middle';
		c.textAlign = 'left';
		const about = (this.to - this.from) / Math.max(2, this.plotWidth / 130);
		const power = 10 ** Math.floor(Math.log10(about));
		const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= about);
		c.beginPath();
		for (let t = Math.ceil(this.from / step) * step; t <= this.to; t += step) {
			const x = Math.round(this.x(t)) + 0.5;
			c.moveTo(x, 4);
			c.lineTo(x, AXIS - 5);
			c.fillText(this.tick(t, step), x + 4, 12);
		}
		c.stroke();
		c.fillText('time since the start', 8, 12);
	}

	/* @t with as many digits as @step needs. */
	tick(t, step) {
		const [unit, size] = this.to >= 1e9 ? ['s', 1e9] : this.to >= 1e6 ? ['ms', 1e6] : ['µs', 1e3];
		const digits = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
		return `${(t / size).toFixed(Math.min(9, digits))} ${unit}`;
	}

	drawSelected(c) {
		if (!this.selected)
			return;
		const { events } = this.recording, { id } = this.selected;
		const i = this.rows.indexOf(this.selected.row);
		const left = this.x(events.begin[id]), right = this.x(events.end[id]);
		if (i < 0 || right < GUTTER || left > this.width)
			return;
		c.strokeStyle = this.ink.ink;
		c.lineWidth = 2;
		c.strokeRect(Math.max(GUTTER, left) - 1, this.rowTop(i) + 1, Math.max(3, Math.min(this.width, right) - Math.max(GUTTER, left)) + 2, ROW - 2);
	}

	/* The whole recording: how much was held (solid) and waited for (hatched), and what is in view. */
	drawOverview() {
		const width = this.overview.clientWidth, height = 56;
		const c = this.prepare(this.overview, width, height), n = Math.max(1, Math.floor(width - GUTTER));
		if (!this.sums || this.sums.held.length !== n) {
			this.sums = { held: columnSums(this.recording, KIND.hold, n), waited: columnSums(this.recording, KIND.wait, n) };
			this.sums.most = this.sums.waited.reduce((a, b) => Math.max(a, b), 0);
		}
		const step = this.recording.length / n, gils = Math.max(1, this.recording.processes.length);
		c.fillStyle = this.ink.bg;
		c.fillRect(0, 0, width, height);
		for (const [sums, whole, top, h, style] of [
			[this.sums.held, step * gils, 30, 24, this.ink.hold],
			[this.sums.waited, Math.max(step, this.sums.most), 2, 24, this.hatch]]) {
			c.beginPath();
			for (let i = 0; i < n; i++) {
				const high = Math.min(1, sums[i] / whole) * h;
				if (high > 0)
					c.rect(GUTTER + i, top + h - Math.max(0.6, high), 1, Math.max(0.6, high));
			}
			c.fillStyle = style;
			c.fill();
		}
		c.fillStyle = this.ink.soft;
		c.font = '11px system-ui, sans-serif';
		c.textBaseline = 'middle';
		c.fillText(`waiting, up to ${(this.sums.most / step).toFixed(1)} threads`, 8, 14);
		c.fillText(gils > 1 ? 'held, share of all GILs' : 'held, share of the time', 8, 42);
		for (const lost of this.recording.lost) {
			c.fillStyle = this.ink.lost;
			c.fillRect(GUTTER + lost.begin / step, 0, Math.max(2, (lost.end - lost.begin) / step), 3);
		}
		const left = GUTTER + this.from / step, right = GUTTER + this.to / step;
		c.strokeStyle = this.ink.focus;
		c.lineWidth = 2;
		c.strokeRect(left + 1, 1, Math.max(3, right - left - 2), height - 2);
	}
}
