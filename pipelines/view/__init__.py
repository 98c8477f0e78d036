"""The view model: warehouse rows of one practice and month, turned into the words and positions a report prints.

Templates compute nothing but geometry. Every state a figure can be in becomes words here: zero, too few and not
measured are three different things, and only a state of "value" or "zero" becomes a number. Nothing is computed from
reviews again. `held` is what the rows are asked through; the other modules are the parts of the pages, in their order:

    scores, summary    page 1: the two scores, sites in a line each, what waits for an answer, how sure we are
    sites              page 2: each site's stars and trend, what changed, topics, replies
    conversation       page 3
    looks, private     page 4: what is worth a look or worth checking, changes since the last report, what became of it
    coverage, terms    how each site was read, and what the figures mean
    vanity             the appendix
"""
