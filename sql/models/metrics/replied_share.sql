{{ config(touched="month >= {from}") }}
-- one row per practice and month
with {{ answered_within_a_week('wants_reply') }}

{{ share_figures('shares') }}
