/* Before and after a release: each release of a service beside the one before it, in the order in
   which they were first recorded; all hosts together. */
WITH recordings AS (
  SELECT service, release, host, recording,
         MIN(begin_unix_ns) AS began_ns, MAX(ts_unix_ns) - MIN(begin_unix_ns) AS recorded_ns
  FROM events
  GROUP BY service, release, host, recording
), recorded AS (
  SELECT service, release, MIN(began_ns) AS first_ns, SUM(recorded_ns) AS all_ns
  FROM recordings
  GROUP BY service, release
), sums AS (
  SELECT service, release,
         SUM(CASE WHEN kind = 'gil:wait' THEN duration_ns ELSE 0 END) AS wait_ns,
         SUM(CASE WHEN kind = 'gil:hold' THEN duration_ns ELSE 0 END) AS held_ns,
         SUM(CASE WHEN kind = 'gc:collection' THEN duration_ns ELSE 0 END) AS gc_ns,
         MAX(CASE WHEN kind = 'gc:collection' THEN duration_ns ELSE 0 END) AS longest_gc_ns
  FROM events
  GROUP BY service, release
), ranked AS (
  SELECT service, release, duration_ns,
         ROW_NUMBER() OVER (PARTITION BY service, release ORDER BY duration_ns) AS place,
         COUNT(*) OVER (PARTITION BY service, release) AS places
  FROM events
  WHERE kind = 'gil:wait'
), tails AS (
  SELECT service, release, MIN(CASE WHEN place >= 0.99 * places THEN duration_ns END) AS wait_p99_ns
  FROM ranked
  GROUP BY service, release
), figures AS (
  SELECT r.service AS service, r.release AS release,
         ROW_NUMBER() OVER (PARTITION BY r.service ORDER BY r.first_ns) AS number,
         ROUND(s.wait_ns * 1.0 / r.all_ns, 4) AS waiting_threads,
         ROUND(COALESCE(t.wait_p99_ns, 0) * 1e-6, 3) AS wait_p99_ms,
         ROUND(s.held_ns * 1.0 / r.all_ns, 4) AS gil_held,
         ROUND(s.gc_ns * 1.0 / r.all_ns, 4) AS in_collections,
         ROUND(s.longest_gc_ns * 1e-6, 3) AS longest_gc_ms
  FROM recorded r
  JOIN sums s ON s.service = r.service AND s.release = r.release
  LEFT JOIN tails t ON t.service = r.service AND t.release = r.release
)
SELECT a.service AS service,
       b.release AS release_before, a.release AS release_after,
       b.waiting_threads AS waiting_before, a.waiting_threads AS waiting_after,
       b.wait_p99_ms AS wait_p99_ms_before, a.wait_p99_ms AS wait_p99_ms_after,
       b.gil_held AS held_before, a.gil_held AS held_after,
       b.in_collections AS gc_before, a.in_collections AS gc_after,
       b.longest_gc_ms AS longest_gc_ms_before, a.longest_gc_ms AS longest_gc_ms_after
FROM figures a
JOIN figures b ON b.service = a.service AND b.number = a.number - 1
ORDER BY service, a.number;
