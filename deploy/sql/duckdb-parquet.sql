/* DuckDB: the Parquet files that duckdb-to-parquet.sql has written. */
CREATE OR REPLACE VIEW exported AS
SELECT * FROM read_parquet('parquet/*/*/*.parquet', hive_partitioning = true, union_by_name = true);
