{{ config(touched="month >= {since}", reads={"reputation_scores": "month >= {since}"}) }}
-- one row per practice, month and part, over all sites that may be combined (a second part only where there is a
-- cluster)
{{ reputation_figures("site = ''") }}
