{{ config(touched="month >= {from}") }}
-- one row per practice and month
with {{ answered_within_a_week('is_question') }}

{{ share_figures('shares') }}
