/* DuckDB: csv exports of all hosts, each column as text; duckdb.sql gives them types. */
CREATE OR REPLACE VIEW exported AS
SELECT * FROM read_csv('exports/*.csv', header = true, all_varchar = true, union_by_name = true);
