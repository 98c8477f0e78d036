"""Rapport's programme: six verbs that meet only in the data directory.

    fetch   a platform's API            -> pages/        every response as received
    read    pages                       -> records/      common shapes; text lives and expires here
    score   records                     -> features/     no text, no names
    build   features + sql/             -> warehouse     checked before anybody sees it
    render  warehouse + reports/        -> reports/      one PDF and manifest a practice and month
    send    PDFs                        -> mail          and a ledger row a recipient

Below the verbs stand, each importing only what is under it:

    sources/      one module a platform: what it can give, its policy, fetch() and read()
    demo/         a seeded town of practices and a server that speaks the platforms' APIs from it
    warehouse, statistics, charts, advice
    landing       the data directory: paths and atomic writes
    answers       strict reading of JSON answers, and refusals as errors
    http          one client: pace, retries, Retry-After, no secrets in errors
    records, practices, policies, periods, settings, errors

Nothing here imports Airflow, and nothing here knows today's date: `dags/` and the command line do.
"""
