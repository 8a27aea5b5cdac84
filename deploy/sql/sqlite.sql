/* SQLite: the table `exported` as the view `events`.  Before it the sqlite3 shell imports exports/,
   the first file with its header, the others without:
     .import --csv exports/a.csv exported
     .import --csv --skip 1 exports/b.csv exported */
CREATE VIEW events AS
SELECT host, service, "release", recording, kind,
       CAST(NULLIF(begin_unix_ns, '') AS INTEGER) AS begin_unix_ns,
       CAST(NULLIF(ts_unix_ns, '') AS INTEGER) AS ts_unix_ns,
       CAST(NULLIF(duration_ns, '') AS INTEGER) AS duration_ns,
       CAST(NULLIF(pid, '') AS INTEGER) AS pid,
       CAST(NULLIF(tid, '') AS INTEGER) AS tid,
       NULLIF(thread, '') AS thread,
       CAST(NULLIF(generation, '') AS INTEGER) AS generation,
       CAST(NULLIF(collected, '') AS INTEGER) AS collected,
       CAST(NULLIF(holder, '') AS INTEGER) AS holder,
       NULLIF(what, '') AS what,
       datetime(CAST(begin_unix_ns AS INTEGER) / 1000000000, 'unixepoch') AS begin_at,
       rtrim(NULLIF(thread, ''), '0123456789') AS thread_group
FROM exported;
