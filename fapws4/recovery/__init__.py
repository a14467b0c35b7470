"""The device's own pages, for the day on which nothing else works: status, log, update, restart, reset.

Served by an unprivileged process of its own (`pages` is its app), which PID 1 starts when somebody connects and which ends
when nobody looks. It changes nothing by itself: what is wanted, and the claim code that gives the right to it, go to PID 1
(`control`) or to the updater (`intake`) over unix sockets, and both compare the code themselves. Nothing here imports the
app or needs what the app has.
"""
