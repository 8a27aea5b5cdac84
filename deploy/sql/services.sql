/* Worst services by wait: how many threads of each waited for the GIL on average, over all hosts and
   recordings.  Of every dialect here; it reads the view `events`. */
WITH recordings AS (
  SELECT service, host, recording, MAX(ts_unix_ns) - MIN(begin_unix_ns) AS recorded_ns
  FROM events
  GROUP BY service, host, recording
), recorded AS (
  SELECT service, COUNT(DISTINCT host) AS hosts, COUNT(*) AS recordings, SUM(recorded_ns) AS all_ns
  FROM recordings
  GROUP BY service
), waited AS (
  SELECT service, COUNT(*) AS waits, SUM(duration_ns) AS wait_ns, MAX(duration_ns) AS longest_ns
  FROM events
  WHERE kind = 'gil:wait' OR (kind = 'gilscope:open' AND what = 'wait')
  GROUP BY service
), held AS (
  SELECT service, SUM(duration_ns) AS held_ns
  FROM events
  WHERE kind = 'gil:hold' OR (kind = 'gilscope:open' AND what = 'hold')
  GROUP BY service
)
SELECT r.service AS service,
       r.hosts AS hosts,
       r.recordings AS recordings,
       ROUND(r.all_ns * 1e-9, 3) AS recorded_s,
       COALESCE(w.waits, 0) AS waits,
       ROUND(COALESCE(w.wait_ns, 0) * 1e-9, 3) AS wait_s,
       ROUND(COALESCE(w.wait_ns, 0) * 1.0 / r.all_ns, 4) AS waiting_threads,
       ROUND(COALESCE(w.longest_ns, 0) * 1e-6, 3) AS longest_wait_ms,
       ROUND(COALESCE(h.held_ns, 0) * 1.0 / r.all_ns, 4) AS gil_held
FROM recorded r
LEFT JOIN waited w ON w.service = r.service
LEFT JOIN held h ON h.service = r.service
ORDER BY waiting_threads DESC, service;
