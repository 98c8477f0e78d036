{{ config(touched="month >= {since}", reads={"reputation_scores": "month >= {since}"}) }}
-- one row per practice, site, month and part (a second part only where there is a cluster)
{{ reputation_figures("site <> ''") }}
