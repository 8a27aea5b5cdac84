/* Spark SQL: exports/ as the view `events`.  For jsonl: USING json, without the options; for the
   Parquet files of duckdb-to-parquet.sql: USING parquet OPTIONS (path 'parquet'). */
CREATE OR REPLACE TEMPORARY VIEW exported USING csv OPTIONS (path 'exports/*.csv', header 'true', escape '"', multiLine 'true');

CREATE OR REPLACE TEMPORARY VIEW events AS
SELECT host, service, release, recording, kind,
       CAST(begin_unix_ns AS BIGINT) AS begin_unix_ns,
       CAST(ts_unix_ns AS BIGINT) AS ts_unix_ns,
       CAST(duration_ns AS BIGINT) AS duration_ns,
       CAST(pid AS BIGINT) AS pid,
       CAST(tid AS BIGINT) AS tid,
       thread,
       CAST(generation AS BIGINT) AS generation,
       CAST(collected AS BIGINT) AS collected,
       CAST(holder AS BIGINT) AS holder,
       what,
       timestamp_micros(CAST(begin_unix_ns AS BIGINT) div 1000) AS begin_at,
       TRIM(TRAILING '0123456789' FROM thread) AS thread_group
FROM exported;
