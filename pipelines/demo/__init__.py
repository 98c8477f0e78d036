"""A small invented town of practices, and servers that speak the platforms' and the post's languages from it.

Nobody in it exists: every name, review and reply is composed here from phrases written for this purpose.
"""
