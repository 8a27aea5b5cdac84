/* Longest collections of the week: the seven days up to the newest row. */
SELECT begin_at, host, service, release, pid, thread, generation, collected,
       ROUND(duration_ns * 1e-6, 3) AS pause_ms
FROM events
WHERE kind = 'gc:collection'
  AND begin_unix_ns >= (SELECT MAX(ts_unix_ns) FROM events) - 604800000000000
ORDER BY duration_ns DESC, host, begin_unix_ns
LIMIT 20;
