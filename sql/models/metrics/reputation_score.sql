{{ config(touched="month >= {from}") }}
-- one row per practice, site, month and part (a second part only where there is a cluster)
{{ reputation_figures("site <> ''") }}
