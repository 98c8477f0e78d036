"""Training of the packaged models by `make models`, for developers; nothing of it runs where reviews are read."""
