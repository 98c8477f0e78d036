{{ config(touched="month >= {since}", reads={"engagement_counts": "month >= {since}"}) }}
-- one row per practice and month
{{ part_figures('E3') }}
