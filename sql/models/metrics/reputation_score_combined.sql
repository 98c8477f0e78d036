{{ config(touched="month >= {from}") }}
-- one row per practice, month and part, over all sites that may be combined (a second part only where there is a
-- cluster)
{{ reputation_figures("site = ''") }}
