"""Rapport's programme: six verbs that meet only in the data directory.

    fetch   a platform's API            -> pages/        every response as received
    read    pages                       -> records/      common shapes; text lives and expires here
    score   records                     -> features/     no text, no names
    build   features + sql/             -> warehouse     checked before anybody sees it
    render  warehouse + reports/        -> reports/      one PDF and manifest a practice and month
    send    PDFs                        -> mail          and a ledger row a recipient

Above them: gate (is the night whole, the month complete?), purge (what may no longer be kept), forget (what somebody
asked to be erased), explain (a figure to its SQL, rows and pages), budget (what the nights cost of quotas and money),
doctor, pages/ (what operators look at beside Airflow), and demo/, a seeded town with a server that speaks the
platforms' APIs from it.

Below the verbs stand, each importing only what is under it:

    view/         warehouse rows to the words of a report, page by page; advice: findings to at most three actions
    pdf           pages to a checked, tagged PDF
    bounces       mails that came back; unsubscribe: what recipients reach from outside
    ledger        who was sent what; mail: a message and its way to the server; links: reports that are fetched
    restate       corrections, each a version of its own; forgotten: marks of what nobody may bring back
    joined        nightly files to those of months and half-years; touched, remake: what a night changed, made again
    warehouse     reading it; statistics, scores, engagement: its formulas, given to SQL by sql_functions
    sources/      one module a platform: what it can give, its policy, fetch() and read()
    text/         what can be said of a text on this machine, each judgement allowed to say "not sure"
    mentions      which practice a stranger's post means; tokens: what platforms renew and replace; graph: Meta's manner
    landing       the data directory: paths and atomic writes
    answers       strict reading of JSON answers, and refusals as errors
    http          one client: pace, retries, Retry-After, no secrets in errors
    records, practices, policies, periods, settings, errors

Nothing here imports Airflow, and nothing here knows today's date: `dags/` and the command line do.
"""
