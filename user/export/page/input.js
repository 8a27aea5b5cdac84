/* Pointer and keys on the timeline; what is told of an event. */

class Input {
	constructor(timeline) {
		this.timeline = timeline;
		this.tip = element('tip');
		this.detail = element('detail');
		this.drag = null;
		const { canvas, scroller, overview } = timeline;
		canvas.addEventListener('wheel', (e) => this.wheel(e), { passive: false });
		canvas.addEventListener('pointerdown', (e) => this.down(e));
		canvas.addEventListener('pointermove', (e) => this.move(e));
		canvas.addEventListener('pointerup', (e) => this.up(e));
		canvas.addEventListener('pointerleave', () => this.hide());
		canvas.addEventListener('dblclick', (e) => this.enter(e));
		canvas.addEventListener('keydown', (e) => this.key(e));
		canvas.addEventListener('focus', () => timeline.redraw());
		canvas.addEventListener('blur', () => timeline.redraw());
		scroller.addEventListener('scroll', () => timeline.redraw());
		overview.addEventListener('pointerdown', (e) => this.jump(e));
		overview.addEventListener('pointermove', (e) => e.buttons & 1 && this.jump(e));
		element('zoom-in').addEventListener('click', () => this.zoomMiddle(0.5));
		element('zoom-out').addEventListener('click', () => this.zoomMiddle(2));
		element('zoom-fit').addEventListener('click', () => timeline.show(0, timeline.recording.length));
		element('search').addEventListener('input', (e) => this.search(e.target.value));
		window.addEventListener('resize', () => timeline.redraw());
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
			timeline.theme();
			timeline.redraw();
		});
	}

	search(text) {
		this.timeline.makeRows(text);
		element('found').textContent = text.trim() ? `${count(this.timeline.found)} found` : '';
		this.timeline.scroller.scrollTop = 0;
		this.timeline.redraw();
	}

	zoomMiddle(factor) {
		this.timeline.zoom(factor, (this.timeline.from + this.timeline.to) / 2);
	}

	wheel(e) {
		const t = this.timeline;
		if (e.offsetX < GUTTER && !e.ctrlKey)
			return; // the names: the rows scroll
		e.preventDefault();
		const unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 300 : 1;
		if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
			t.pan((e.deltaX || e.deltaY) * unit / t.plotWidth);
			return;
		}
		t.zoom(2 ** Math.max(-2, Math.min(2, e.deltaY * unit / 200)), t.time(e.offsetX));
	}

	down(e) {
		if (e.button)
			return;
		const t = this.timeline;
		t.canvas.focus({ preventScroll: true });
		t.canvas.setPointerCapture(e.pointerId);
		this.drag = { x: e.clientX, y: e.clientY, from: t.from, to: t.to, top: t.scroller.scrollTop, moved: false };
	}

	move(e) {
		const t = this.timeline, d = this.drag;
		if (!d) {
			this.hover(e);
			return;
		}
		d.moved ||= Math.abs(e.clientX - d.x) + Math.abs(e.clientY - d.y) > 4;
		if (!d.moved)
			return;
		this.hide();
		t.canvas.classList.add('dragging');
		t.scroller.scrollTop = d.top - (e.clientY - d.y);
		const by = (e.clientX - d.x) / t.plotWidth * (d.to - d.from);
		t.show(d.from - by, d.to - by);
	}

	up(e) {
		const moved = this.drag && this.drag.moved;
		this.drag = null;
		this.timeline.canvas.classList.remove('dragging');
		if (moved)
			return;
		const hit = this.hit(e.offsetX, e.offsetY);
		this.select(hit && hit.id !== undefined ? hit : null);
	}

	enter(e) {
		const hit = this.hit(e.offsetX, e.offsetY);
		if (hit && hit.id !== undefined)
			this.zoomTo(hit.id);
	}

	jump(e) {
		const t = this.timeline, half = (t.to - t.from) / 2;
		const share = (e.offsetX - GUTTER) / (t.overview.clientWidth - GUTTER);
		const at = Math.max(0, Math.min(1, share)) * t.recording.length;
		t.show(at - half, at + half);
	}

	/* What is at a point: { row, id } of an event, { row, from, to } of a column that sums. */
	hit(x, y) {
		const t = this.timeline, i = t.rowAt(y);
		if (i < 0 || x < GUTTER)
			return null;
		const row = t.rows[i], perPixel = (t.to - t.from) / t.plotWidth, at = t.time(x);
		const kinds = [KIND.gc, KIND.offCpu, KIND.hold, KIND.wait, KIND.ft, KIND.io, KIND.toGil, KIND.call, KIND.step, KIND.loop];
		const found = row.thread ? kinds.map((k) => t.tracks.of(row.thread.number, k)) : [t.tracks.owners(row.process.number)];
		// As it is drawn: see drawThread() and drawOwners().
		if (found.some((track, k) => (!row.thread || SUMMED.includes(kinds[k])) && t.crowded(track))) {
			const from = t.from + Math.floor(x - GUTTER) * perPixel;
			return { row, from, to: from + perPixel };
		}
		for (const slack of [0, 3 * perPixel]) {
			for (const track of found) {
				const n = track.at(at, slack);
				if (n >= 0)
					return { row, id: track.ids[n] };
			}
		}
		return { row };
	}

	hover(e) {
		const hit = this.hit(e.offsetX, e.offsetY), t = this.timeline;
		const lost = e.offsetX >= GUTTER ? this.lostAt(t.time(e.offsetX)) : null;
		let lines = null;
		if (hit && hit.id !== undefined)
			lines = this.describe(hit.id);
		else if (hit && hit.from !== undefined)
			lines = this.sums(hit);
		else if (e.offsetX < GUTTER && t.rowAt(e.offsetY) >= 0)
			lines = this.whole(t.rows[t.rowAt(e.offsetY)]);
		if (lost)
			lines = [...(lines || []), ['events lost here', `${count(lost.lost)} (${lost.cause})`]];
		this.tell(this.tip, lines);
		this.tip.hidden = !lines;
		if (!lines)
			return;
		const right = e.clientX + 16 + this.tip.offsetWidth > window.innerWidth;
		this.tip.style.left = `${Math.max(4, right ? e.clientX - 12 - this.tip.offsetWidth : e.clientX + 16)}px`;
		const below = e.clientY + 18 + this.tip.offsetHeight > window.innerHeight;
		this.tip.style.top = `${Math.max(4, below ? e.clientY - 12 - this.tip.offsetHeight : e.clientY + 18)}px`;
	}

	hide() {
		this.tip.hidden = true;
	}

	lostAt(at) {
		const slack = 2 * (this.timeline.to - this.timeline.from) / this.timeline.plotWidth;
		return this.timeline.recording.lost.find((l) => l.begin - slack <= at && at <= l.end + slack);
	}

	/* Lines of [what, figure] as text, never as markup. */
	tell(box, lines) {
		box.replaceChildren(...(lines || []).map(([what, figure]) => {
			const line = document.createElement('div'), name = document.createElement('b');
			name.textContent = what;
			line.append(name, ` ${figure}`);
			return line;
		}));
	}

	threadText(number) {
		const thread = this.timeline.recording.threads[number];
		return `${thread.name || '(no name)'} (tid ${thread.tid})`;
	}

	/* The thread with @tid that lived in the process then: the last one told. */
	holderText(tid, process) {
		const { threads } = this.timeline.recording;
		const found = threads.findLast((t) => t.tid === tid && t.process === process);
		return found ? this.threadText(found.number) : `tid ${tid}`;
	}

	describe(id) {
		const { recording } = this.timeline, { events } = recording;
		const kind = events.kind[id] & 15, begin = events.begin[id], length = events.end[id] - begin;
		const lines = [[kind === KIND.ft ? FT_TEXT[events.more[events.extra[id] * 4]] : KIND_TEXT[kind], kind === KIND.call ? '' : `${count(length)} ns (${ns(length)})`],
			['thread', this.threadText(events.who[id])],
			['begin', `${exactSeconds(begin)} after the start, ${realTime(recording.info, begin)}`],
			...this.details(id, kind)];
		if (events.kind[id] & FLAG.mid)
			lines.push(['note', 'began before the measurement: it was longer']);
		if (events.kind[id] & FLAG.open)
			lines.push(['note', 'not over when the recording ended']);
		return lines;
	}

	details(id, kind) {
		const { recording } = this.timeline, { events, info } = recording, extra = events.extra[id];
		const special = events.kind[id] & FLAG.special;
		const [a, b, c, d] = events.more.subarray(extra * 4, extra * 4 + 4);
		const known = (v) => (v ? count(v - 1) : 'not known');
		switch (kind) {
		case KIND.hold:
			return special ? [['released', 'because another thread asked']] : [];
		case KIND.wait:
			return [['held by', extra ? this.holderText(extra, recording.threads[events.who[id]].process) : 'not known']];
		case KIND.gc:
			return [['generation', String(a)], ['collected', known(b)], ['uncollectable', known(c)]];
		case KIND.io:
			return [['call', `${info.calls[a] || '?'} = ${b}${special ? ', timed out' : ''}`],
				['asleep', `${count(c)} ns`], ['woken until running', d ? `${count(d - 1)} ns` : 'not known']];
		case KIND.call:
			return [['call', `${info.calls[a] || '?'} = ${b}${special ? ', timed out' : ''}`]];
		case KIND.toGil:
			return [['call', info.calls[extra] || '?']];
		case KIND.ft:
			return b ? [['released by', this.holderText(b, recording.threads[events.who[id]].process)]] : [];
		case KIND.offCpu:
			return [['because', special ? 'it was preempted' : 'it slept']];
		}
		return [];
	}

	/* A row's exact sums in a column of pixels. */
	sums({ row, from, to }) {
		const timeline = this.timeline, { tracks } = timeline;
		const line = (what, track) => {
			const [first, behind] = track.range(from, to), sum = Math.round(track.covered(from, to));
			return behind > first ? [[what, `${count(sum)} ns, ${percent(sum / (to - from))} of the time, ${count(behind - first)} events`]] : [];
		};
		const head = [[`${ns(to - from)} at ${exactSeconds(from)}`, row.thread ? this.threadText(row.thread.number) : `GIL of pid ${row.process.pid}`]];
		if (!row.thread)
			return [...head, ...line('held', tracks.owners(row.process.number)), ...timeline.mainOwners(row.process.number, from, to).flatMap(([n, track]) => line(this.threadText(n), track))];
		return [...head, ...[KIND.hold, KIND.wait, KIND.gc, KIND.io, KIND.toGil, KIND.loop, KIND.step, KIND.ft].flatMap((k) => line(KIND_TEXT[k], tracks.of(row.thread.number, k)))];
	}

	/* A row's sums over the whole recording. */
	whole(row) {
		return this.sums({ row, from: 0, to: this.timeline.recording.length })
			.map(([what, figure], i) => (i ? [what, figure] : ['whole recording', figure]));
	}

	select(hit) {
		const t = this.timeline;
		t.selected = hit;
		if (hit) {
			t.cursor = t.rows.indexOf(hit.row);
			this.tell(this.detail, this.describe(hit.id));
		} else {
			this.detail.textContent = 'Nothing selected. Click an event, or use the keys.';
		}
		t.redraw();
	}

	zoomTo(id) {
		const { events } = this.timeline.recording;
		const room = Math.max(500, (events.end[id] - events.begin[id]) * 1.5);
		this.timeline.show(events.begin[id] - room, events.end[id] + room);
	}

	/* Show event @id, in its thread's row, whatever was searched for. */
	reveal(id) {
		const t = this.timeline, number = t.recording.events.who[id];
		const find = () => t.rows.findIndex((r) => r.thread && r.thread.number === number);
		if (find() < 0) {
			element('search').value = '';
			this.search('');
		}
		const i = find();
		this.zoomTo(id);
		this.select({ row: t.rows[i], id });
		this.scrollToRow(i);
		t.canvas.focus({ preventScroll: true });
		t.scroller.scrollIntoView({ block: 'nearest' });
	}

	scrollToRow(i) {
		const { scroller, height } = this.timeline, top = i * ROW;
		if (top < scroller.scrollTop || top + ROW + AXIS > scroller.scrollTop + height)
			scroller.scrollTop = Math.max(0, top - height / 2);
	}

	/* Of the events of @tracks that begin after @at (1) or before it (-1), the nearest one; -1. */
	nearest(tracks, at, direction) {
		const { events } = this.timeline.recording;
		let best = -1;
		for (const track of tracks) {
			const near = track.after(at);
			for (const i of [near - 2, near - 1, near, near + 1]) {
				if (i < 0 || i >= track.length || (track.begin[i] - at) * direction <= 0)
					continue;
				if (best < 0 || (track.begin[i] - events.begin[best]) * direction < 0)
					best = track.ids[i];
			}
		}
		return best;
	}

	/* The next (1) or previous (-1) event of the cursor's row, from the selected one; without one,
	 * from the middle of the view, and if there is none on that side, the last one on the other. */
	step(direction) {
		const t = this.timeline, row = t.rows[t.cursor], { events } = t.recording;
		if (!row)
			return;
		const kinds = row.thread ? [KIND.hold, KIND.wait, KIND.io, KIND.gc].map((k) => t.tracks.of(row.thread.number, k)) :
			[t.tracks.owners(row.process.number)];
		const same = t.selected && t.selected.row === row;
		const at = same ? events.begin[t.selected.id] : (t.from + t.to) / 2;
		let best = this.nearest(kinds, at, direction);
		if (best < 0 && !same)
			best = this.nearest(kinds, at, -direction);
		if (best < 0)
			return;
		this.select({ row, id: best });
		const length = events.end[best] - events.begin[best], span = t.to - t.from;
		if (events.begin[best] < t.from || events.end[best] > t.to || length < span / t.plotWidth)
			t.show(events.begin[best] + length / 2 - span / 2, events.begin[best] + length / 2 + span / 2);
	}

	row(direction) {
		const t = this.timeline;
		t.cursor = Math.max(0, Math.min(t.rows.length - 1, t.cursor + direction));
		this.scrollToRow(t.cursor);
		if (t.rows[t.cursor])
			this.tell(this.detail, this.whole(t.rows[t.cursor]));
		t.redraw();
	}

	key(e) {
		const t = this.timeline;
		const keys = {
			'+': () => this.zoomMiddle(0.5), '=': () => this.zoomMiddle(0.5), '-': () => this.zoomMiddle(2),
			ArrowLeft: () => t.pan(-0.2), ArrowRight: () => t.pan(0.2),
			ArrowUp: () => this.row(-1), ArrowDown: () => this.row(1),
			n: () => this.step(1), p: () => this.step(-1),
			Home: () => t.show(0, t.recording.length),
			Enter: () => t.selected && this.zoomTo(t.selected.id),
			Escape: () => this.select(null),
		};
		if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey)
			return;
		e.preventDefault();
		keys[e.key]();
	}
}
