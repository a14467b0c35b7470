"""The device's manager: a root process with few rights, between an app (or the console in it) and PID 1.

    app -> /run/fapws4/device -> manager -> /run/fapws4/control -> PID 1
                                       \\-> /run/fapws4/update  -> updater

PID 1 starts it when somebody connects, and it ends when nobody has for a while. It trusts no caller: who asks is known by a
session or token that was given for a password, and every call of the table (fapws4.device.calls) has the least role that may
make it. Read `service` first (one call from its line to its answer), then the `*_calls` files, which do what is asked.
"""
