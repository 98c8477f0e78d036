-- one row per column that only records may have, because text and names must be able to expire
select
    table_schema,
    table_name,
    column_name
from information_schema.columns
where
    table_schema in ('staging', 'core', 'metrics', 'reports')
    and regexp_matches(column_name, '^(text|body|comment|author|author_id|author_name|reviewer|name)$')
    -- The checks run while dbt's tables are there; a table read through ref() puts this after them.
    and exists (select 1 from {{ ref('build_info') }})
