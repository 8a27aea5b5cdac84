/* DuckDB: jsonl exports of all hosts; a column that no row of them has is null. */
CREATE OR REPLACE VIEW exported AS
SELECT * FROM read_json('exports/*.jsonl', format = 'newline_delimited', columns = {
  host: 'VARCHAR', service: 'VARCHAR', release: 'VARCHAR', recording: 'VARCHAR', kind: 'VARCHAR',
  begin_unix_ns: 'BIGINT', ts_unix_ns: 'BIGINT', duration_ns: 'BIGINT', pid: 'BIGINT', tid: 'BIGINT',
  thread: 'VARCHAR', generation: 'BIGINT', collected: 'BIGINT', holder: 'BIGINT', what: 'VARCHAR'});
