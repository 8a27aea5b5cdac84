/* ClickHouse: exports/ as the view `events`, in clickhouse-local; in a server read them by s3(…) or
   insert them into a table with these columns.  For jsonl: 'exports/*.jsonl', 'JSONEachRow'. */
CREATE VIEW events AS
SELECT *,
       fromUnixTimestamp64Nano(begin_unix_ns, 'UTC') AS begin_at,
       trim(TRAILING '0123456789' FROM thread) AS thread_group
FROM file('exports/*.csv', 'CSVWithNames',
          'host String, service String, release String, recording String, kind String,
           begin_unix_ns Int64, ts_unix_ns Int64, duration_ns Nullable(Int64), pid Nullable(Int64),
           tid Nullable(Int64), thread Nullable(String), generation Nullable(Int64),
           collected Nullable(Int64), holder Nullable(Int64), what Nullable(String)');
