/* Start: load, fill, draw. */

function fillFacts(recording) {
	const { info, events, threads, lost, figures, histograms } = recording;
	element('title-what').textContent = info.directory;
	document.title = `gilscope: ${info.directory}`;
	element('facts').textContent = `${count(events.n)} events of ${count(threads.length)} threads in ${exactSeconds(recording.length)}` +
		` from ${realTime(info, 0)} on ${info.host}, Linux ${info.kernel}, ${info.mode} mode, gilscope ${info.gilscope}: ${info.command}`;
	const missing = ((figures && figures.lost) || []).reduce((sum, l) => sum + l.count, 0) ||
		lost.reduce((sum, l) => sum + l.lost, 0);
	const notes = [];
	if (missing)
		notes.push(`${count(missing)} events are missing: what is shown is less than what happened.`);
	if (histograms.skipped)
		notes.push(`${count(histograms.skipped)} events of unknown threads are not shown.`);
	if (figures && figures.recording && !figures.recording.complete)
		notes.push('The recording was broken off.');
	element('warning').textContent = notes.join(' ');
	element('warning').hidden = !notes.length;
}

function fillLegend(timeline) {
	const samples = [
		['hold, in its thread’s colour', (c) => { c.fillStyle = PALETTE[0]; c.fillRect(0, 0, 28, 16); }],
		['waits for the GIL, or for a mutex or a stopped world', (c) => { c.fillStyle = timeline.hatch; c.fillRect(0, 7, 28, 9); }],
		['collector', (c) => { c.fillStyle = PALETTE[0]; c.fillRect(0, 0, 28, 16); c.fillStyle = timeline.ink.gc; c.fillRect(5, 1, 18, 6); }],
		['waits for I/O', (c) => { c.fillStyle = timeline.ink.io; c.fillRect(0, 7, 28, 2); }],
		['woken, not yet owning the GIL', (c) => { c.fillStyle = timeline.ink.togil; c.fillRect(0, 13, 28, 3); }],
		['off the CPU with the GIL', (c) => { c.fillStyle = PALETTE[0]; c.fillRect(0, 0, 28, 16); c.fillStyle = timeline.ink.card; c.fillRect(5, 9, 18, 2); }],
		['event loop blocked', (c) => { c.fillStyle = timeline.ink.lost; c.fillRect(0, 13, 28, 2); }],
		['events lost', (c) => { c.fillStyle = timeline.lostHatch; c.fillRect(0, 0, 28, 16); c.fillStyle = timeline.ink.lost; c.fillRect(0, 0, 28, 3); }],
	];
	element('legend').replaceChildren(...samples.map(([text, draw]) => {
		const item = make('li'), canvas = make('canvas', undefined, { width: 28, height: 16, 'aria-hidden': 'true' });
		draw(canvas.getContext('2d'));
		item.append(canvas, text);
		return item;
	}));
}

function start() {
	const recording = loadRecording();
	const timeline = new Timeline(recording, new Tracks(recording));
	const input = new Input(timeline);
	fillFacts(recording);
	fillFindings(recording.figures);
	fillLegend(timeline);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => fillLegend(timeline));
	timeline.draw();
	// Tables wait until the timeline is on the screen.
	setTimeout(() => {
		fillTables(recording, timeline, input);
		document.body.dataset.ready = 'yes';
	}, 0);
	// For scripts that drive the page.
	window.gilscope = { recording, timeline, input };
}

setTimeout(start, 0);
