/* Who blocks whom, across deployments: by service, the threads that wait and the threads that held the
   GIL when the wait began.  Threads of a pool are one: their names without the number at the end. */
WITH names AS (
  SELECT host, service, recording, tid AS named_tid, MAX(thread_group) AS name
  FROM events
  WHERE tid IS NOT NULL AND thread IS NOT NULL
  GROUP BY host, service, recording, tid
), waits AS (
  SELECT host, service, release, recording, holder, COALESCE(thread_group, '?') AS waiter, duration_ns
  FROM events
  WHERE kind = 'gil:wait'
)
SELECT w.service AS service,
       w.waiter AS waiter,
       COALESCE(n.name, '?') AS blocker,
       COUNT(DISTINCT w.host) AS hosts,
       COUNT(DISTINCT w.release) AS releases,
       COUNT(*) AS waits,
       ROUND(SUM(w.duration_ns) * 1e-9, 3) AS wait_s,
       ROUND(SUM(w.duration_ns) * 1e-6 / COUNT(*), 3) AS mean_ms,
       ROUND(MAX(w.duration_ns) * 1e-6, 3) AS longest_ms
FROM waits w
LEFT JOIN names n
  ON n.host = w.host AND n.service = w.service AND n.recording = w.recording AND n.named_tid = w.holder
GROUP BY w.service, w.waiter, COALESCE(n.name, '?')
ORDER BY wait_s DESC, service, waiter, blocker
LIMIT 50;
