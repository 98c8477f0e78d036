{{ config(touched="month >= {from}") }}
-- one row per practice and month
{{ part_figures('E5') }}
