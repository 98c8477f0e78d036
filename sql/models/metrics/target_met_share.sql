{{ config(touched="month >= {from}") }}
-- one row per practice, site and month
{{ share_answered_within('practices.answer_within_days', of_practice=true) }}
