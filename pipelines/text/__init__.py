"""What can be said of a text on this machine, each judgement in a module of its own and allowed to say "not sure"."""
