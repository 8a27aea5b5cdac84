/* DuckDB: exports/ as the view `events`.  Before it, one of duckdb-csv.sql, duckdb-jsonl.sql and
   duckdb-parquet.sql says what to read. */
CREATE OR REPLACE VIEW events AS
SELECT host, service, release, recording, kind,
       TRY_CAST(begin_unix_ns AS BIGINT) AS begin_unix_ns,
       TRY_CAST(ts_unix_ns AS BIGINT) AS ts_unix_ns,
       TRY_CAST(duration_ns AS BIGINT) AS duration_ns,
       TRY_CAST(pid AS BIGINT) AS pid,
       TRY_CAST(tid AS BIGINT) AS tid,
       thread,
       TRY_CAST(generation AS BIGINT) AS generation,
       TRY_CAST(collected AS BIGINT) AS collected,
       TRY_CAST(holder AS BIGINT) AS holder,
       what,
       make_timestamp(TRY_CAST(begin_unix_ns AS BIGINT) // 1000) AS begin_at,
       TRIM(TRAILING '0123456789' FROM thread) AS thread_group
FROM exported;
