/*
 * Events by thread and kind, so that any stretch of time can be summed exactly and at once.
 *
 * A track is a list of events that do not overlap, in order of time, with the running sum of their
 * lengths: the time covered between two moments is the difference of two binary searches.  What is
 * drawn when zoomed out is that sum, per column of pixels: not a sample of the events.
 */

class Track {
	/* @ids: positions of events in the columns, by end */
	constructor(events, ids) {
		const n = ids.length;
		this.ids = ids;
		this.begin = new Float64Array(n);
		this.end = new Float64Array(n);
		this.sum = new Float64Array(n + 1);
		for (let i = 0; i < n; i++) {
			this.end[i] = events.end[ids[i]];
			// Where clocks of two CPUs disagree, one cannot begin before the other's end.
			this.begin[i] = Math.max(events.begin[ids[i]], i ? this.end[i - 1] : 0);
			this.begin[i] = Math.min(this.begin[i], this.end[i]);
			this.sum[i + 1] = this.sum[i] + this.end[i] - this.begin[i];
		}
	}

	get length() {
		return this.ids.length;
	}

	/* The first event that ends after @t; length if there is none. */
	after(t, low = 0) {
		let high = this.end.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.end[middle] <= t)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	/* Time covered from the beginning to @t. */
	until(t) {
		const i = this.after(t);
		return this.sum[i] + (i < this.begin.length ? Math.max(0, t - this.begin[i]) : 0);
	}

	covered(from, to) {
		return this.until(to) - this.until(from);
	}

	/* Events that lie in or reach into a stretch of time: [first, behind the last]. */
	range(from, to) {
		const first = this.after(from);
		let low = first, high = this.begin.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.begin[middle] < to)
				low = middle + 1;
			else
				high = middle;
		}
		return [first, low];
	}

	/* The event at @t, or the nearest one within @slack; -1. */
	at(t, slack) {
		const i = this.after(t);
		if (i < this.length && this.begin[i] <= t)
			return i;
		const next = i < this.length ? this.begin[i] - t : Infinity;
		const before = i > 0 ? t - this.end[i - 1] : Infinity;
		if (Math.min(next, before) > slack)
			return -1;
		return next < before ? i : i - 1;
	}
}

/* All tracks of a recording, made when first looked at. */
class Tracks {
	constructor(recording) {
		const { events, threads, processes } = recording;
		this.recording = recording;
		this.cache = new Map();
		// Groups: threads by kind, then processes' contention, then processes' holds.
		this.contended = threads.length * KINDS;
		this.owned = this.contended + processes.length;
		this.from = new Uint32Array(this.owned + processes.length + 1);
		this.each((group) => this.from[group + 1]++);
		for (let i = 1; i < this.from.length; i++)
			this.from[i] += this.from[i - 1];
		const next = this.from.slice();
		this.order = new Uint32Array(this.from[this.from.length - 1]);
		this.each((group, id) => {
			this.order[next[group]++] = id;
		});
		for (let g = 0; g + 1 < this.from.length; g++)
			this.sort(this.order.subarray(this.from[g], this.from[g + 1]), events.end);
	}

	each(fn) {
		const { events, threads } = this.recording;
		for (let id = 0; id < events.n; id++) {
			const kind = events.kind[id] & 15, who = events.who[id];
			if (kind === KIND.contended) {
				fn(this.contended + who, id);
				continue;
			}
			fn(who * KINDS + kind, id);
			if (kind === KIND.hold)
				fn(this.owned + threads[who].process, id);
		}
	}

	/* They come in order, but for some of different threads. */
	sort(ids, end) {
		for (let i = 1; i < ids.length; i++)
			if (end[ids[i]] < end[ids[i - 1]]) {
				ids.sort((a, b) => end[a] - end[b] || a - b);
				return;
			}
	}

	group(g) {
		let track = this.cache.get(g);
		if (!track) {
			track = new Track(this.recording.events, this.order.subarray(this.from[g], this.from[g + 1]));
			this.cache.set(g, track);
		}
		return track;
	}

	of(thread, kind) {
		return this.group(thread * KINDS + kind);
	}

	owners(process) {
		return this.group(this.owned + process);
	}
}

/* Sums of all events of @kind in @columns equal stretches of the recording, as ns in each. */
function columnSums(recording, kind, columns) {
	const { events, length } = recording, width = length / columns;
	const part = new Float64Array(columns + 1), whole = new Float64Array(columns + 2);
	for (let i = 0; i < events.n; i++) {
		if ((events.kind[i] & 15) !== kind)
			continue;
		const first = Math.min(columns - 1, Math.floor(events.begin[i] / width));
		const last = Math.min(columns - 1, Math.floor(events.end[i] / width));
		if (first === last) {
			part[first] += events.end[i] - events.begin[i];
			continue;
		}
		part[first] += (first + 1) * width - events.begin[i];
		part[last] += events.end[i] - last * width;
		whole[first + 1]++;
		whole[last]--;
	}
	let all = 0;
	for (let i = 0; i < columns; i++) {
		all += whole[i];
		part[i] += all * width;
	}
	return part.subarray(0, columns);
}

/* The @n longest events of @kind, the longest first. */
function longest(recording, kind, n) {
	const { events } = recording, best = [];
	let least = -1;
	for (let i = 0; i < events.n; i++) {
		if ((events.kind[i] & 15) !== kind)
			continue;
		const length = events.end[i] - events.begin[i];
		if (best.length === n && length <= least)
			continue;
		let at = best.length;
		while (at && events.end[best[at - 1]] - events.begin[best[at - 1]] < length)
			at--;
		best.splice(at, 0, i);
		best.length = Math.min(best.length, n);
		least = events.end[best[best.length - 1]] - events.begin[best[best.length - 1]];
	}
	return best;
}
