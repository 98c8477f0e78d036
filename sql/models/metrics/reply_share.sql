{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
{{ share_answered_within(30) }}
